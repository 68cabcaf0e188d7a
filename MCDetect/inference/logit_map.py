"""The calcification network over a whole view: strip by strip, equal to one pass over the whole image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.inference.backends.interface import run_each
from MCDetect.inference.strips import NOT_COMPUTED, strips_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from MCDetect.inference.backends.interface import RunNetwork

FloatImage = npt.NDArray[np.float32]

HALO = 96
"""Pixels round a strip that its result depends on, rounded up to a multiple of 16.

Convolutions of radius 1, four at each of the pixel sizes 2, 4 and 8 and two at 16, reach 4*2 + 4*4 + 4*8 + 2*16 = 88
pixels. Upsampling gives each pixel the values of the coarser pixel that it lies in, which adds up to 4 at a strip that
begins at a multiple of 16.
"""

ALIGNMENT = 16


def calcification_logits(
    network: RunNetwork,
    normalised: FloatImage,
    mask: npt.NDArray[np.bool_],
    *,
    strip_height: int = 768,
    report: Callable[[float], None] | None = None,
) -> FloatImage:
    """Return the logit of each pixel of belonging to a calcification.

    Parameters
    ----------
    network
        A ``CalcificationUNet`` as a back end compiled it.
    normalised
        float32 (rows, columns) from ``preprocessing.intensity.normalise_by_local_noise``.
    mask
        Where it is wanted (the breast); far from it the result is ``NOT_COMPUTED``.
    strip_height
        Rows computed at once, a multiple of 16. It bounds the memory and does not change the result.
    report
        Called with the fraction done.

    Returns
    -------
    float32 array
        (rows, columns).
    """
    shape = (normalised.shape[0], normalised.shape[1])
    # Zero is the mean of the normalised image: beyond the border there is featureless tissue.
    padding = [(0, -size % ALIGNMENT) for size in shape]
    padded = np.pad(normalised, padding)
    logits = np.full(padded.shape, NOT_COMPUTED, dtype=np.float32)
    strips = list(strips_over(np.pad(mask, padding), strip_height, ALIGNMENT))
    outers = [strip.grown(HALO, padded.shape) for strip in strips]
    results = run_each(network, (np.ascontiguousarray(padded[outer.window]) for outer in outers))
    for number, (strip, outer, maps) in enumerate(zip(strips, outers, results, strict=True), start=1):
        logits[strip.window] = maps[0][strip.inside(outer)]
        if report is not None:
            report(number / len(strips))
    return logits[: shape[0], : shape[1]]
