"""Zoom and pan of a slice view. Positions (x, y) are pixels of the screen from the lower left corner of the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LARGEST_MM_PER_PIXEL = 2.0
SMALLEST_MM_PER_PIXEL = 0.002


@dataclass(frozen=True)
class Move:
    """A change of what is seen: the middle goes right and up on the screen, then all is ``scale`` times as wide."""

    right_mm: float = 0.0
    up_mm: float = 0.0
    scale: float = 1.0

    @property
    def mirrored(self) -> Move:
        """The same move in a view that is the mirror image."""
        return Move(-self.right_mm, self.up_mm, self.scale)


def mm_per_pixel(node: Any) -> float:
    """Return how many millimetres a pixel of the screen shows."""
    across = node.GetDimensions()[0]
    return float(node.GetFieldOfView()[0]) / across if across else 1.0


def apply(node: Any, move: Move) -> None:
    """Change what a slice view shows."""
    was = node.StartModify()
    matrix = node.GetSliceToRAS()
    for axis in range(3):
        moved = move.right_mm * matrix.GetElement(axis, 0) + move.up_mm * matrix.GetElement(axis, 1)
        matrix.SetElement(axis, 3, matrix.GetElement(axis, 3) + moved)
    width, height, depth = node.GetFieldOfView()
    node.SetFieldOfView(width * move.scale, height * move.scale, depth)
    node.UpdateMatrices()
    node.EndModify(was)


def zoom_about(node: Any, x: float, y: float, scale: float) -> Move:
    """Return the move that makes all ``scale`` as wide and keeps what is at (x, y) where it is."""
    now = mm_per_pixel(node)
    scale = min(max(scale, SMALLEST_MM_PER_PIXEL / now), LARGEST_MM_PER_PIXEL / now)
    across, down = node.GetDimensions()[:2]
    kept = 1.0 - scale
    return Move((x - across / 2) * now * kept, (y - down / 2) * now * kept, scale)


def pan_by(node: Any, right: float, up: float) -> Move:
    """Return the move that shifts the picture by pixels of the screen."""
    now = mm_per_pixel(node)
    return Move(-right * now, -up * now)
