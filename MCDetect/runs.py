"""Masks as horizontal runs: (row, first column, number of pixels), sorted; the form that findings have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Run = tuple[int, int, int]
Runs = tuple[Run, ...]


def runs_of_pixels(pixels: npt.NDArray[np.intp]) -> Runs:
    """Return the runs of ``pixels``: row and column of each, (n, 2), sorted."""
    rows, columns = pixels[:, 0], pixels[:, 1]
    starts = np.flatnonzero((np.diff(rows, prepend=-2) != 0) | (np.diff(columns, prepend=-2) != 1))
    lengths = np.diff(np.append(starts, len(pixels)))
    return tuple((int(rows[s]), int(columns[s]), int(n)) for s, n in zip(starts, lengths, strict=True))


def runs_of_mask(mask: npt.NDArray[np.bool_], top: int = 0, left: int = 0) -> Runs:
    """Return the runs of a mask whose first pixel is (top, left) of the image."""
    return runs_of_pixels(np.argwhere(mask) + np.array((top, left)))


def mask_of_runs(runs: Iterable[Run], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return the mask of ``runs``, (rows, columns); the inverse of :func:`runs_of_mask`."""
    mask = np.zeros(shape, dtype=np.bool_)
    for row, first, count in runs:
        mask[row, first : first + count] = True
    return mask


def cropped(mask: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Return the part of a mask that holds all its pixels, and (row, column) of its corner; much less to look at."""
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) == 0:
        return mask[:0, :0], np.zeros(2, dtype=np.intp)
    between = mask[rows[0] : rows[-1] + 1]
    columns = np.flatnonzero(between.any(axis=0))
    return between[:, columns[0] : columns[-1] + 1], np.array([rows[0], columns[0]])
