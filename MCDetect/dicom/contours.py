"""The exact pixels of a calcification as a closed DICOM polyline along the borders of its pixels, and back.

DICOM graphic coordinates have the corners of pixels at whole numbers (PS3.3, section C.18.6.1.2), so that no digit is
lost in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from MCDetect.runs import Runs

Corner = tuple[int, int]

_MOST = 65_535  # rows or columns of an image


def contour_of_runs(runs: Runs) -> npt.NDArray[np.float64]:
    """Return the border of the pixels of ``runs``, (points, 2), each (column, row); the last point is the first.

    Holes and parts that do not hang together are on the way too: lines that are drawn there and back, along rows and
    columns, lead to them.
    """
    loops = _loops(runs)
    first = loops[0]
    row, column = first[0]
    path = list(first)
    for loop in loops[1:]:
        turn = (row, loop[0][1])
        path += [turn, *loop, turn, (row, column)]
    return np.array([(one[1], one[0]) for one in path], dtype=np.float64)


def runs_of_contour(data: Sequence[float]) -> Runs:
    """Return the runs inside a polyline of :func:`contour_of_runs`, flat: column, row, column, row, ...

    Raises
    ------
    ValueError
        If it does not run along the borders of pixels of an image, is not closed or holds no pixel.
    """
    values = np.asarray(data, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(values).all() or (values < 0).any() or (values > _MOST).any() or (values % 1).any():
        raise ValueError("not along the borders of pixels")
    points = [(int(column), int(row)) for column, row in values]
    borders: dict[int, set[int]] = {}
    for (column, row), (next_column, next_row) in pairwise(points):
        if column != next_column and row != next_row:
            raise ValueError("not along the borders of pixels")
        for crossed in range(min(row, next_row), max(row, next_row)):
            borders.setdefault(crossed, set()).symmetric_difference_update((column,))
    runs = []
    for row, columns in sorted(borders.items()):
        ends = sorted(columns)
        runs += [(row, left, right - left) for left, right in zip(ends[::2], ends[1::2], strict=True)]
    if not runs or points[0] != points[-1]:
        raise ValueError("not a closed border of pixels")
    return tuple(runs)


def _loops(runs: Runs) -> list[list[Corner]]:
    """Return closed ways along the border with the pixels on the right, (row, column) of each corner that turns."""
    pixels = {(row, column) for row, first, length in runs for column in range(first, first + length)}
    steps: dict[Corner, list[Corner]] = {}
    for row, column in sorted(pixels):
        below, right = row + 1, column + 1
        for neighbour, start, end in (
            ((row - 1, column), (row, column), (row, right)),
            ((row, right), (row, right), (below, right)),
            ((below, column), (below, right), (below, column)),
            ((row, column - 1), (below, column), (row, column)),
        ):
            if neighbour not in pixels:
                steps.setdefault(start, []).append(end)
    loops = []
    while steps:
        corner = next(iter(steps))
        loop = [corner]
        while len(loop) == 1 or loop[-1] != loop[0]:
            following = steps[loop[-1]]
            loop.append(following.pop(0))
            if not following:
                del steps[loop[-2]]
        loops.append(_turning(loop))
    return loops


def _turning(loop: list[Corner]) -> list[Corner]:
    """Return a closed way without the corners at which it goes straight on; its first corner stays."""
    inner = [
        corner
        for before, corner, after in zip(loop, loop[1:-1], loop[2:], strict=False)
        if not (before[0] == corner[0] == after[0] or before[1] == corner[1] == after[1])
    ]
    return [loop[0], *inner, loop[-1]]
