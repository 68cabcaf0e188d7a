"""What a view needs before it can be shown; done beside the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from MCDetect.review.display import ViewDisplay
from MCDetect.review.overlay.overlay import ReviewOverlay
from MCDetect.review.reduction import FACTORS, Box, reduced, visible_box

_MARGIN_MM = 4.0


@dataclass(frozen=True)
class Prepared:
    """What a view needs before it can be shown: its pixels, smaller pictures of them, and where they are not black."""

    display: ViewDisplay
    reduced: dict[int, Any]
    box: Box


def prepare(overlay: ReviewOverlay, key: str) -> Prepared:
    """Read a view, and make of it what is shown."""
    display = overlay.prepare(key)
    row_mm, column_mm = overlay.session.examination.view(key).spacing.millimetres
    margin = (_MARGIN_MM / row_mm, _MARGIN_MM / column_mm)
    smaller = {factor: reduced(display.values, factor) for factor in FACTORS if min(display.values.shape) >= 2 * factor}
    return Prepared(display, smaller, visible_box(display.values, display.window, display.level, margin))
