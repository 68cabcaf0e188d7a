"""How fast the processor is at the moment: limits in processor time hold for the computer where they were set."""

from __future__ import annotations

import time

_USUAL = 0.0017
"""Processor seconds of the reference where the limits were set (AMD EPYC, Zen 5, Python 3.11)."""


def slowness() -> float:
    """Return how much longer a piece of work takes now than where the limits were set; 1 at least.

    Processors that share their core with other programs do half as much in a second of processor time.
    """
    seconds = []
    for _ in range(3):
        begun = time.thread_time()
        sum(number * number for number in range(50_000))
        seconds.append(time.thread_time() - begun)
    return max(1.0, min(seconds) / _USUAL)
