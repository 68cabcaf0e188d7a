"""How strongly calcifications answer a filter that is matched to them: what they stand out by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]

_COARSE_NOISE = 0.6  # noise of the coarse filter over that of the fine one, in mammographic tissue
_FILTER_REACH = 12  # pixels: three standard deviations of the widest Gaussian


def matched_response(contrast: FloatImage) -> FloatImage:
    """Return the larger response of a fine and a coarse band-pass filter, for calcifications of all sizes.

    The differences of Gaussians of 1 and 2, and of 2 and 4 pixels; the coarse one is divided by 0.6, its noise
    relative to the fine one's.
    """
    blurred = ndimage.gaussian_filter(contrast, 2.0, truncate=3.0)
    fine = ndimage.gaussian_filter(contrast, 1.0, truncate=3.0) - blurred
    coarse = (blurred - ndimage.gaussian_filter(contrast, 4.0, truncate=3.0)) / np.float32(_COARSE_NOISE)
    response: FloatImage = np.maximum(fine, coarse)
    return response


def peak_responses(contrast: FloatImage, core: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.float64]:
    """Return the peak of :func:`matched_response` in each of ``count`` masks (minus infinity where there is none).

    Parameters
    ----------
    contrast
        float32 (rows, columns).
    core
        int32, same shape: number of the mask, from 1, of each pixel; 0 for none.
    """
    peaks = np.full(count + 1, -np.inf)
    # The filters are the slowest part of an injection; they run over the calcifications and their surroundings only.
    rows, columns = np.flatnonzero(contrast.any(axis=1)), np.flatnonzero(contrast.any(axis=0))
    if rows.size == 0:
        return peaks[1:]
    window = np.s_[
        max(0, rows[0] - _FILTER_REACH) : rows[-1] + _FILTER_REACH + 1,
        max(0, columns[0] - _FILTER_REACH) : columns[-1] + _FILTER_REACH + 1,
    ]
    np.maximum.at(peaks, core[window].ravel(), matched_response(contrast[window]).ravel())
    return peaks[1:]
