"""A short measured trial of back ends on a network."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from MCDetect.inference.backends.interface import Backend, RunNetwork
from MCDetect.inference.backends.precision import BF16, FP32

if TYPE_CHECKING:
    from torch import nn

LARGEST_DIFFERENCE = {FP32: 1e-4, BF16: 0.5}
"""In logits: a back end that differs more from PyTorch in the same precision is not taken, however fast."""

_SHAPE = (512, 768)  # a strip of a small view
_ROUNDS = 3
_CLEARLY = 0.95  # PyTorch stays where another is not at least 5 % faster

logger = logging.getLogger(__name__)


def fastest(reference: Backend, others: Sequence[Backend], network: nn.Module) -> tuple[Backend, dict[str, float]]:
    """Return the fastest back end and the seconds each took for a strip.

    The back ends take turns, and the least of several times counts, so that what else the computer does falls on all.

    Parameters
    ----------
    reference
        PyTorch.
    others
        Those to compare with it; one that fails or differs is left out.
    network
        See ``interface.Backend.compile``.
    """
    image = np.random.default_rng(0).normal(0, 0.5, _SHAPE).astype(np.float32)
    backends = {reference.name: reference}
    runs: dict[str, RunNetwork] = {reference.name: reference.compile(network)}
    expected = runs[reference.name](image).copy()
    for backend in others:
        try:
            run = backend.compile(network)
            difference = float(np.abs(run(image) - expected).max())
        except Exception:  # a broken installation of an optional package must not cost the findings
            logger.debug("The back end %s cannot be used.", backend.name, exc_info=True)
            continue
        if not difference <= LARGEST_DIFFERENCE[reference.precision]:
            logger.warning("The back end %s is not used: it differs by %.2g in logits.", backend.name, difference)
            continue
        backends[backend.name], runs[backend.name] = backend, run
    seconds = dict.fromkeys(runs, np.inf)
    for _ in range(_ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run(image)
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    best = min(seconds, key=seconds.__getitem__)
    if seconds[best] > _CLEARLY * seconds[reference.name]:
        best = reference.name
    return backends[best], seconds
