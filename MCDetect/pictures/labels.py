"""Where a label goes: close to what it names, inside the picture, and over no calcification."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_DIRECTIONS = 16


@dataclass(frozen=True)
class Box:
    """A rectangle on a picture, in pixels; ``right`` and ``bottom`` are the first outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y)."""
        return 0.5 * (self.left + self.right), 0.5 * (self.top + self.bottom)

    def overlaps(self, other: Box) -> bool:
        """Whether the two share any area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def contains(self, other: Box) -> bool:
        """Whether ``other`` lies inside entirely."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]], margin: float = 0.0) -> Box:
        """Return the smallest box that holds all (x, y) ``points``, with a margin."""
        xs, ys = zip(*points, strict=True)
        return cls(min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin)


def place_label(
    target: Box,
    size: tuple[float, float],
    canvas: Box,
    *,
    forbidden: Sequence[Box],
    undesired: Sequence[Box],
    gap: float,
) -> Box | None:
    """Return a place for a label near ``target``.

    Places round the target are tried in growing distance, the right side first. The first that lies on the canvas
    and touches nothing ``forbidden`` nor ``undesired`` is taken; where there is none, the first that touches nothing
    ``forbidden``.

    Parameters
    ----------
    target
        The thing the label names; the label lies outside of it.
    size
        (width, height) of the label.
    canvas
        What the label may not leave.
    forbidden
        What the label may not cover (calcifications, other labels).
    undesired
        What it should not cover (outlines of other clusters).
    gap
        Least distance between label and target.

    Returns
    -------
    Box or None
        None when there is no such place anywhere round the target.
    """
    width, height = size
    second_best: Box | None = None
    reach = math.hypot(canvas.right - canvas.left, canvas.bottom - canvas.top)
    distance = gap
    while distance <= reach:
        for candidate in _ring(target, width, height, distance):
            if not canvas.contains(candidate) or any(map(candidate.overlaps, forbidden)):
                continue
            if not any(map(candidate.overlaps, undesired)):
                return candidate
            second_best = second_best or candidate
        distance += max(gap, 0.5 * height)
    return second_best


def _ring(target: Box, width: float, height: float, distance: float) -> Iterable[Box]:
    """Yield boxes of a size all round the target, ``distance`` away from it."""
    x, y = target.centre
    half_width = 0.5 * (target.right - target.left + width) + distance
    half_height = 0.5 * (target.bottom - target.top + height) + distance
    for step in range(_DIRECTIONS):
        # 0, +1, -1, +2, -2, ...: right first, left last.
        turn = (step + 1) // 2 * (1 if step % 2 else -1)
        angle = 2 * math.pi * turn / _DIRECTIONS
        # Blow the unit circle up to a square, so that boxes lie along the sides of the target.
        across, down = math.cos(angle), math.sin(angle)
        longest = max(abs(across), abs(down))
        centre_x, centre_y = x + half_width * across / longest, y + half_height * down / longest
        left, top = centre_x - 0.5 * width, centre_y - 0.5 * height
        yield Box(left, top, left + width, top + height)
