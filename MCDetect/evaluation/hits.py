"""When a candidate has found a cluster: two published criteria, exact for polygons.

Results move with the criterion, so both are published: the candidate's centre lies inside the truth's outline dilated
by 5 mm, or the outlines overlap with an intersection over union of at least 0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MCDetect.polygons import contains, inside

Outline = Sequence[tuple[float, float]]
"""Vertices (row, column) in pixels; the last is joined to the first."""

CENTRE_TOLERANCE_MM = 5.0
MINIMUM_OVERLAP = 0.2

_OVERLAP_CELL_MM = 0.1  # outlines are millimetres wide


@dataclass(frozen=True)
class Candidate:
    """A cluster that was found: its outline in pixels and its score."""

    outline: tuple[tuple[float, float], ...]
    score: float


@dataclass(frozen=True)
class Truth:
    """A cluster that is there.

    ``counted`` is False for one that need not be found, e.g. below the noise: a candidate there is neither right nor
    wrong.
    """

    outline: tuple[tuple[float, float], ...]
    counted: bool = True


Criterion = Callable[[Candidate, Truth, tuple[float, float]], bool]
"""Called with a candidate, a truth and the pixel spacing in mm (between rows, between columns)."""


def centre_inside(candidate: Candidate, truth: Truth, spacing_mm: tuple[float, float]) -> bool:
    """Tell whether the candidate's centre is inside the truth's outline or at most 5 mm from it.

    The centre is the middle of the bounding box of the candidate's outline.
    """
    points = _millimetres(candidate.outline, spacing_mm)
    centre = 0.5 * (points.min(axis=0) + points.max(axis=0))
    polygon = _millimetres(truth.outline, spacing_mm)
    return contains(polygon, centre) or distance_to_outline(polygon, centre) <= CENTRE_TOLERANCE_MM


def overlaps(candidate: Candidate, truth: Truth, spacing_mm: tuple[float, float]) -> bool:
    """Tell whether the intersection over union of the outlines is at least 0.2 (:func:`intersection_over_union`)."""
    return intersection_over_union(candidate.outline, truth.outline, spacing_mm) >= MINIMUM_OVERLAP


def touches_or_centre_inside(candidate: Candidate, truth: Truth, spacing_mm: tuple[float, float]) -> bool:
    """Tell whether the outlines touch, or :func:`centre_inside` holds.

    For the tiles of a classifier, which is taught that a tile with any part of a region is positive: such a tile is
    wider than a centimetre, and its middle says little of where in it the region is.
    """
    return centre_inside(candidate, truth, spacing_mm) or _touch(
        _millimetres(candidate.outline, spacing_mm), _millimetres(truth.outline, spacing_mm)
    )


def _touch(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> bool:
    """Tell whether two polygons have a point in common: one holds a corner of the other, or their sides cross."""
    lows, highs = np.maximum(first.min(axis=0), second.min(axis=0)), np.minimum(first.max(axis=0), second.max(axis=0))
    if np.any(lows > highs):
        return False
    return bool(contains(first, second[0]) or contains(second, first[0]) or _sides_cross(first, second))


def _sides_cross(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> bool:
    """Tell whether any side of one polygon meets any side of the other: the ends of each lie on both sides of it."""
    starts, others = first[:, None], second[None]
    along, across = np.roll(first, -1, axis=0)[:, None] - starts, np.roll(second, -1, axis=0)[None] - others

    def parts(direction: npt.NDArray[np.float64], ends: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return on which side of a line, below or above zero, points lie."""
        return np.asarray(direction[..., 0] * ends[..., 1] - direction[..., 1] * ends[..., 0])

    of_second = parts(along, others - starts) * parts(along, others + across - starts) <= 0
    of_first = parts(across, starts - others) * parts(across, starts + along - others) <= 0
    # Of sides on one line the products say nothing: what these boxes have in common does.
    apart = (np.maximum(starts, starts + along) < np.minimum(others, others + across)) | (
        np.maximum(others, others + across) < np.minimum(starts, starts + along)
    )
    return bool((of_second & of_first & ~apart.any(axis=-1)).any())


def intersection_over_union(first: Outline, second: Outline, spacing_mm: tuple[float, float]) -> float:
    """Return the intersection over union of two outlines, sampled at the middles of cells of 0.1 mm."""
    polygons = [_millimetres(outline, spacing_mm) for outline in (first, second)]
    lows, highs = ([extreme(polygon, axis=0) for polygon in polygons] for extreme in (np.min, np.max))
    if np.any(np.maximum(*lows) > np.minimum(*highs)):
        return 0.0
    low, high = np.minimum(*lows), np.maximum(*highs)
    rows, columns = (
        np.arange(start + _OVERLAP_CELL_MM / 2, stop, _OVERLAP_CELL_MM) for start, stop in zip(low, high, strict=True)
    )
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    within = [inside(grid, polygon) for polygon in polygons]
    union = np.count_nonzero(within[0] | within[1])
    return float(np.count_nonzero(within[0] & within[1]) / union) if union else 0.0


def distance_to_outline(polygon: npt.NDArray[np.float64], point: npt.NDArray[np.float64]) -> float:
    """Return the distance from ``point`` to the nearest side of ``polygon``."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    side = end - start
    length = np.maximum((side**2).sum(axis=1), 1e-12)
    along = np.clip(((point - start) * side).sum(axis=1) / length, 0, 1)
    nearest = start + along[:, None] * side
    return float(np.sqrt(((point - nearest) ** 2).sum(axis=1)).min())


def _millimetres(outline: Outline, spacing_mm: tuple[float, float]) -> npt.NDArray[np.float64]:
    points: npt.NDArray[np.float64] = np.asarray(outline, dtype=float) * np.asarray(spacing_mm)
    return points
