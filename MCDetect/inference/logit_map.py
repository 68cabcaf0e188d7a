"""The calcification network over a whole view: strip by strip, equal to one pass over the whole image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.inference.strips import NOT_COMPUTED, strips_over

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn

FloatImage = npt.NDArray[np.float32]

HALO = 112
"""Pixels round a strip that its result depends on.

The network reaches 2 + 4 convolutions of radius 1 at pixel sizes 2, 4, 8 and two at 16: 4*2 + 4*4 + 4*8 + 2*16 = 88
pixels, and up to 15 more by the alignment of its poolings; rounded up to a multiple of 16.
"""

ALIGNMENT = 16


def calcification_logits(
    network: nn.Module,
    normalised: FloatImage,
    mask: npt.NDArray[np.bool_],
    *,
    device: torch.device,
    strip_height: int = 768,
    report: Callable[[float], None] | None = None,
) -> FloatImage:
    """Return the logit of each pixel of belonging to a calcification.

    Parameters
    ----------
    network
        A ``CalcificationUNet`` in evaluation mode on ``device``.
    normalised
        float32 (rows, columns) from ``preprocessing.intensity.normalise_by_local_noise``.
    mask
        Where it is wanted (the breast); far from it the result is ``NOT_COMPUTED``.
    device
        Where ``network`` is.
    strip_height
        Rows computed at once, a multiple of 16. It bounds the memory and does not change the result.
    report
        Called with the fraction done.

    Returns
    -------
    float32 array
        (rows, columns).
    """
    import torch

    shape = (normalised.shape[0], normalised.shape[1])
    # Zero is the mean of the normalised image: beyond the border there is featureless tissue.
    padding = [(0, -size % ALIGNMENT) for size in shape]
    padded = np.pad(normalised, padding)
    logits = np.full(padded.shape, NOT_COMPUTED, dtype=np.float32)
    strips = list(strips_over(np.pad(mask, padding), strip_height, ALIGNMENT))
    for number, strip in enumerate(strips, start=1):
        outer = strip.grown(HALO, padded.shape)
        cut = torch.from_numpy(padded[outer.window])[None, None].to(device)
        with torch.inference_mode():
            result = network(cut.contiguous(memory_format=torch.channels_last))[0, 0]
        logits[strip.window] = result[strip.inside(outer)].float().cpu().numpy()
        if report is not None:
            report(number / len(strips))
    return logits[: shape[0], : shape[1]]
