"""Horizontal strips that cover the breast: the unit of work of both networks.

A strip is as wide as the breast is in its rows, so the air beside a round breast is not computed. Very wide ones are
parted, so that the memory in use is that of one strip, however large the image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NOT_COMPUTED = -30.0
"""Logit of what lies outside all strips: a probability of 1e-13."""

_LARGEST_WIDTH = 2560
"""Columns: no full-field view at the networks' spacing is parted, a film scanned finely is."""


@dataclass(frozen=True)
class Strip:
    """Rows [row_start, row_stop) and columns [column_start, column_stop) of an image."""

    row_start: int
    row_stop: int
    column_start: int
    column_stop: int

    def grown(self, margin: int, shape: tuple[int, int]) -> Strip:
        """Return the strip with ``margin`` more pixels on each side, cut at the borders of an image of ``shape``."""
        return Strip(
            max(0, self.row_start - margin),
            min(shape[0], self.row_stop + margin),
            max(0, self.column_start - margin),
            min(shape[1], self.column_stop + margin),
        )

    @property
    def window(self) -> tuple[slice, slice]:
        """The strip as an index into an image."""
        return slice(self.row_start, self.row_stop), slice(self.column_start, self.column_stop)

    def inside(self, outer: Strip) -> tuple[slice, slice]:
        """Return the strip as an index into a cut-out of ``outer``."""
        return (
            slice(self.row_start - outer.row_start, self.row_stop - outer.row_start),
            slice(self.column_start - outer.column_start, self.column_stop - outer.column_start),
        )


def strips_over(mask: npt.NDArray[np.bool_], height: int, alignment: int = 1) -> Iterator[Strip]:
    """Yield the strips of ``height`` rows that together cover all True pixels of ``mask``.

    Parameters
    ----------
    mask
        (rows, columns).
    height
        Rows of a strip; a multiple of ``alignment``.
    alignment
        Every start is a multiple of this, and every stop too unless it is the border of the image.

    Raises
    ------
    ValueError
        If ``height`` is not a positive multiple of ``alignment``.
    """
    if height <= 0 or height % alignment:
        raise ValueError(f"height must be a positive multiple of {alignment}, got {height}")
    rows, columns = mask.shape
    occupied_rows = np.flatnonzero(mask.any(axis=1))
    if occupied_rows.size == 0:
        return
    first = int(occupied_rows[0]) // alignment * alignment
    for row_start in range(first, int(occupied_rows[-1]) + 1, height):
        row_stop = min(rows, row_start + height)
        occupied = np.flatnonzero(mask[row_start:row_stop].any(axis=0))
        if occupied.size == 0:
            continue
        column_start = int(occupied[0]) // alignment * alignment
        column_stop = min(columns, -(-(int(occupied[-1]) + 1) // alignment) * alignment)
        parts = -(-(column_stop - column_start) // _LARGEST_WIDTH)
        width = -(-(column_stop - column_start) // (parts * alignment)) * alignment
        for part_start in range(column_start, column_stop, width):
            yield Strip(row_start, row_stop, part_start, min(column_stop, part_start + width))
