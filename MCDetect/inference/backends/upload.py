"""Images on their way to a CUDA device and maps on their way back, both while the networks work on another image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from MCDetect.inference.backends.interface import FloatImage, FloatMaps

_Item = TypeVar("_Item")
_Begun = TypeVar("_Begun")
_Done = TypeVar("_Done")


def uploaded(
    images: Iterable[FloatImage], device: torch.device, kind: torch.dtype, copying: torch.cuda.Stream | None = None
) -> Iterator[Tensor]:
    """Yield each image as a (1, 1, rows, columns) tensor of ``kind`` on the device.

    Parameters
    ----------
    images
        Contiguous float32 (rows, columns).
    device, kind
        Of the tensors.
    copying
        On CUDA, a stream that copies from page-locked memory, one image ahead of the one that is yielded; always the
        same one, because PyTorch keeps freed memory apart for each stream. Without it images are taken as they come.
    """
    import torch

    if copying is None:
        yield from (torch.from_numpy(image)[None, None].to(device, kind) for image in images)
        return

    def begin(image: FloatImage) -> tuple[Tensor, torch.cuda.Event]:
        # PyTorch gives page-locked memory to nobody else before the copy that was begun from it is done.
        locked = torch.from_numpy(image)[None, None].pin_memory()
        with torch.cuda.stream(copying):
            return locked.to(device, non_blocking=True), copying.record_event()

    def finish(begun: tuple[Tensor, torch.cuda.Event]) -> Tensor:
        tensor, copied = begun
        computing = torch.cuda.current_stream(device)
        computing.wait_event(copied)
        tensor.record_stream(computing)  # or its memory would be given away while the network reads it
        return tensor.to(kind)

    yield from one_ahead(images, begin, finish)


def fetched(results: Iterable[Tensor], copying: torch.cuda.Stream) -> Iterator[FloatMaps]:
    """Yield each tensor of a CUDA device as an array, when the next has been asked for and its copy begun.

    So the device has its next work before the processor waits for the last. Each array has page-locked memory of its
    own, which goes back to PyTorch's store of it when nobody holds the array any more.

    Parameters
    ----------
    results
        float32, computed by the current stream of their device.
    copying
        The stream that copies them.
    """
    import torch

    def begin(result: Tensor) -> tuple[Tensor, torch.cuda.Event]:
        whole = result.contiguous()
        locked = torch.empty(whole.shape, dtype=whole.dtype, pin_memory=True)
        copying.wait_stream(torch.cuda.current_stream(whole.device))
        with torch.cuda.stream(copying):
            locked.copy_(whole, non_blocking=True)
            copied = copying.record_event()
        whole.record_stream(copying)  # or its memory would be given away while it is copied
        return locked, copied

    def finish(begun: tuple[Tensor, torch.cuda.Event]) -> FloatMaps:
        locked, copied = begun
        copied.synchronize()
        array: FloatMaps = locked.numpy()
        return array

    return one_ahead(results, begin, finish)


def one_ahead(
    items: Iterable[_Item], begin: Callable[[_Item], _Begun], finish: Callable[[_Begun], _Done]
) -> Iterator[_Done]:
    """Yield ``finish(begin(item))`` of each item; when one is yielded, the next has been begun, and no other."""
    present: list[_Begun] = []
    for item in items:
        present.append(begin(item))
        if len(present) > 1:
            yield finish(present.pop(0))
    for begun in present:
        yield finish(begun)
