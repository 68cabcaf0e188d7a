"""Examples as batches: copies, augmentation, scaling; every batch is a function of the seed and its step alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from MCDetect.training.papers.augmentation import Augmentation
from MCDetect.training.papers.copies import COPIES
from MCDetect.training.papers.recipe import InputSettings, PaperRecipe
from MCDetect.training.papers.selection import Chosen

if TYPE_CHECKING:
    from torch import Tensor
    from torch.utils.data import DataLoader

    from MCDetect.training.trainer import Batches


class Examples:
    """Map-style data set: (image, label) of (place in ``chosen``, epoch).

    Parameters
    ----------
    pixels
        uint8 (examples, rows, columns).
    labels
        Number of the class of each.
    chosen
        Which examples and copies.
    recipe
        Copies, scaling and, with ``augmented``, augmentation.
    """

    def __init__(
        self,
        pixels: npt.NDArray[np.uint8],
        labels: Sequence[int],
        chosen: Sequence[Chosen],
        recipe: PaperRecipe,
        *,
        augmented: bool,
    ) -> None:
        self.pixels = pixels
        self.labels = labels
        self.chosen = chosen
        self.recipe = recipe
        self.augmentation = Augmentation(recipe.augmentation if augmented else ())

    def __len__(self) -> int:
        """Return the number of chosen examples."""
        return len(self.chosen)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, int]:
        """Return float32 (channels, rows, columns) and the number of the class."""
        import torch

        place, epoch = key
        index, copy = self.chosen[place]
        grey = COPIES[self.recipe.copies[copy]](self.pixels[index])
        image = torch.from_numpy(grey.astype(np.float32) / 255.0)[None]
        image = self.augmentation(image, (self.recipe.seed, epoch, place))
        return as_input(image, self.recipe.input), self.labels[index]


def as_input(image: Tensor, settings: InputSettings) -> Tensor:
    """Return what the network sees of an image (1, rows, columns) from 0 to 1."""
    import torch

    mean, deviation = (torch.tensor(values).reshape(-1, 1, 1) for values in (settings.mean, settings.deviation))
    return (image.expand(settings.channels, -1, -1) - mean) / deviation


def steps_an_epoch(count: int, batch: int) -> int:
    """Return the number of whole batches; the rest of an epoch is left out, or is the only batch."""
    return max(1, count // batch)


def training_batches(examples: Examples, batch: int, workers: int = 0) -> Batches:
    """Return what :meth:`MCDetect.training.trainer.Trainer.train` takes: shuffled batches, from any step on."""

    def batches(first_step: int) -> Iterator[Any]:
        steps = steps_an_epoch(len(examples), batch)
        epoch, step = divmod(first_step, steps)
        while True:
            yield from _loader(examples, _batches_of_epoch(examples, batch, epoch)[step:], workers)
            epoch, step = epoch + 1, 0

    return batches


def validation_batches(examples: Examples, batch: int) -> DataLoader[Any]:
    """Return all examples in order, in batches that can be gone through again and again."""
    keys = [(place, 0) for place in range(len(examples))]
    return _loader(examples, [keys[start : start + batch] for start in range(0, len(keys), batch)], 0)


def _batches_of_epoch(examples: Examples, batch: int, epoch: int) -> list[list[tuple[int, int]]]:
    import ignite.distributed as idist

    random = np.random.default_rng([examples.recipe.seed, epoch])
    order = [(int(place), epoch) for place in random.permutation(len(examples))]
    steps = steps_an_epoch(len(order), batch)
    mine = slice(idist.get_rank(), None, idist.get_world_size())
    return [order[step * batch : (step + 1) * batch][mine] for step in range(steps)]


def _loader(examples: Examples, batches: list[list[tuple[int, int]]], workers: int) -> DataLoader[Any]:
    import torch
    from torch.utils.data import DataLoader

    # With a generator of its own the loader leaves the chance of dropout alone, and a resumed training stays identical.
    own = torch.Generator().manual_seed(0)
    return DataLoader(examples, batch_sampler=batches, num_workers=workers, generator=own)  # type: ignore[arg-type]
