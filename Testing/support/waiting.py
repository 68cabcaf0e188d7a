"""Waiting for what happens in another thread or process, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float = 400.0) -> None:
    """Return once a condition holds; fail after so many seconds, which are never waited for when all is well."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
