"""Settings for all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from support.display import a_display

# A shared machine may be slow for a moment; how long an example takes is no reason for a test to fail.
settings.register_profile("mcdetect", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mcdetect")

# Several test processes share the processor; more threads in each would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _children_end_quietly() -> Iterator[None]:
    """Take away the handler of ended children that PyTorch's loader of data sets for good where it has had processes.

    With libraries that set an alternate stack for signals beside it, the end of any child of a later test was the end
    of this process: the kernel finds no room for the frame of the handler.
    """
    yield
    if hasattr(signal, "SIGCHLD") and callable(signal.getsignal(signal.SIGCHLD)):  # Qt's own is none of Python's
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """Have one display for all tests of a process that draw: OpenGL cannot change its kind of screen half way."""
    with a_display():
        yield
