"""A PACS that is away for a while: growing pauses, and an end of patience."""

from __future__ import annotations

import random
from collections.abc import Callable

from MCDetect.dicom.pacs import back_off
from MCDetect.errors import MCDetectError
from MCDetect.findings import Refusal

LONGEST_OUTAGE_S = 1800.0
"""Pauses, all together, after which a PACS that has answered before is given up."""

MOST_AT_FIRST = 3
"""Pauses for one that has not answered yet: its address may be wrong."""


class Outage:
    """Counts failures in a row and says how long to pause after each.

    Parameters
    ----------
    name
        What the PACS is called.
    say
        Called with a sentence when it begins and when it ends.
    """

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self._name = name
        self._say = say
        self._has_answered = False
        self._failures, self._paused_s = 0, 0.0

    @property
    def lasts(self) -> bool:
        """Whether the last query failed."""
        return self._failures > 0

    def failed(self, error: MCDetectError) -> float | None:
        """Return for how many seconds to pause; None where it is enough."""
        if self._paused_s >= LONGEST_OUTAGE_S or (not self._has_answered and self._failures >= MOST_AT_FIRST):
            return None
        if not self.lasts:
            self._say(f"{error.message} What is left is asked for again after pauses.")
        pause: float = min(back_off.FIRST_WAIT_S * 2.0 ** min(self._failures, 32), back_off.LONGEST_WAIT_S)
        pause *= random.uniform(0.75, 1.25)
        self._failures += 1
        self._paused_s += pause
        return pause

    def ended(self) -> None:
        """Take note that the PACS has answered."""
        if self._failures > 1:
            self._say(f"The node {self._name!r} answers again.")
        self._has_answered = True
        self._failures, self._paused_s = 0, 0.0

    def told(self, error: MCDetectError, left: int) -> Refusal:
        """Return what is told of the queries that are left."""
        return Refusal(
            "queries",
            error.code,
            f"{error.message} Queries left unanswered: {left}.",
            "Start again when it answers: what is complete is kept and not fetched again.",
        )
