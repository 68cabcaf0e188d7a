"""Lines of the overlay as arrays: exact borders of masks, rings, outlines, dashes and ticks.

All take and give (row, column) in pixels; a set of lines is an array (n, 2, 2) of segments (start and end).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from MCDetect.findings import Calcification

Segments = npt.NDArray[np.float64]

NOTHING: Segments = np.zeros((0, 2, 2))
RING_MARGIN_MM = 0.25
SMALLEST_RING_MM = 0.45
_CORNERS = 20


def border(calcification: Calcification) -> Segments:
    """Return the border of the mask along the edges of its pixels: exactly the pixels, nothing rounded."""
    pixels = np.array(
        [(row, column + k) for row, column, length in calcification.runs for k in range(length)], dtype=np.int64
    )
    low = pixels.min(axis=0) - 1
    mask = np.zeros(pixels.max(axis=0) - low + 2, dtype=np.bool_)
    mask[tuple((pixels - low).T)] = True
    above = np.argwhere(mask[:-1] != mask[1:]) + low
    beside = np.argwhere(mask[:, :-1] != mask[:, 1:]) + low
    # Pixel centres are whole numbers, so the edges of pixels lie half a pixel away.
    horizontal = above[:, None] + np.array([[0.5, -0.5], [0.5, 0.5]])
    vertical = beside[:, None] + np.array([[-0.5, 0.5], [0.5, 0.5]])
    segments: Segments = np.concatenate([horizontal, vertical])
    return segments


def borders(calcifications: Sequence[Calcification]) -> Segments:
    """Return the borders of all masks."""
    return joined([border(calcification) for calcification in calcifications])


def rings(calcifications: Sequence[Calcification], spacing_mm: tuple[float, float]) -> Segments:
    """Return a ring round each calcification that leaves it free."""
    if not calcifications:
        return NOTHING
    centres = np.array([(c.row, c.column) for c in calcifications])
    radii = np.array([max(c.diameter_mm / 2 + RING_MARGIN_MM, SMALLEST_RING_MM) for c in calcifications])
    angles = np.arange(_CORNERS) * (2 * math.pi / _CORNERS)
    circle = np.stack([np.sin(angles), np.cos(angles)], axis=1) / np.asarray(spacing_mm)
    corners = centres[:, None] + radii[:, None, None] * circle[None]
    segments: Segments = np.stack([corners, np.roll(corners, -1, axis=1)], axis=2).reshape(-1, 2, 2)
    return segments


def closed(outline: Sequence[tuple[float, float]]) -> Segments:
    """Return the sides of a polygon."""
    corners = np.asarray(outline, dtype=np.float64)
    segments: Segments = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    return segments


def dashed(
    outline: Sequence[tuple[float, float]], spacing_mm: tuple[float, float], dash_mm: float = 1.0, gap_mm: float = 1.0
) -> Segments:
    """Return the sides of a polygon as dashes."""
    at, place = _along(outline, spacing_mm)
    period = dash_mm + gap_mm
    starts = np.arange(0.0, at[-1], period)
    # Between two breaks (vertices, and ends of dashes) the line is straight and either drawn or not.
    breaks = np.unique(np.concatenate([at, starts, np.minimum(starts + dash_mm, at[-1])]))
    middle = (breaks[:-1] + breaks[1:]) / 2
    points = np.stack([np.interp(breaks, at, place[:, 0]), np.interp(breaks, at, place[:, 1])], axis=1)
    segments: Segments = np.stack([points[:-1], points[1:]], axis=1)[middle % period < dash_mm]
    return segments


def ticks(
    outline: Sequence[tuple[float, float]],
    spacing_mm: tuple[float, float],
    length_mm: float = 0.8,
    every_mm: float = 2.0,
) -> Segments:
    """Return short strokes across a polygon: the sign of an outline that a reader drew."""
    at, place = _along(outline, spacing_mm)
    where = np.arange(every_mm / 2, at[-1], every_mm)
    side = np.clip(np.searchsorted(at, where, side="right") - 1, 0, len(at) - 2)
    spacing = np.asarray(spacing_mm)
    direction = (place[side + 1] - place[side]) * spacing
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    across = np.stack([-direction[:, 1], direction[:, 0]], axis=1) * (length_mm / 2) / spacing
    points = np.stack([np.interp(where, at, place[:, 0]), np.interp(where, at, place[:, 1])], axis=1)
    segments: Segments = np.stack([points - across, points + across], axis=1)
    return segments


def joined(parts: Sequence[Segments]) -> Segments:
    """Return all segments as one array."""
    return np.concatenate(parts) if parts else NOTHING


def _along(
    outline: Sequence[tuple[float, float]], spacing_mm: tuple[float, float]
) -> tuple[npt.NDArray[np.float64], Segments]:
    """Return the length in mm at each vertex of a polygon, back to the first one, and the vertices."""
    corners = np.asarray([*outline, outline[0]], dtype=np.float64)
    lengths = np.linalg.norm(np.diff(corners, axis=0) * np.asarray(spacing_mm), axis=1)
    return np.concatenate([[0.0], np.cumsum(lengths)]), corners
