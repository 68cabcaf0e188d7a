"""Random augmentation with MONAI's transforms, named in recipes; a draw is a function of seed, epoch and example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

TRANSFORMS = (
    "RandFlip",
    "RandRotate",
    "RandRotate90",
    "RandZoom",
    "RandAffine",
    "RandAdjustContrast",
    "RandScaleIntensity",
    "RandShiftIntensity",
    "RandGaussianNoise",
)
"""What a recipe may name: a recipe holds data and never code."""


class Augmentation:
    """A chain of random transforms.

    Parameters
    ----------
    entries
        ``transform`` and its arguments.

    Raises
    ------
    ValueError, TypeError
        For an unknown transform or argument.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        import monai.transforms

        self.transforms = []
        for entry in entries:
            arguments = dict(entry)
            name = arguments.pop("transform")
            if name not in TRANSFORMS:
                raise ValueError(f"there is no transform {name!r}")
            self.transforms.append(getattr(monai.transforms, name)(**arguments))

    def __call__(self, image: Tensor, seed: Sequence[int]) -> Tensor:
        """Return the image (channels, rows, columns), changed by chance; the same seed gives the same."""
        import torch

        result: Any = image
        for number, transform in enumerate(self.transforms):
            state = np.random.SeedSequence([*seed, number]).generate_state(1)[0]
            transform.set_random_state(seed=int(state))
            result = transform(result)
        plain: Tensor = torch.as_tensor(result.as_tensor() if hasattr(result, "as_tensor") else result)
        return plain.clamp(0.0, 1.0) if self.transforms else plain
