"""PyTorch: the reference, on the CPU and on CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MCDetect.inference.backends.interface import FloatImage, FloatMaps, RunNetwork

if TYPE_CHECKING:
    import torch
    from torch import nn


class TorchBackend:
    """PyTorch on one device (see ``interface.Backend``)."""

    name = "torch"
    title = "PyTorch"

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def compile(self, network: nn.Module) -> RunNetwork:
        """Return ``network`` ready to run on the device."""
        import torch

        placed = network.to(self._device)

        def run(image: FloatImage) -> FloatMaps:
            with torch.inference_mode():
                maps: FloatMaps = placed(torch.from_numpy(image)[None, None].to(self._device))[0].float().cpu().numpy()
            return maps

        return run
