"""Images on their way to the device: the next one travels while the networks work on the present one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from MCDetect.inference.backends.interface import FloatImage

_Item = TypeVar("_Item")
_Begun = TypeVar("_Begun")
_Done = TypeVar("_Done")


def uploaded(images: Iterable[FloatImage], device: torch.device, kind: torch.dtype) -> Iterator[Tensor]:
    """Yield each image as a (1, 1, rows, columns) tensor of ``kind`` on the device.

    On CUDA an image is copied from page-locked memory by a stream of its own, one image ahead of the one that is
    yielded. Other devices take them as they come.
    """
    import torch

    if device.type != "cuda":
        yield from (torch.from_numpy(image)[None, None].to(device, kind) for image in images)
        return
    copying = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

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
