"""Trying again after failures that may pass."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from MCDetect.errors import MCDetectError

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0


class PassingError(MCDetectError):
    """A failure that may be gone in a moment: nothing listening, a lost connection, a peer that is busy."""


class BackOff:
    """Waits longer after each failure in a row, and gives up after some.

    Parameters
    ----------
    attempts
        How many failures in a row are one too many.
    say
        Called with a sentence before each wait.
    """

    def __init__(self, attempts: int, say: Callable[[str], None]) -> None:
        self._attempts = attempts
        self._say = say
        self._failures = 0

    def succeeded(self) -> None:
        """Begin to count anew."""
        self._failures = 0

    def failed(self, error: PassingError) -> None:
        """Wait, or raise ``error`` where it was the last attempt."""
        self._failures += 1
        if self._failures >= self._attempts:
            raise error
        # Scattered, so that many senders that a restart of the PACS cut off do not all come back at once.
        wait = min(FIRST_WAIT_S * 2 ** (self._failures - 1), LONGEST_WAIT_S) * random.uniform(0.75, 1.25)
        self._say(f"{error.message} Trying again in {wait:.0f} s.")
        time.sleep(wait)
