"""PyTorch: the reference, on the CPU and on CUDA."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from MCDetect.inference.backends.interface import FloatImage, FloatMaps, RunNetwork
from MCDetect.inference.backends.precision import BF16, FP32

if TYPE_CHECKING:
    import torch
    from torch import nn


class TorchBackend:
    """PyTorch on one device (see ``interface.Backend``), with channels last, which is faster on all of them."""

    name = "torch"
    title = "PyTorch"

    def __init__(self, device: torch.device, precision: str = FP32) -> None:
        self._device = device
        self.precision = precision

    def compile(self, network: nn.Module) -> RunNetwork:
        """Return ``network`` ready to run on the device."""
        import torch

        kind = torch.bfloat16 if self.precision == BF16 else torch.float32
        # A copy: the same network may be compiled again for another device or precision.
        placed = copy.deepcopy(network).to(self._device, kind)
        placed = placed.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

        def run(image: FloatImage) -> FloatMaps:
            # TensorFloat-32 keeps ten bits of a number: what is named fp32 must not use it.
            with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
                maps = placed(torch.from_numpy(image)[None, None].to(self._device, kind))[0]
                result: FloatMaps = maps.float().cpu().numpy()
            return result

        return run
