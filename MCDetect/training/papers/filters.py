"""Preprocessing steps of whole images or regions, and how Leong et al. 2022 compare three filters (their Table 4).

``remove-artefacts``
    Otsu's threshold, morphological opening, the largest component (Leong et al. 2022, after Xi et al. 2018).
``adaptive-median``
    Replaces a pixel by the median of the smallest window (3 x 3 up to 7 x 7) whose median is no extreme, and only if
    the pixel itself is an extreme of it (Hwang and Haddad 1995). The paper does not give its window.
``median``, ``mean``
    3 x 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Grey = npt.NDArray[np.uint8]

_LARGEST_WINDOW = 7


def adaptive_median(image: Grey) -> Grey:
    """Return the image after the adaptive median filter."""
    result = image.copy()
    undecided = np.ones(image.shape, dtype=np.bool_)
    for side in range(3, _LARGEST_WINDOW + 1, 2):
        low = ndimage.minimum_filter(image, side)
        high = ndimage.maximum_filter(image, side)
        middle = ndimage.median_filter(image, side)
        decided = undecided & (middle > low) & (middle < high)
        extreme = decided & ((image <= low) | (image >= high))
        result[extreme] = middle[extreme]
        undecided &= ~decided
        if not undecided.any():
            break
    return result


def median(image: Grey) -> Grey:
    """Return the image after the median filter."""
    filtered: Grey = ndimage.median_filter(image, 3)
    return filtered


def mean(image: Grey) -> Grey:
    """Return the image after the mean filter."""
    filtered: Grey = np.rint(ndimage.uniform_filter(image.astype(np.float32), 3)).astype(np.uint8)
    return filtered


def remove_artefacts(image: Grey) -> Grey:
    """Return the image with everything outside of the breast set to its minimum; a region without air stays."""
    from MCDetect.preprocessing import breast_mask

    pixels = image.astype(np.float32)
    # The pixel size only sets how coarse the mask is; films and detectors have 0.042 to 0.1 mm.
    mask = breast_mask.breast_mask(pixels, (0.07, 0.07))
    return breast_mask.remove_artefacts(pixels, mask).astype(np.uint8) if mask.any() else image


STEPS: dict[str, Callable[[Grey], Grey]] = {
    "remove-artefacts": remove_artefacts,
    "adaptive-median": adaptive_median,
    "median": median,
    "mean": mean,
}
"""By name, as in recipes."""


def compare_filters(image: Grey) -> dict[str, dict[str, float]]:
    """Return peak signal-to-noise ratio (dB, Eq. 10) and mean squared error of each filter's result and the image.

    The paper takes the filter with the highest ratio for the best. What changes nothing would win: the figures say how
    much a filter changes, not how much noise it removes.
    """
    figures = {}
    for name in ("adaptive-median", "median", "mean"):
        error = float(np.mean((STEPS[name](image).astype(np.float64) - image) ** 2))
        figures[name] = {"mse": error, "psnr": 100.0 if error == 0 else 20 * math.log10(255 / math.sqrt(error))}
    return figures
