"""What a node tells of images that come and that are turned away, counted."""

from __future__ import annotations

from collections import Counter


class Tally:
    """Counts what a server tells."""

    def __init__(self) -> None:
        self.taken: list[bool] = []
        self.away: Counter[str] = Counter()

    def received(self, size: int, seconds: float, *, new: bool) -> None:
        self.taken.append(new)

    def turned_away(self, reason: str) -> None:
        self.away[reason] += 1
