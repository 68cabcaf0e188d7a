"""The shallow CNN of Luna-Lozoya 2023 over every patch of a view at once.

Judging the 144 x 144 patch round every pixel one by one would repeat both convolutions 20,000 times. Convolutions do
not care where a patch begins, so they run once over the image; the global maximum of a patch is then a sliding maximum
of 128 x 128 features, which doubling shifts give in seven steps an axis. The result equals the network's own, patch by
patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.inference.strips import NOT_COMPUTED, strips_over

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor

    from MCDetect.inference.backends.interface import RunNetwork
    from MCDetect.networks.shallow_cnn import ShallowCNN

FloatImage = npt.NDArray[np.float32]


def sliding_maximum(values: Tensor, size: int, axis: int) -> Tensor:
    """Return the maximum of each ``size`` neighbours along ``axis``; the axis gets ``size - 1`` shorter.

    The window doubles with each step (1, 2, 4, ... and the rest), so the cost grows with the logarithm of ``size``.
    """
    import torch

    width = 1
    while width < size:
        shift = min(width, size - width)
        length = values.shape[axis] - shift
        values = torch.maximum(values.narrow(axis, 0, length), values.narrow(axis, shift, length))
        width += shift
    return values


def dense_patch_logits(
    network: ShallowCNN,
    normalised: FloatImage,
    mask: npt.NDArray[np.bool_] | None = None,
    *,
    device: torch.device,
    patch_size: int = 144,
    strip_height: int = 768,
    features: RunNetwork | None = None,
    report: Callable[[float], None] | None = None,
) -> FloatImage:
    """Return the patch network's logit for the patch that begins at each pixel.

    Parameters
    ----------
    network
        In evaluation mode on ``device``.
    normalised
        float32 (rows, columns), at least ``patch_size`` each way.
    mask
        (rows - patch_size + 1, columns - patch_size + 1): patches that are wanted; None means all. The others
        may come out as ``NOT_COMPUTED``.
    device
        Where ``network`` is.
    patch_size
        Side of a patch in pixels.
    strip_height
        Rows of patches computed at once; bounds the memory, does not change the result.
    features
        ``network.features`` as a back end compiled it; None means PyTorch on ``device``.
    report
        Called with the fraction done.

    Returns
    -------
    float32 array
        (rows - patch_size + 1, columns - patch_size + 1); entry (i, j) is the logit of
        ``normalised[i : i + patch_size, j : j + patch_size]``.

    Raises
    ------
    ValueError
        If the image is smaller than a patch.
    """
    import torch

    from MCDetect.inference.backends.pytorch import TorchBackend

    rows, columns = normalised.shape[0] - patch_size + 1, normalised.shape[1] - patch_size + 1
    if rows < 1 or columns < 1:
        raise ValueError(f"an image of {normalised.shape} is smaller than a patch of {patch_size}")
    wanted = np.ones((rows, columns), dtype=np.bool_) if mask is None else mask
    logits = np.full((rows, columns), NOT_COMPUTED, dtype=np.float32)
    window = patch_size - network.border
    run = TorchBackend(device).compile(network.features) if features is None else features
    strips = list(strips_over(wanted, strip_height))
    for number, strip in enumerate(strips, start=1):
        cut = normalised[
            strip.row_start : strip.row_stop + patch_size - 1, strip.column_start : strip.column_stop + patch_size - 1
        ]
        with torch.inference_mode():
            maps = torch.from_numpy(run(np.ascontiguousarray(cut))).to(device)
            # Channel by channel the maxima stay in the processor's cache: 2.7 times faster than all at once.
            result = network.output.bias[0]
            for channel, weight in zip(maps, network.output.weight[0], strict=True):
                result = result + weight * sliding_maximum(sliding_maximum(channel, window, 1), window, 0)
        logits[strip.window] = result.float().cpu().numpy()
        if report is not None:
            report(number / len(strips))
    return logits
