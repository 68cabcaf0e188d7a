"""What a magnifying glass shows: the pixels round a place through the window of its view, turned as the view hangs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from MCDetect.review.hanging import Flips

_LEAST = 2.0


def pixels_across(side: int, screen_per_pixel: float) -> int:
    """Return how many pixels of the image a glass of ``side`` pixels of the screen shows.

    Twice as large as they are stored, and twice as large as the view shows them where that is larger already
    (``screen_per_pixel`` pixels of the screen for one of the image).
    """
    return max(2, round(side / (_LEAST * max(1.0, screen_per_pixel))))


def magnified(
    values: npt.NDArray[np.generic],
    place: tuple[float, float],
    window_level: tuple[float, float],
    flips: Flips,
    side: int,
) -> npt.NDArray[np.uint8]:
    """Return ``side`` by ``side`` pixels round a place as 8 bits, black outside of the image."""
    window, level = window_level
    row, column = round(place[0]) - side // 2, round(place[1]) - side // 2
    picture = np.zeros((side, side), dtype=np.uint8)
    rows, columns = values.shape
    first_row, last_row = max(0, row), min(rows, row + side)
    first_column, last_column = max(0, column), min(columns, column + side)
    if first_row < last_row and first_column < last_column:
        part = values[first_row:last_row, first_column:last_column].astype(np.float32)
        shown = np.clip((part - (level - window / 2)) / max(window, 1e-6), 0, 1) * 255
        picture[first_row - row : last_row - row, first_column - column : last_column - column] = shown
    picture = picture[:, ::-1] if flips.horizontal else picture
    picture = picture[::-1] if flips.vertical else picture
    return np.ascontiguousarray(picture)
