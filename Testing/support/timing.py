"""Time of a call, by the clock and in seconds of processors."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple


class Seconds(NamedTuple):
    clock: float
    processor: float


def least_seconds(call: Callable[[], object], rounds: int) -> Seconds:
    """Return the least of several times, each kind by itself; other programs only add to it."""
    clock, processor = [], []
    for _ in range(rounds):
        start = time.perf_counter(), time.process_time()
        call()
        clock.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
    return Seconds(min(clock), min(processor))
