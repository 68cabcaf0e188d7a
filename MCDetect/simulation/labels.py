"""What each pixel is taught to be: tissue, calcification, or neither, for flanks and what the noise hides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from MCDetect.simulation.injection import Injection
from MCDetect.simulation.matched_filter import peak_responses

FloatImage = npt.NDArray[np.float32]

TISSUE, CALCIFICATION, IGNORED = 0, 1, 255
"""Values of a label map."""

DETECTABLE_RESPONSE = 2.6
"""A calcification whose peak response exceeds this many standard deviations of the noise is taught as present."""


def truth_labels(injection: Injection, noise: float, contrast: FloatImage | None = None) -> npt.NDArray[np.uint8]:
    """Return the label of each pixel.

    Parameters
    ----------
    injection
        What was put in.
    noise
        :func:`noise_level` of the final image without the calcifications.
    contrast
        ``injection.contrast`` after whatever was done to the image since (blur, resampling); as it is when None.

    Returns
    -------
    uint8 array
        (rows, columns) of :data:`TISSUE`, :data:`CALCIFICATION` and :data:`IGNORED`: the mask of a calcification is
        CALCIFICATION where its peak response exceeds 2.6 times the noise, IGNORED where it does not, and its flanks
        are IGNORED.
    """
    labels = np.where(injection.halo, np.uint8(IGNORED), np.uint8(TISSUE))
    count = len(injection.cluster_of)
    if count == 0:
        return labels
    peaks = calcification_responses(injection, contrast)
    value_of = np.full(count + 1, TISSUE, dtype=np.uint8)
    value_of[1:] = np.where(peaks > DETECTABLE_RESPONSE * noise, CALCIFICATION, IGNORED)
    inside = injection.core > 0
    labels[inside] = value_of[injection.core[inside]]
    return labels


def calcification_responses(injection: Injection, contrast: FloatImage | None = None) -> npt.NDArray[np.float64]:
    """Return the peak of the matched filter in the mask of each calcification (minus infinity where covered)."""
    return peak_responses(
        injection.contrast if contrast is None else contrast, injection.core, len(injection.cluster_of)
    )
