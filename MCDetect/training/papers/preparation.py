"""Cut all examples of a data set once, image by image, into a cache that a later run goes on with (MONAI)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.errors import InputError, MCDetectError
from MCDetect.training.datasets.record import DatasetIndex, ImageRecord
from MCDetect.training.papers.examples import NOT_AN_EXAMPLE, cut_examples
from MCDetect.training.papers.recipe import ExampleSettings


@dataclass(frozen=True)
class PreparedExample:
    """An example without its pixels.

    Attributes
    ----------
    record, number
        Number of the image in the data set, and of the example in the image.
    label
        Number of its class, or :data:`~MCDetect.training.papers.examples.NOT_AN_EXAMPLE`.
    place
        (first row, first column, rows, columns) in the image.
    is_tile
        Whether it is part of the grid over the whole image.
    """

    record: int
    number: int
    label: int
    place: tuple[int, int, int, int]
    is_tile: bool


class Preparation:
    """The examples of a data set, cut or taken from the cache.

    Parameters
    ----------
    index
        The data set.
    settings
        What an example is.
    cache
        Folder for MONAI's ``PersistentDataset``: one file an image, named by a hash of the image's record and of the
        settings, so that other settings never meet old examples.
    report
        Called with the number of images that are done and of all.

    Attributes
    ----------
    examples
        All that can be learnt from, image by image.
    others
        Tiles of the grid that are neither positive nor negative.
    problems
        A sentence for each image that could not be used.

    Raises
    ------
    InputError
        ``no-examples`` if one of the classes has none, or a recipe of patches has nothing that is marked.
    """

    def __init__(
        self,
        index: DatasetIndex,
        settings: ExampleSettings,
        cache: Path,
        report: Callable[[int, int], None] | None = None,
    ) -> None:
        from monai.data import PersistentDataset

        marked = any(not region.is_whole_breast for record in index.records for region in record.calcifications)
        if settings.task == "grid" and not marked:
            raise InputError(
                "no-examples",
                f"The data set {index.name} marks no calcifications in its images, which recipes of patches need.",
                "Choose a recipe of regions (rehman2021, leong2022, singh2022), or another data set.",
            )
        self.records = index.records
        self.settings = settings
        cache.mkdir(parents=True, exist_ok=True)
        self._cache = cache
        self._items = [_Item(record, settings) for record in index.records]
        self._cut = PersistentDataset(self._items, _cutting(), cache, hash_func=_hash)
        self.examples: list[PreparedExample] = []
        self.others: list[PreparedExample] = []
        self.problems: list[str] = []
        for number, record in enumerate(index.records):
            for example in self._prepare(number, record):
                (self.others if example.label == NOT_AN_EXAMPLE else self.examples).append(example)
            if report is not None:
                report(number + 1, len(index.records))
        found = {example.label for example in self.examples}
        for label, name in enumerate(settings.classes):
            if label not in found:
                first = f" {self.problems[0]}" if self.problems else ""
                raise InputError(
                    "no-examples",
                    f"The data set has no example of the class {name!r}.{first}",
                    "Give more of the data set, or another recipe.",
                )

    def _prepare(self, number: int, record: ImageRecord) -> Iterator[PreparedExample]:
        try:
            cut = self._cut_of(number)
        except (MCDetectError, RuntimeError) as error:
            reason = _reason(error)
            if reason is None:
                raise
            self.problems.append(f"{record.image} is left out: {reason.replace(str(record.image), 'it', 1)}")
            return
        for place, (index, (label, is_tile)) in zip(
            cut["places"].tolist(),
            enumerate(zip(cut["labels"].tolist(), cut["tiles"].tolist(), strict=True)),
            strict=True,
        ):
            yield PreparedExample(number, index, label, tuple(place), bool(is_tile))

    def _cut_of(self, number: int) -> dict[str, Any]:
        """Return what was cut from an image; a damaged file of the cache is made again."""
        try:
            cut: dict[str, Any] = self._cut[number]
        except (RuntimeError, EOFError) as error:
            cached = self._cache / f"{_hash(self._items[number]).decode()}.pt"
            if _reason(error) is not None or not cached.exists():
                raise
            cached.unlink()
            cut = self._cut[number]
        return cut

    def pixels(self, examples: Sequence[PreparedExample]) -> npt.NDArray[np.uint8]:
        """Return the pixels (examples, rows, columns); images are opened one after the other."""
        result = np.empty((len(examples), self.settings.rows, self.settings.columns), dtype=np.uint8)
        last, cut = -1, None
        for position in sorted(range(len(examples)), key=lambda i: (examples[i].record, examples[i].number)):
            example = examples[position]
            if example.record != last:
                last, cut = example.record, self._cut_of(example.record)["pixels"]
            assert cut is not None
            result[position] = cut[example.number]
        return result


@dataclass(frozen=True)
class _Item:
    record: ImageRecord
    settings: ExampleSettings


def _cutting() -> Any:
    from monai.transforms import Transform

    class Cutting(Transform):  # type: ignore[misc]
        """MONAI caches what its own transforms make, and runs plain functions every time."""

        def __call__(self, item: _Item) -> dict[str, Any]:
            return _cut(item)

    return Cutting()


def _cut(item: _Item) -> dict[str, Any]:
    import torch

    examples = cut_examples(item.record, item.settings)
    shape = (0, item.settings.rows, item.settings.columns)
    pixels = np.stack([example.pixels for example in examples]) if examples else np.zeros(shape, dtype=np.uint8)
    return {
        "pixels": torch.from_numpy(pixels),
        "labels": torch.tensor([example.label for example in examples], dtype=torch.int64),
        "places": torch.tensor([example.place for example in examples], dtype=torch.int64).reshape(-1, 4),
        "tiles": torch.tensor([example.is_tile for example in examples], dtype=torch.bool),
    }


_CUTTING_VERSION = 4  # to be raised when examples are cut in another way, so that old caches are not used


def _hash(item: _Item) -> bytes:
    import hashlib

    image = item.record.image
    stamp = (image.stat().st_size, image.stat().st_mtime_ns) if image.is_file() else (0, 0)
    text = repr((_CUTTING_VERSION, asdict(item.settings), item.record, stamp))
    return hashlib.sha256(text.encode()).hexdigest().encode()


def _reason(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, MCDetectError):
            return str(error)
        error = error.__cause__ or error.__context__
    return None
