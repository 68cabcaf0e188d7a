"""Several processes that train one network (``torchrun``); with one process everything here is a formality.

Start with ``torchrun --nproc-per-node N -m MCDetect train ...``. Each process takes its share of every batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch import nn

Value = TypeVar("Value")


@contextmanager
def processes(device_type: str = "cpu") -> Iterator[None]:
    """Join the other processes if ``torchrun`` started several, and leave them at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    import torch.distributed as dist

    dist.init_process_group("nccl" if device_type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def count() -> int:
    """Return the number of processes."""
    import torch.distributed as dist

    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0."""
    import torch.distributed as dist

    return dist.get_rank() if count() > 1 else 0


def from_first(value: Value) -> Value:
    """Return the value that the first process gave."""
    if count() == 1:
        return value
    import torch.distributed as dist

    values = [value]
    dist.broadcast_object_list(values, src=0)
    return values[0]


def from_all(value: Any) -> list[Any]:
    """Return the values of all processes, in order."""
    if count() == 1:
        return [value]
    import torch.distributed as dist

    values: list[Any] = [None] * count()
    dist.all_gather_object(values, value)
    return values


def joined(network: nn.Module) -> nn.Module:
    """Return the network with gradients that are averaged over all processes."""
    if count() == 1:
        return network
    from torch.nn.parallel import DistributedDataParallel

    return DistributedDataParallel(network)


def wait() -> None:
    """Wait until all processes are here."""
    if count() > 1:
        import torch.distributed as dist

        dist.barrier()
