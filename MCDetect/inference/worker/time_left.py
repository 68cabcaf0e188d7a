"""How long a request will still take, learnt from the views that were done before."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from statistics import median

_SHARES = ((0.0, 0.0), (0.2, 0.5), (0.55, 0.65), (1.0, 1.0))
"""(fraction of a view as the detector reports it, share of the time it takes), measured on a CPU: until there is a
whole view to go by, preparing and reading count for half of it."""


class TimeLeft:
    """Seconds left of a request of several views.

    Parameters
    ----------
    now
        Seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._begun = now()
        self._views: deque[float] = deque(maxlen=8)

    def begin_view(self) -> None:
        """Take note that the next view is begun."""
        self._begun = self._now()

    def end_view(self) -> None:
        """Take note that the view is done by the networks, and of how long that took."""
        self._views.append(self._now() - self._begun)

    def estimate(self, views_after: int, fraction: float) -> float | None:
        """Return the seconds left, or None while nothing can be said.

        Parameters
        ----------
        views_after
            Views that come after the present one.
        fraction
            How far the present view is, 0 to 1.
        """
        spent = self._now() - self._begun
        if self._views:
            view = median(self._views)
            # A view that takes longer than those before is not nearly done for ever.
            left = max(view - spent, view * (1 - fraction) / 4)
        elif fraction > _SHARES[1][0]:
            view = spent / _share_of_time(fraction)
            left = view - spent
        else:
            return None
        return left + view * views_after


def _share_of_time(fraction: float) -> float:
    """Interpolate between the entries of the table."""
    for (low, share_low), (high, share_high) in pairwise(_SHARES):
        if fraction <= high:
            return share_low + (share_high - share_low) * (fraction - low) / (high - low)
    return 1.0
