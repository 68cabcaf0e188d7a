"""PyTorch: the reference, on the CPU and on CUDA."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from MCDetect.inference.backends.interface import FloatImage, FloatMaps, RunNetwork
from MCDetect.inference.backends.precision import BF16, FP32
from MCDetect.inference.backends.upload import fetched, uploaded

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class TorchBackend:
    """PyTorch on one device (see ``interface.Backend``).

    With channels last: faster on the processors that it was measured on, and on CUDA the layout that cuDNN's tensor
    cores work in, but not measured there. Strips differ in size, so neither CUDA graphs nor trials of cuDNN's
    algorithms (``torch.backends.cudnn.benchmark``), which both pay for sizes that come again, are used.
    """

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
        return (_CudaRun if self._device.type == "cuda" else _Run)(placed, self._device, kind)


class _Run:
    """A network on its device."""

    def __init__(self, network: nn.Module, device: torch.device, kind: torch.dtype) -> None:
        self._network, self._device, self._kind = network, device, kind

    def __call__(self, image: FloatImage) -> FloatMaps:
        return next(self.each([image]))

    def each(self, images: Iterable[FloatImage]) -> Iterator[FloatMaps]:
        for image in uploaded(images, self._device, self._kind):
            maps: FloatMaps = self._maps(image).cpu().numpy()
            yield maps

    def _maps(self, image: Tensor) -> Tensor:
        import torch

        with torch.inference_mode(), without_tensor_float_32():
            maps: Tensor = self._network(image)[0].float()
        return maps


class _CudaRun(_Run):
    """A network on a CUDA device, with a stream for each way of copying."""

    def __init__(self, network: nn.Module, device: torch.device, kind: torch.dtype) -> None:
        import torch

        super().__init__(network, device, kind)
        self._sending = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._fetching = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def each(self, images: Iterable[FloatImage]) -> Iterator[FloatMaps]:
        tensors = uploaded(images, self._device, self._kind, self._sending)
        return fetched(map(self._maps, tensors), self._fetching)

    def maxima(self, image: FloatImage, corners: Sequence[tuple[int, int]], size: int) -> FloatMaps:
        """Return, for ``patches_at``, (patches, channels) maxima of the maps of some patches: so maps stay there."""
        import torch

        maps = self._maps(next(uploaded([image], self._device, self._kind, self._sending)))
        window = size - (image.shape[0] - maps.shape[1])
        found = [maps[:, row : row + window, column : column + window].amax(dim=(1, 2)) for row, column in corners]
        maxima: FloatMaps = torch.stack(found).cpu().numpy()
        return maxima


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
