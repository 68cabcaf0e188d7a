"""Settings for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from support.display import a_display

# A shared machine may be slow for a moment; how long an example takes is no reason for a test to fail.
settings.register_profile("mcdetect", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mcdetect")

# Several test processes share the processor; more threads in each would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """Have one display for all tests of a process that draw: OpenGL cannot change its kind of screen half way."""
    with a_display():
        yield
