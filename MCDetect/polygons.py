"""Polygons, (n, 2) rows and columns in any unit: what lies inside, and how large they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def inside(points: npt.ArrayLike, polygon: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Say for each of ``points`` ((..., 2)) whether it lies in the polygon, by the even-odd rule."""
    tested, corners = np.asarray(points, dtype=np.float64), np.asarray(polygon, dtype=np.float64)
    row, column = tested[..., 0], tested[..., 1]
    found = np.zeros(row.shape, dtype=np.bool_)
    for (row0, column0), (row1, column1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if row0 != row1:
            crosses = (row0 > row) != (row1 > row)
            found ^= crosses & (column < column0 + (row - row0) * (column1 - column0) / (row1 - row0))
    return found


def contains(polygon: npt.ArrayLike, point: npt.ArrayLike) -> bool:
    """Tell whether ``point`` (2,) lies in the polygon, by the even-odd rule."""
    return bool(inside(point, polygon))


def area(polygon: npt.ArrayLike) -> float:
    """Return the area in the square of the polygon's unit."""
    corners = np.asarray(polygon, dtype=np.float64)
    rows, columns = (corners - corners[0]).T  # far from the origin digits would be lost
    return float(abs(np.dot(rows, np.roll(columns, 1)) - np.dot(columns, np.roll(rows, 1))) / 2)
