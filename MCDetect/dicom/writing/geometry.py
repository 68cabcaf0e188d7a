"""From findings to pixels and to DICOM coordinates.

Findings have (row, column) with the centre of the first pixel at (0, 0). DICOM graphic coordinates are (column, row)
with the top left *corner* of the first pixel at (0, 0), so its centre is at (0.5, 0.5) and the bottom right corner of
the image at (columns, rows) (PS3.3, sections C.18.6.1.1 and C.10.5.1.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from MCDetect.errors import OutputError
from MCDetect.findings import Calcification, Cluster, ImageFindings
from MCDetect.runs import Run, mask_of_runs

Mask = npt.NDArray[np.bool_]
Coordinates = npt.NDArray[np.float64]


def calcification_mask(image: ImageFindings, calcifications: Iterable[Calcification]) -> Mask:
    """Return the pixels of ``calcifications``, bool, (rows, columns).

    Raises
    ------
    OutputError
        ``invalid-findings`` if a run leaves the image.
    """
    runs: list[Run] = []
    for calcification in calcifications:
        for row, first, length in calcification.runs:
            if not (0 <= row < image.rows and 0 <= first < first + length <= image.columns):
                raise OutputError("invalid-findings", f"Calcification {calcification.id} lies outside of its image.")
        runs += calcification.runs
    return mask_of_runs(runs, (image.rows, image.columns))


def region_mask(image: ImageFindings, cluster: Cluster) -> Mask:
    """Return the pixels whose centre lies inside the outline of ``cluster`` or on it, bool, (rows, columns)."""
    mask = np.zeros((image.rows, image.columns), dtype=bool)
    # Only the pixels between the outermost vertices are looked at; the rest of a new array costs nothing.
    outline = cluster.outline
    top, bottom = _whole_between([row for row, _ in outline], image.rows)
    left, right = _whole_between([column for _, column in outline], image.columns)
    window = mask[top:bottom, left:right]
    inside, border = np.zeros_like(window), np.zeros_like(window)
    columns = np.arange(left, right)
    for (row, column), (next_row, next_column) in zip(outline, (*outline[1:], outline[0]), strict=True):
        first, last = _whole_between((row, next_row), image.rows)
        span = slice(first - top, last - top)
        rows = np.arange(first, last)[:, np.newaxis]
        # Positive on one side of the edge, negative on the other, 0 along it.
        side = (next_row - row) * (columns - column) - (next_column - column) * (rows - row)
        is_right_of_edge = side > 0 if next_row > row else side < 0
        inside[span] ^= ((row <= rows) != (next_row <= rows)) & is_right_of_edge
        nearest, furthest = sorted((column, next_column))
        border[span] |= (side == 0) & (columns >= nearest) & (columns <= furthest)
    np.logical_or(inside, border, out=window)
    return mask


def _whole_between(ends: Sequence[float], length: int) -> tuple[int, int]:
    """Return the first of the indices below ``length`` from the least to the largest of ``ends``, and that after."""
    first = min(length, max(0, math.ceil(min(ends))))
    return first, max(first, min(length, math.floor(max(ends)) + 1))


def graphic_point(image: ImageFindings, row: float, column: float) -> Coordinates:
    """Return a point as DICOM (column, row), (1, 2), not outside the image."""
    return _inside(image, np.array([[column + 0.5, row + 0.5]]))


def graphic_outline(image: ImageFindings, cluster: Cluster) -> Coordinates:
    """Return the outline as a closed DICOM polyline, (vertices + 1, 2), not outside the image.

    An outline has a margin around its calcifications; where that margin leaves the image it is cut at the border,
    because DICOM has no coordinates out there.
    """
    vertices = np.array([(column + 0.5, row + 0.5) for row, column in cluster.outline])
    inside = _inside(image, vertices)
    return np.concatenate([inside, inside[:1]])


def graphic_frame(image: ImageFindings) -> Coordinates:
    """Return the border of the whole image as a closed DICOM polyline, (5, 2)."""
    rows, columns = image.rows, image.columns
    return np.array([(0, 0), (columns, 0), (columns, rows), (0, rows), (0, 0)], dtype=np.float64)


def graphic_circle(image: ImageFindings, calcification: Calcification, margin_mm: float) -> Coordinates:
    """Return a circle around ``calcification``, ``margin_mm`` wider than it: its centre and a point on it, (2, 2)."""
    center = graphic_point(image, calcification.row, calcification.column)
    radius = (calcification.diameter_mm / 2 + margin_mm) / image.spacing_mm[1]
    # The second point has to be inside the image, so it lies on the side where there is more room.
    direction = 1.0 if center[0, 0] < image.columns / 2 else -1.0
    edge = _inside(image, center + np.array([[direction * radius, 0.0]]))
    return np.concatenate([center, edge])


def cluster_center(image: ImageFindings, cluster: Cluster) -> Coordinates:
    """Return the mean position of the calcifications of ``cluster`` as a DICOM point, (1, 2).

    A cluster without calcifications, which only a reader draws, has its centre in the middle of its vertices.
    """
    members = image.members(cluster)
    row = float(np.mean([member.row for member in members] or [row for row, _ in cluster.outline]))
    column = float(np.mean([member.column for member in members] or [column for _, column in cluster.outline]))
    return graphic_point(image, row, column)


def _inside(image: ImageFindings, coordinates: Coordinates) -> Coordinates:
    return np.clip(coordinates, 0.0, (float(image.columns), float(image.rows)))
