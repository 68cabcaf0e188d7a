"""From a vendor's grey values to the networks' input: unit range, then contrast in multiples of the local noise.

Both networks see the same normalised image at training and at inference. The normalisation is done on the whole
image once, never tile by tile, so that dense evaluation equals evaluation patch by patch.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.preprocessing.block_means import block_means
from MCDetect.preprocessing.interpolation import Interpolated, in_bands
from MCDetect.preprocessing.median import median_in_place

FloatImage = npt.NDArray[np.float32]

NOISE_BLOCK = 56
"""Side in pixels (3.9 mm at 0.07 mm) of the blocks in which the noise level is measured."""

_BACKGROUND_SIGMA = 14.0  # pixels, about 1 mm: removes anatomy larger than a calcification
_BACKGROUND_STEP = 4  # the background is this much coarser than the image, so it is blurred at that size
_MINIMUM_NOISE = 2e-4  # about one step of 12 bits: below it there is no signal, only division by zero
_NOISE_PER_GREY_STEP = 0.25  # a lone step of quantisation must not look like a calcification (8-bit input)
_NOISES_PER_UNIT = 5.0
_FINE_SIGMA, _COARSE_SIGMA, _TRUNCATE = 1.0, 2.0, 3.0  # pixels, pixels, standard deviations


def scale_to_unit_range(
    pixels: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_] | None = None
) -> tuple[FloatImage, float]:
    """Scale grey values linearly to [0, 1] by their own minimum and maximum.

    Parameters
    ----------
    pixels
        (rows, columns), any real type.
    valid
        Pixels that belong to the image; the others (padding) become 0 and do not count.

    Returns
    -------
    unit : float32 array
        Same shape, 0 to 1; all 0 for a constant image.
    grey_step : float
        The smallest difference between two grey values on that scale: 1/255 for a full 8-bit range, 0 when the
        values are not whole numbers.
    """
    values = np.asarray(pixels, dtype=np.float32)
    padding = None if valid is None or valid.all() else ~valid
    used = values if padding is None else values[valid]
    if used.size == 0:
        return np.zeros_like(values), 0.0
    low, high = float(used.min()), float(used.max())
    extent = high - low
    if extent <= 0:
        return np.zeros_like(values), 0.0
    unit = (values - np.float32(low)) * np.float32(1 / extent)
    if padding is not None:
        unit[padding] = 0.0
    sample = used.reshape(-1)[:: max(1, used.size // 65536)]
    is_whole = bool(np.all(sample == np.rint(sample)))
    return np.clip(unit, 0.0, 1.0, out=unit), 1.0 / extent if is_whole else 0.0


def local_noise(unit: FloatImage, mask: npt.NDArray[np.bool_] | None = None, grey_step: float = 0.0) -> Interpolated:
    """Return the local noise level of an image, smoothed, to be had at the image's own size.

    The noise of a block is 1.4826 times the median absolute response to a difference of Gaussians of 1 and 2 pixels
    (the scale of a small calcification): a robust standard deviation, which a few calcifications do not move. Every
    second row and column suffices for it, since neighbouring responses are correlated.

    Parameters
    ----------
    unit
        float32 (rows, columns) in [0, 1] at the network's pixel spacing.
    mask
        The breast; blocks less than half inside it take the noise of their neighbours. None means everywhere.
    grey_step
        See :func:`scale_to_unit_range`.
    """
    rows, columns = unit.shape
    block_rows, block_columns = max(1, rows // NOISE_BLOCK), max(1, columns // NOISE_BLOCK)
    row_edges = np.linspace(0, rows, block_rows + 1).astype(int)
    column_edges = np.linspace(0, columns, block_columns + 1).astype(int)
    blocks = np.full((block_rows, block_columns), np.nan, dtype=np.float32)
    across = [_difference_of_gaussians(columns, *edges) for edges in pairwise(column_edges)]
    for i, (top, bottom) in enumerate(pairwise(row_edges)):
        inside = [None if mask is None else mask[top:bottom:2, left:right:2] for left, right in pairwise(column_edges)]
        wanted = [j for j, part in enumerate(inside) if part is None or 2 * np.count_nonzero(part) >= part.size]
        if not wanted:
            continue
        down = _difference_of_gaussians(rows, top, bottom)
        # In double precision: the difference of two blurs is a thousandth of either.
        first = across[wanted[0]].window.start
        band = unit[down.window, first : across[wanted[-1]].window.stop].astype(np.float64)
        fine, coarse = down.fine @ band, down.coarse @ band
        for j in wanted:
            window = slice(across[j].window.start - first, across[j].window.stop - first)
            response = np.abs(fine[:, window] @ across[j].fine.T - coarse[:, window] @ across[j].coarse.T)
            part = inside[j]
            blocks[i, j] = 1.4826 * median_in_place(response.ravel() if part is None else response[part])
    floor = max(_MINIMUM_NOISE, _NOISE_PER_GREY_STEP * grey_step)
    if np.isnan(blocks).all():
        return Interpolated(np.full((1, 1), floor, dtype=np.float32), (rows, columns))
    blocks = _fill_from_nearest(blocks)
    blocks = ndimage.gaussian_filter(np.maximum(blocks, floor), 1.0, mode="nearest")
    return Interpolated(blocks, (rows, columns))


def normalise_by_local_noise(
    unit: FloatImage, mask: npt.NDArray[np.bool_] | None = None, grey_step: float = 0.0, threads: int = 1
) -> FloatImage:
    """Return asinh(contrast / (5 local noise)), where contrast is the image less its Gaussian blur of 14 pixels.

    Vendors' processing changes contrast and noise together; their ratio is what a calcification must stand out by.
    The inverse hyperbolic sine keeps the sign, is linear near the noise and compresses clips and markers.

    Parameters
    ----------
    unit, mask, grey_step
        As for :func:`local_noise`.
    threads
        That share the work.

    Returns
    -------
    float32 array
        Same shape; about -1 to 1 in tissue, 2 to 4 on conspicuous calcifications.
    """
    background, noise = _background(unit), local_noise(unit, mask, grey_step)
    normalised: FloatImage = np.empty(unit.shape, dtype=np.float32)

    def compute(start: int, stop: int) -> None:
        contrast = unit[start:stop] - _rows_of(background, start, stop, unit.shape[1])
        contrast /= _NOISES_PER_UNIT * noise.rows(start, stop)
        np.arcsinh(contrast, out=normalised[start:stop])

    in_bands(len(unit), compute, threads)
    return normalised


def contrast_deviation(unit: FloatImage, mask: npt.NDArray[np.bool_] | None = None) -> float:
    """Return the robust deviation of an image's contrast: 1.4826 times its median absolute value in the breast.

    Parameters
    ----------
    unit, mask
        As for :func:`local_noise`.
    """
    contrast = np.abs(_contrast(unit))
    inside = contrast if mask is None or not mask.any() else contrast[mask]
    return max(1.4826 * float(np.median(inside)), _MINIMUM_NOISE)


def normalise_by_one_scale(unit: FloatImage, deviation: float) -> FloatImage:
    """Return asinh(contrast / deviation): the background removed, and one scale for the whole view.

    What :func:`normalise_by_local_noise` is compared with (:mod:`MCDetect.training.detection.ablations`); no bundle is
    made for it.

    Parameters
    ----------
    unit
        As for :func:`local_noise`.
    deviation
        :func:`contrast_deviation` of the view.
    """
    contrast = _contrast(unit)
    contrast *= np.float32(1 / deviation)
    normalised: FloatImage = np.arcsinh(contrast, out=contrast)
    return normalised


class _Blurs(NamedTuple):
    """Blurs of 1 and 2 pixels along one axis as matrices: (every second pixel of a block, the pixels they need)."""

    window: slice
    fine: npt.NDArray[np.float64]
    coarse: npt.NDArray[np.float64]


def _difference_of_gaussians(size: int, start: int, stop: int) -> _Blurs:
    """Return the blurs at every second pixel of [start, stop) of an axis of ``size`` pixels, mirrored at its ends.

    As matrices they are made for the pixels that are looked at and no other: six times faster than filtering the image.
    """
    positions = np.arange(start, stop, 2)
    reach = round(_TRUNCATE * _COARSE_SIGMA)
    window = slice(max(0, start - reach), min(size, stop + reach))
    blurs = []
    for sigma in (_FINE_SIGMA, _COARSE_SIGMA):
        radius = round(_TRUNCATE * sigma)
        offsets = np.arange(-radius, radius + 1)
        weights = np.exp(-0.5 * (offsets / sigma) ** 2)
        source = (positions[:, None] + offsets) % (2 * size)
        source = np.minimum(source, 2 * size - 1 - source)  # d c b a | a b c d | d c b a
        matrix = np.zeros((len(positions), window.stop - window.start))
        np.add.at(matrix, (np.arange(len(positions))[:, None], source - window.start), weights / weights.sum())
        blurs.append(matrix)
    return _Blurs(window, *blurs)


def _contrast(unit: FloatImage) -> FloatImage:
    contrast: FloatImage = unit - _rows_of(_background(unit), 0, *unit.shape)
    return contrast


def _background(unit: FloatImage) -> Interpolated:
    """Return the Gaussian blur of 14 pixels, made of 4 x 4 block means: four times faster.

    It has a border of a block, which :func:`_rows_of` takes off. The variance of the block mean and of the bilinear
    interpolation are part of the blur and taken off the Gaussian. On a full-field mammogram it differs from the
    full-size blur by at most 0.006 of the grey range (at the skin line).
    """
    step = _BACKGROUND_STEP
    # One block more on every side: interpolation to the outermost pixels then has a centre beyond them.
    coarse = block_means(unit, (step, step), border=1)
    variance = _BACKGROUND_SIGMA**2 - (step**2 - 1) / 12 - step**2 / 6
    coarse = ndimage.gaussian_filter(coarse, float(np.sqrt(variance)) / step, truncate=3.0, mode="nearest")
    return Interpolated(coarse, (coarse.shape[0] * step, coarse.shape[1] * step))


def _rows_of(background: Interpolated, start: int, stop: int, columns: int) -> FloatImage:
    """Return rows of the picture from its :func:`_background`, which has a block more on every side."""
    return background.rows(start + _BACKGROUND_STEP, stop + _BACKGROUND_STEP)[
        :, _BACKGROUND_STEP : _BACKGROUND_STEP + columns
    ]


def _fill_from_nearest(blocks: FloatImage) -> FloatImage:
    nearest = ndimage.distance_transform_edt(np.isnan(blocks), return_distances=False, return_indices=True)
    filled: FloatImage = blocks[tuple(nearest)]
    return filled
