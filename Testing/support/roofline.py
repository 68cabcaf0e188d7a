"""The work of a network, and what a device could do at best: the roofline of Williams et al. 2009.

The time that a network cannot beat is the longer of its operations over the device's highest rate of products, and of
the bytes it has to move over the highest rate of copying. Which is longer says what bounds it.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

_SIDE = {"cpu": 1024, "cuda": 8192}
_COPIED = {"cpu": 1 << 24, "cuda": 1 << 30}  # bytes: far more than fits into a cache
_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
_NO_WORK = frozenset({"cuda_sync", "gpu_user_annotation"})  # kinds of events of a device beside kernels and copies


@dataclass(frozen=True)
class Work:
    """Floating-point operations, and bytes that have to be moved."""

    operations: float
    bytes: float

    def __add__(self, other: Work) -> Work:
        return Work(self.operations + other.operations, self.bytes + other.bytes)


@dataclass(frozen=True)
class Roofs:
    """The highest rates that were measured on a device: operations and bytes a second."""

    operations: float
    bytes: float

    def least_seconds(self, work: Work) -> tuple[str, float]:
        """Return what bounds a piece of work, and the time that it takes at least."""
        return max(
            ("compute", work.operations / self.operations), ("memory", work.bytes / self.bytes), key=lambda one: one[1]
        )


def work_of(network: nn.Module, shape: tuple[int, ...], kind: torch.dtype) -> Work:
    """Return the work of one pass: operations of all layers; what the convolutions read and write, once each.

    Activations, poolings and joins are counted as if they were done on the way: the roof is higher than what layers by
    themselves can reach. Nothing is computed (PyTorch's device "meta").
    """
    moved = 0

    def note(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal moved
        weights = sum(weight.numel() for weight in layer.parameters())
        moved += kind.itemsize * (sum(one.numel() for one in inputs) + output.numel() + weights)

    shadow = copy.deepcopy(network).to("meta")
    hooks = [m.register_forward_hook(note) for m in shadow.modules() if isinstance(m, _CONVOLUTIONS)]
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        shadow(torch.empty(shape, device="meta"))
    for hook in hooks:
        hook.remove()
    return Work(float(counter.get_total_flops()), float(moved))


def total(parts: Iterable[Work]) -> Work:
    """Return the sum."""
    return sum(parts, Work(0.0, 0.0))


def measured_roofs(device: torch.device, kind: torch.dtype) -> Roofs:
    """Measure the product of two large matrices and the copy of a large array; TensorFloat-32 is off.

    Convolutions by an algorithm of fewer multiplications (Winograd's, which cuDNN may take in fp32) can pass that roof.
    """
    side = _SIDE[device.type]
    first, second = (torch.randn(side, side, device=device, dtype=kind) for _ in range(2))
    source = torch.zeros(_COPIED[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    with products_of_all_bits():
        product = least_seconds_on(device, lambda: first @ second)
    return Roofs(
        operations=2 * side**3 / product,
        bytes=2 * source.numel() / least_seconds_on(device, lambda: target.copy_(source)),
    )


@contextmanager
def products_of_all_bits() -> Iterator[None]:
    """Have products of matrices on CUDA keep all bits of fp32, also where the environment asks for TensorFloat-32."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


def least_seconds_on(device: torch.device, call: Callable[[], object], rounds: int = 5) -> float:
    """Return the least time of a call, the first one left out; on CUDA that between two events of its stream."""
    seconds = []
    for _ in range(rounds + 1):
        if device.type == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            call()
            end.record()
            torch.cuda.synchronize(device)
            seconds.append(begin.elapsed_time(end) / 1000)
        else:
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
    return min(seconds[1:])


def device_seconds(call: Callable[[], object]) -> dict[str, float]:
    """Return the seconds that a CUDA device worked during a call: in kernels, and in copies to and fro."""
    from torch.autograd import DeviceType
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as recorded:
        call()
        torch.cuda.synchronize()
    seconds = {"kernels": 0.0, "copies": 0.0}
    for event in recorded.events():
        kind = getattr(event, "activity_type", None)  # older releases of PyTorch lack it
        if event.device_type == DeviceType.CUDA and kind not in _NO_WORK:
            copies = event.name.startswith(("Memcpy", "Memset"))
            seconds["copies" if copies else "kernels"] += event.time_range.elapsed_us() / 1e6
    return seconds
