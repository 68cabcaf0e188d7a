"""Between the pixel spacing of an image and that of a network; pixel areas coincide, so nothing is shifted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]

# Spacings that count as equal, as shares of the network's. Larger pixels are not divided: it adds nothing but blur and
# uneven noise, and the networks were trained with magnifications from 0.75, which is pixels a third larger.
_FINER, _COARSER = 0.08, 1 / 3


def resampled_shape(shape: tuple[int, int], spacing_mm: tuple[float, float], target_mm: float) -> tuple[int, int]:
    """Return the number of rows and columns at ``target_mm``; unchanged for pixels 8 % smaller to a third larger."""
    if all(-_FINER <= spacing / target_mm - 1 <= _COARSER for spacing in spacing_mm):
        return shape
    rows = max(1, round(shape[0] * spacing_mm[0] / target_mm))
    columns = max(1, round(shape[1] * spacing_mm[1] / target_mm))
    return rows, columns


def resize(image: FloatImage, shape: tuple[int, int]) -> FloatImage:
    """Interpolate bilinearly to ``shape``; the outer borders of both images coincide.

    Where the new pixels are larger, a Gaussian takes away first what they cannot show (aliasing looks like fine
    calcifications). The pixel centre at row i of the result lies at row (i + 0.5) * rows / new rows - 0.5 of the image.

    Parameters
    ----------
    image
        float32 (rows, columns).
    shape
        (new rows, new columns).
    """
    if image.shape == shape:
        return image
    factors = [old / new for old, new in zip(image.shape, shape, strict=True)]
    sigmas = [0.4 * np.sqrt(max(0.0, factor**2 - 1)) for factor in factors]
    smooth = ndimage.gaussian_filter(image, sigmas, mode="nearest") if max(sigmas) > 0 else image
    zoom = [new / old for old, new in zip(image.shape, shape, strict=True)]
    resized: FloatImage = ndimage.zoom(smooth, zoom, order=1, mode="nearest", grid_mode=True)
    return resized


def resize_mask(mask: npt.NDArray[np.bool_], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return ``mask`` at ``shape`` by the nearest pixel, with the geometry of :func:`resize`."""
    if mask.shape == shape:
        return mask
    rows = ((np.arange(shape[0]) + 0.5) * mask.shape[0] / shape[0]).astype(int)
    columns = ((np.arange(shape[1]) + 0.5) * mask.shape[1] / shape[1]).astype(int)
    return mask[np.ix_(rows, columns)]
