"""Smaller pictures of a view for when it is shown small, and the part of it that has something to see.

A screen that shows every fourth pixel of an image shows noise that is not there: single bright pixels come and go as
the view moves, and look like calcifications. Means of blocks do not (Gonzalez and Woods, Digital Image Processing,
section 4.5, on aliasing).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.generic]
Box = tuple[int, int, int, int]
"""First row, first column, last row, last column; all of them within."""

FACTORS = (2, 4)
_BLOCK = 8
_VISIBLE = 0.03


def reduced(values: Pixels, factor: int) -> Pixels:
    """Return the means of blocks of ``factor`` by ``factor`` pixels, in the same type; an incomplete edge is left out.

    Parameters
    ----------
    values
        (rows, columns).
    factor
        A power of two, not larger than the image.
    """
    whole = np.issubdtype(values.dtype, np.integer)
    rows, columns = (length // factor * factor for length in values.shape)
    part = values[:rows, :columns]
    # Rows first: additions of whole rows are several times as fast as a mean over two axes.
    total = np.zeros((rows // factor, columns), dtype=np.int32 if whole else np.float32)
    for offset in range(factor):
        total += part[offset::factor]
    across = total[:, 0::factor].copy()
    for offset in range(1, factor):
        across += total[:, offset::factor]
    if whole:
        return (across // (factor * factor)).astype(values.dtype)
    return (across / (factor * factor)).astype(values.dtype)


def visible_box(values: Pixels, window: float, level: float, margin: tuple[float, float]) -> Box:
    """Return the part of a view outside of which the screen is black.

    Parameters
    ----------
    values
        (rows, columns), bright is attenuating.
    window, level
        As shown; what is darker than 3 % of the window is black.
    margin
        Rows and columns to leave round it.

    Returns
    -------
    Box
        The whole image where nothing or everything is visible.
    """
    rows, columns = values.shape
    everything = (0, 0, rows - 1, columns - 1)
    if min(rows, columns) < 2 * _BLOCK:
        return everything
    seen = reduced(values, _BLOCK).astype(np.float32) > level - window / 2 + _VISIBLE * window
    down, across = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(down):
        return everything
    return (
        max(0, round(down[0] * _BLOCK - margin[0])),
        max(0, round(across[0] * _BLOCK - margin[1])),
        # The incomplete blocks at the edge were not looked at: what touches them goes on to the edge.
        rows - 1 if (down[-1] + 2) * _BLOCK > rows else min(rows - 1, round((down[-1] + 1) * _BLOCK + margin[0])),
        columns - 1
        if (across[-1] + 2) * _BLOCK > columns
        else min(columns - 1, round((across[-1] + 1) * _BLOCK + margin[1])),
    )
