"""A view as the networks see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MCDetect.preprocessing.intensity import normalise_by_local_noise, scale_to_unit_range
from MCDetect.preprocessing.padding import continued
from MCDetect.preprocessing.resampling import resampled_shape, resize, resize_mask

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PreparedView:
    """A view as the networks see it: normalised, at the networks' spacing, with the breast marked."""

    normalised: FloatImage
    mask: BoolImage


def prepare_view(
    pixels: FloatImage,
    valid: BoolImage,
    mask: BoolImage,
    spacing_mm: tuple[float, float],
    target_mm: float,
    *,
    threads: int = 1,
) -> PreparedView:
    """Bring a view to the networks' spacing and divide it by its local noise.

    Parameters
    ----------
    pixels, valid, mask
        (rows, columns): grey values, which of them are of the image, and which of the breast.
    spacing_mm
        Between rows and between columns.
    target_mm
        Spacing of the networks.
    threads
        That share the work.
    """
    unit, grey_step = scale_to_unit_range(pixels, valid)
    shape = resampled_shape((pixels.shape[0], pixels.shape[1]), spacing_mm, target_mm)
    unit, mask = resize(continued(unit, valid), shape), resize_mask(mask, shape)
    return PreparedView(normalise_by_local_noise(unit, mask, grey_step, threads), mask)
