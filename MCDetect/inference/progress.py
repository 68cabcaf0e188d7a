"""How far a detection is: what the progress bar, the JSON lines and the viewer show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One message about the state of a call over several images.

    ``done`` of ``total`` images are finished; ``source`` is the one at work; ``stage`` says what is done to it in a
    few words; ``fraction`` (0 to 1) is how far that image is, 0 once it counts as finished. So
    ``(done + fraction) / total`` is how far the whole call is, and never goes back.
    """

    done: int
    total: int
    source: str
    stage: str
    fraction: float


Report = Callable[[Progress], None]
StageReport = Callable[[str, float], None]
"""Called with (stage, fraction) by code that knows of one image only."""


def silent(stage: str, fraction: float) -> None:
    """Report nothing."""
