"""How fast something goes: the rate of what was completed last, and the time that is left at this rate."""

from __future__ import annotations

import time
from collections import deque

_REMEMBERED = 500


class Rate:
    """Computed from the last completions; begins when it is made.

    Parameters
    ----------
    remembered
        How many completions count.
    """

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._moments: deque[float] = deque([time.monotonic()], maxlen=remembered + 1)

    def tick(self) -> None:
        """Take note that one more is completed."""
        self._moments.append(time.monotonic())

    @property
    def per_hour(self) -> float | None:
        """Completions an hour; None before the first."""
        elapsed = self._moments[-1] - self._moments[0]
        return (len(self._moments) - 1) / elapsed * 3600 if elapsed > 0 else None

    def seconds_for(self, number: int) -> float | None:
        """Return how long ``number`` more will take; None where there is no rate yet."""
        per_hour = self.per_hour
        return None if per_hour is None else number / per_hour * 3600
