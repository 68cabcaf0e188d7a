"""Where the labels of clusters stand: inside of the image, and so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from MCDetect.review.hanging import Flips

Place = tuple[float, float]

WIDTH_MM, HEIGHT_MM = 24.0, 7.0
"""Of a label where a whole image is seen on an ordinary screen; magnified, a label covers less of the breast."""

_IMAGE_MM = 240.0
"""Of the longer side of such an image; a smaller one is shown larger, so that a label covers less of it."""


class Label(NamedTuple):
    """A text that stands above its place (row, column), and runs to the right from it or ends there."""

    text: str
    place: Place
    runs_left: bool = False


class _Box(NamedTuple):
    """A rectangle in millimetres as it is seen."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def outside(self, width: float, height: float) -> float:
        return (
            max(0.0, -self.left) + max(0.0, self.right - width) + max(0.0, -self.top) + max(0.0, self.bottom - height)
        )


def placed(
    labels: Sequence[tuple[str, Sequence[Place]]],
    flips: Flips,
    spacing_mm: tuple[float, float],
    shape: tuple[int, int],
) -> list[Label]:
    """Return where each label stands.

    A label stands above the upper left corner of its cluster as it is seen and runs to the right, or above the upper
    right corner and runs to the left, or below, or further up or down: wherever it is inside of the image and covers
    no label before it. So the first, which have the highest scores, stand best.

    Parameters
    ----------
    labels
        Texts and outlines (row, column) of clusters.
    flips
        How the view is turned.
    spacing_mm
        (between rows, between columns).
    shape
        (rows, columns) of the image.
    """
    height, width = shape[0] * spacing_mm[0], shape[1] * spacing_mm[1]
    scale = min(1.0, max(height, width) / _IMAGE_MM)
    long, high = WIDTH_MM * scale, HEIGHT_MM * scale
    taken: list[_Box] = []
    found: list[Label] = []
    for text, outline in labels:
        rows, columns = zip(*outline, strict=True)
        down = [height - row * spacing_mm[0] if flips.vertical else row * spacing_mm[0] for row in rows]
        across = [width - c * spacing_mm[1] if flips.horizontal else c * spacing_mm[1] for c in columns]
        best: tuple[float, _Box, bool] | None = None
        for y in (min(down), max(down) + high, min(down) - high, max(down) + 2 * high):
            for left, runs_left in ((min(across), False), (max(across) - long, True)):
                box = _Box(left, y - high, left + long, y)
                cost = box.outside(width, height) + long * any(box.overlaps(other) for other in taken)
                if best is None or cost < best[0]:
                    best = cost, box, runs_left
        assert best is not None
        _, box, runs_left = best
        taken.append(box)
        x = box.right if runs_left else box.left
        place = (
            (height - box.bottom if flips.vertical else box.bottom) / spacing_mm[0],
            (width - x if flips.horizontal else x) / spacing_mm[1],
        )
        found.append(Label(text, place, runs_left))
    return found
