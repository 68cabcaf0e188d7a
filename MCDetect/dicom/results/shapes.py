"""Centres and extents of runs; outlines of any graphic type to polygons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import pdist

from MCDetect.runs import Runs, cropped

Outline = tuple[tuple[float, float], ...]

_CORNERS = 24  # of a polygon that stands for a circle or an ellipse


def centre_of(runs: Runs) -> tuple[float, float]:
    """Return the mean (row, column) of the pixels of ``runs``."""
    count = sum(length for _, _, length in runs)
    row = sum(row * length for row, _, length in runs) / count
    column = sum((first + (length - 1) / 2) * length for _, first, length in runs) / count
    return row, column


def longest_extent(runs: Sequence[tuple[int, int, int]], spacing_mm: tuple[float, float]) -> float:
    """Return the longest distance between outer corners of the pixels of ``runs`` in mm."""
    ends = [(row + down, column) for row, first, n in runs for down in (0, 1) for column in (first, first + n)]
    points = np.array(ends, dtype=np.float64) * np.asarray(spacing_mm)
    return float(pdist(points).max())


def longest_across(outline: Outline, spacing_mm: tuple[float, float]) -> float:
    """Return the longest distance between corners of a polygon in mm."""
    return float(pdist(np.array(outline, dtype=np.float64) * np.asarray(spacing_mm)).max())


def area_of(outline: Outline) -> float:
    """Return the area of a polygon in square pixels."""
    rows, columns = np.array(outline, dtype=np.float64).T
    return float(abs(np.dot(rows, np.roll(columns, 1)) - np.dot(columns, np.roll(rows, 1))) / 2)


def outline_of_graphic(graphic_type: str, data: Sequence[float]) -> Outline | None:
    """Return a polygon of (row, column) for a DICOM POLYLINE, CIRCLE or ELLIPSE (PS3.3, section C.18.6.1.2), or None.

    DICOM coordinates are (column, row) with the corner of the first pixel at (0, 0).
    """
    points = np.array(data, dtype=np.float64).reshape(-1, 2)[:, ::-1] - 0.5
    if not np.isfinite(points).all():
        return None
    if graphic_type == "POLYLINE":
        closed = len(points) > 1 and np.array_equal(points[0], points[-1])
        points = points[:-1] if closed else points
    elif graphic_type == "CIRCLE" and len(points) == 2:
        radius = float(np.linalg.norm(points[1] - points[0]))
        points = _ellipse(points[0], np.array([radius, 0.0]), np.array([0.0, radius]))
    elif graphic_type == "ELLIPSE" and len(points) == 4:
        points = _ellipse(points.mean(axis=0), (points[1] - points[0]) / 2, (points[3] - points[2]) / 2)
    else:
        return None
    return _polygon(points) if len(points) >= 3 else None


def outline_of_mask(mask: npt.NDArray[Any]) -> Outline | None:
    """Return a polygon that holds the pixels of a mask and as few others as its convex hull has, or None if empty.

    Only a segmentation without its report needs this: the hull through the centres of the outermost pixels.
    """
    from scipy.spatial import ConvexHull, QhullError

    inner, origin = cropped(mask)
    pixels = (np.argwhere(inner) + origin).astype(np.float64)
    if len(pixels) == 0:
        return None
    try:
        return _polygon(pixels[ConvexHull(pixels).vertices])
    except QhullError:  # a line of pixels or a single one
        return outline_round(pixels, 0.5)


def outline_round(points: npt.NDArray[np.float64], margin: float) -> Outline:
    """Return the rectangle round ``points`` (n, 2) with a margin, both in pixels."""
    (top, left), (bottom, right) = points.min(axis=0) - margin, points.max(axis=0) + margin
    return _polygon(np.array([(top, left), (top, right), (bottom, right), (bottom, left)]))


def _ellipse(
    centre: npt.NDArray[np.float64], major: npt.NDArray[np.float64], minor: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    angles = np.arange(_CORNERS) * (2 * math.pi / _CORNERS)
    points: npt.NDArray[np.float64] = centre + np.outer(np.cos(angles), major) + np.outer(np.sin(angles), minor)
    return points


def _polygon(points: npt.NDArray[np.float64]) -> Outline:
    return tuple((float(row), float(column)) for row, column in points)
