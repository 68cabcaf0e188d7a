"""Polygons in pixel coordinates: what a reader draws, made fit to be an outline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull

from MCDetect.errors import UsageError
from MCDetect.polygons import area

Outline = tuple[tuple[float, float], ...]

_SMALLEST_PIXELS = 4.0
_MOST_VERTICES = 400


def usable_outline(vertices: Sequence[tuple[float, float]], shape: tuple[int, int]) -> Outline:
    """Return a drawn polygon as an outline: inside the image, without repeated vertices, not crossing itself.

    A line that crosses itself (the ends of a free-hand line often do) is replaced by its convex hull.

    Parameters
    ----------
    vertices
        (row, column) in pixels.
    shape
        (rows, columns) of the image.

    Raises
    ------
    UsageError
        ``no-outline`` when it encloses nothing.
    """
    points = np.asarray(vertices, dtype=np.float64).reshape(-1, 2)
    failure = UsageError("no-outline", "The line encloses no area.", "Draw a closed line around the calcifications.")
    if len(points) < 3 or not np.isfinite(points).all():
        raise failure
    points = np.clip(points, -0.5, np.asarray(shape) - 0.5)
    points = points[np.abs(points - np.roll(points, 1, axis=0)).max(axis=1) > 0.25]
    if len(points) > _MOST_VERTICES:
        points = points[np.linspace(0, len(points) - 1, _MOST_VERTICES).astype(int)]
    if len(points) < 3 or np.linalg.matrix_rank(points - points[0], tol=1e-6) < 2:
        raise failure
    if crosses_itself(points):
        points = points[ConvexHull(points).vertices]
    if area(points) < _SMALLEST_PIXELS:
        raise failure
    return tuple((float(row), float(column)) for row, column in points)


def crosses_itself(points: npt.NDArray[np.float64]) -> bool:
    """Say whether two sides of a polygon that are not neighbours cross."""
    start, end = points, np.roll(points, -1, axis=0)
    side = _turn(start[:, None], end[:, None], start[None]), _turn(start[:, None], end[:, None], end[None])
    parted = side[0] * side[1] < 0  # [i, j]: the ends of side j lie on both sides of side i
    return bool((parted & parted.T).any())


def _turn(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], c: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    turn: npt.NDArray[np.float64] = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (
        c[..., 0] - a[..., 0]
    )
    return turn
