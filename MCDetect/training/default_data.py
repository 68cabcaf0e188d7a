"""Training examples of the default networks: simulated tissue with injected calcifications and distractors.

The recipe is the one that worked best of those tried (docs/README.md of the bundle): calcifications at a controlled
detectability, faint ones ignored instead of taught as tissue, distractors inserted by the same path, and strong
degradations. An example is a function of the seed and its index alone, so a training that resumes sees what it would
have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.preprocessing.intensity import contrast_deviation, normalise_by_local_noise, normalise_by_one_scale
from MCDetect.simulation.distractors import draw_distractors
from MCDetect.simulation.injection import Injection, InjectionSettings, draw_injection, noise_level
from MCDetect.simulation.labels import CALCIFICATION, IGNORED, TISSUE, truth_labels
from MCDetect.training.backgrounds import decode_view, open_background
from MCDetect.training.degradations import add_noise, change_display, quantise, resample_twice, resize

if TYPE_CHECKING:
    from torch import Tensor

FloatImage = npt.NDArray[np.float32]

MARGIN = 48
"""Pixels around a crop that are made and normalised with it: three standard deviations of the widest Gaussian."""


_REACH = 12  # pixels beyond the crop where calcifications still lie, so that those at its border have neighbours
_TRIES = 1000  # random places that are looked at for one in the breast; a view without breast is used as it is


@dataclass(frozen=True)
class CropSettings:
    """What a training example is.

    Attributes
    ----------
    size
        Side of the crop in pixels of 0.07 mm.
    lesions
        Probability that calcifications are injected.
    zoom
        Range of magnification of the background, with probability ``zoomed``.
    injection
        Calcifications; distractors follow :data:`MCDetect.simulation.distractors.PROBABILITIES`.
    local_noise, distractors, degradations
        False, in ablations, leaves out one part: the division by the local noise (one scale a view instead), the
        distractors, or blur, noise, resampling, display and quantisation. Everything else is drawn as with it.
    """

    size: int = 192
    lesions: float = 0.6
    zoom: tuple[float, float] = (0.75, 1.25)
    zoomed: float = 0.4
    injection: InjectionSettings = field(default_factory=InjectionSettings)
    local_noise: bool = True
    distractors: bool = True
    degradations: bool = True


@dataclass(frozen=True)
class Crop:
    """One example.

    Attributes
    ----------
    image
        float32 (size, size): normalised.
    labels
        uint8 (size, size): TISSUE, CALCIFICATION or IGNORED (:mod:`MCDetect.simulation.injection`).
    detectable, faint
        Number of calcifications whose masks touch the crop, above and below the threshold of detectability.
    """

    image: FloatImage
    labels: npt.NDArray[np.uint8]
    detectable: int
    faint: int


class CropDataset:
    """Map-style data set for :class:`torch.utils.data.DataLoader`: (image, labels, detectable, faint) of an index.

    Parameters
    ----------
    backgrounds
        Files that :func:`MCDetect.training.backgrounds.prepare_backgrounds` wrote.
    count
        Number of examples.
    seed
        Examples of different seeds have nothing but the backgrounds in common.
    settings
        What an example is.
    """

    def __init__(self, backgrounds: Sequence[Path], count: int, seed: int, settings: CropSettings) -> None:
        if not backgrounds:
            raise ValueError("there are no backgrounds to draw training examples from")
        self.backgrounds = tuple(backgrounds)
        self.count = count
        self.seed = seed
        self.settings = settings

    def __len__(self) -> int:
        """Return the number of examples."""
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, int, int]:
        """Return (1, size, size) float32 image, (1, size, size) uint8 labels and the two counts of a :class:`Crop`."""
        import torch

        if not 0 <= index < self.count:
            raise IndexError(index)
        random = np.random.default_rng((self.seed, index))
        path = self.backgrounds[int(random.integers(len(self.backgrounds)))]
        crop = draw_crop(_open(path), random, self.settings, None if self.settings.local_noise else _deviation(path))
        image = torch.from_numpy(np.ascontiguousarray(crop.image))[None]
        labels = torch.from_numpy(np.ascontiguousarray(crop.labels))[None]
        return image, labels, crop.detectable, crop.faint


@lru_cache(maxsize=512)
def _open(path: Path) -> npt.NDArray[np.uint16]:
    return open_background(path)


@lru_cache(maxsize=512)
def _deviation(path: Path) -> float:
    return contrast_deviation(*decode_view(open_background(path)))


def draw_crop(
    view: npt.NDArray[np.uint16],
    random: np.random.Generator,
    settings: CropSettings,
    view_deviation: float | None = None,
) -> Crop:
    """Draw one example from one background.

    Parameters
    ----------
    view
        (rows, columns) as :func:`MCDetect.training.backgrounds.encode_view` returns it, larger than the crop.
    random
        Every choice is drawn from it.
    settings
        What an example is.
    view_deviation
        :func:`~MCDetect.preprocessing.intensity.contrast_deviation` of the view, by which it is divided where
        ``settings.local_noise`` is False; None measures it.
    """
    tile, inside, origin = _cut(view, random, settings)
    original = tile
    degrade = settings.degradations  # what is left out is drawn all the same: the rest of the example stays as it is
    if random.random() < 0.4:
        blurred = ndimage.gaussian_filter(tile, random.uniform(0.2, 0.9), truncate=3.0)
        tile = blurred if degrade else tile
    noisy = add_noise(tile, noise_level(tile, inside), random)
    tile = noisy if degrade else tile
    noise = noise_level(tile, inside)
    if random.random() < settings.lesions:
        near = np.zeros_like(inside)
        near[_around(origin, settings.size, _REACH)] = True
        injection = draw_injection(tile.shape, noise, random, mask=inside & near, settings=settings.injection)
    else:
        injection = _nothing(tile.shape)
    contrast = injection.contrast
    distractors = draw_distractors(tile.shape, noise, random, blur=float(random.uniform(0.0, 1.0)))
    tile = tile + distractors if settings.distractors else tile
    if random.random() < 0.5:
        resampled = resample_twice([tile, contrast], random)
        tile, contrast = resampled if degrade else (tile, contrast)
        noise = noise_level(tile, inside)
    labels = truth_labels(injection, noise, contrast)
    tile = tile + contrast
    if random.random() < 0.7:
        displayed = change_display(tile, random)
        tile = displayed if degrade else tile
    grey_step = 0.0
    if random.random() < 0.5:
        quantised, step = quantise(tile, noise_level(tile, inside), random)
        tile, grey_step = (quantised, step) if degrade else (tile, grey_step)
    if settings.local_noise:
        image = normalise_by_local_noise(tile, inside, grey_step)
    else:
        image = _by_one_scale(tile, inside, original, view_deviation or contrast_deviation(*decode_view(view)))
    window = _around(origin, settings.size, 0)
    labels[~inside] = np.where(labels[~inside] == CALCIFICATION, IGNORED, labels[~inside])
    detectable, faint = _count(injection, labels, window)
    turns, mirrored = int(random.integers(4)), bool(random.integers(2))
    return Crop(_turn(image[window], turns, mirrored), _turn(labels[window], turns, mirrored), detectable, faint)


def _by_one_scale(
    tile: FloatImage, inside: npt.NDArray[np.bool_], original: FloatImage, view_deviation: float
) -> FloatImage:
    """Divide a tile by the scale of its view, which the degradations would have changed as they changed the tile's."""
    change = contrast_deviation(tile, inside) / contrast_deviation(original, inside)
    return normalise_by_one_scale(tile, view_deviation * change)


