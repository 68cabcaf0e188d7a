"""How many worker processes this computer gets, and which GPU each of them sees."""

from __future__ import annotations

import os
from collections.abc import Sequence

MEMORY_PER_WORKER = 1.5 * 2**30
"""Bytes set aside for a worker. For views of 8.5 megapixels with all formats 0.85 GB were measured
(docs/performance.md); the rest is for larger views and for the system."""

VISIBLE = "CUDA_VISIBLE_DEVICES"


def worker_count(count: int | None, gpus: int, core_count: int, memory: float) -> int:
    """Return how many processes are started: ``count``, or one a GPU, or one a core as far as the memory goes.

    A second process on a GPU has to wait for the first, and takes some hundred megabytes of its memory.
    """
    return count or gpus or max(1, min(core_count, int(memory // MEMORY_PER_WORKER)))


def gpu_of_each(number: int, gpus: Sequence[str]) -> list[str]:
    """Return what each of ``number`` processes has as CUDA_VISIBLE_DEVICES; nothing where there are no GPUs."""
    return [gpus[index % len(gpus)] for index in range(number)] if gpus else []


def named_gpus(setting: str | None, number: int) -> list[str]:
    """Return the name of each of ``number`` GPUs that a process sees with CUDA_VISIBLE_DEVICES; None: it is not set.

    What CUDA does not take of the list stands at its end: it reads it as far as the first name that is wrong.
    """
    names = [str(index) for index in range(number)] if setting is None else setting.split(",")
    return [name.strip() for name in names[:number]]


def visible_gpus(device: str) -> list[str]:
    """Return the names of the GPUs that a device of ``--device`` means on this computer."""
    if device not in ("auto", "cuda"):
        return []
    try:
        import torch
    except ImportError:  # the workers say so
        return []
    return named_gpus(os.environ.get(VISIBLE), torch.cuda.device_count())
