"""PyTorch: the reference, on the CPU and on CUDA."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from MCDetect.inference.backends.interface import FloatImage, FloatMaps, RunNetwork
from MCDetect.inference.backends.precision import BF16, FP32
from MCDetect.inference.backends.upload import uploaded

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
        return _Run(placed.to(memory_format=torch.channels_last), self._device, kind)  # type: ignore[call-overload]


class _Run:
    """A network on its device."""

    def __init__(self, network: nn.Module, device: torch.device, kind: torch.dtype) -> None:
        self._network, self._device, self._kind = network, device, kind

    def __call__(self, image: FloatImage) -> FloatMaps:
        return next(self.each([image]))

    def each(self, images: Iterable[FloatImage]) -> Iterator[FloatMaps]:
        import torch

        for image in uploaded(images, self._device, self._kind):
            with torch.inference_mode(), without_tensor_float_32():
                maps: FloatMaps = self._network(image)[0].float().cpu().numpy()
            yield maps


@contextmanager
def without_tensor_float_32() -> Iterator[None]:
    """Let convolutions on CUDA keep all bits of fp32; TensorFloat-32, which PyTorch prefers, keeps ten."""
    import torch

    # Not cudnn.flags(): left alone, its other arguments switch cuDNN off.
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