def _cut(
    view: npt.NDArray[np.uint16], random: np.random.Generator, settings: CropSettings
) -> tuple[FloatImage, npt.NDArray[np.bool_], tuple[int, int]]:
    """Cut a tile around a random point of the breast, with the view's own border where that is near.

    Returns the tile in [0, 1], its breast mask, and row and column of the crop in the tile.
    """
    zoom = random.uniform(*settings.zoom) if random.random() < settings.zoomed else 1.0
    size = int(np.ceil(settings.size / zoom))
    for _ in range(_TRIES):
        row, column = int(random.integers(view.shape[0])), int(random.integers(view.shape[1]))
        if decode_view(view[row, column])[1]:
            break
    # Any pixel of the crop may be the chosen one, so crops reach over the skin line and to the border of the view.
    top = int(np.clip(row - random.integers(size), 0, view.shape[0] - size))
    left = int(np.clip(column - random.integers(size), 0, view.shape[1] - size))
    first_row, first_column = max(0, top - MARGIN), max(0, left - MARGIN)
    window = np.s_[first_row : top + size + MARGIN, first_column : left + size + MARGIN]
    tile, inside = decode_view(view[window])
    origin = (top - first_row, left - first_column)
    if zoom != 1.0:
        shape = (round(tile.shape[0] * zoom), round(tile.shape[1] * zoom))
        tile = resize(tile, shape)
        inside = resize(inside.astype(np.float32), shape) > 0.5
        origin = (
            min(round(origin[0] * zoom), shape[0] - settings.size),
            min(round(origin[1] * zoom), shape[1] - settings.size),
        )
    if not inside.any():
        inside = np.ones_like(inside)
    return tile, inside, origin


def _around(origin: tuple[int, int], size: int, reach: int) -> tuple[slice, slice]:
    rows, columns = (slice(max(0, first - reach), first + size + reach) for first in origin)
    return rows, columns


def _nothing(shape: tuple[int, ...]) -> Injection:
    return Injection(np.zeros(shape, np.float32), np.zeros(shape, np.int32), np.zeros(shape, dtype=bool), ())


def _count(injection: Injection, labels: npt.NDArray[np.uint8], window: tuple[slice, slice]) -> tuple[int, int]:
    core, seen = injection.core[window], labels[window]
    detectable = np.unique(core[(core > 0) & (seen == CALCIFICATION)]).size
    faint = np.unique(core[(core > 0) & (seen == IGNORED)]).size
    return int(detectable), int(faint)


def _turn(image: npt.NDArray[np.generic], turns: int, mirrored: bool):  # type: ignore[no-untyped-def]
    turned = np.rot90(image, turns)
    return turned[:, ::-1] if mirrored else turned


__all__ = ["CALCIFICATION", "IGNORED", "MARGIN", "TISSUE", "Crop", "CropDataset", "CropSettings", "draw_crop"]
