"""Means of blocks, and the part of a view that is not black."""

from __future__ import annotations

import numpy as np
import pytest

from MCDetect.review.reduction import reduced, visible_box


@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.float32])
@pytest.mark.parametrize("factor", [2, 4])
def test_a_reduced_view_has_the_means_of_its_blocks(kind, factor) -> None:
    values = np.random.default_rng(1).integers(-900 if kind is np.int16 else 0, 4096, (21, 30)).astype(kind)
    small = reduced(values, factor)
    assert small.dtype == kind
    rows, columns = 21 // factor, 30 // factor
    blocks = values[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    assert np.abs(small - blocks.mean(axis=(1, 3))).max() <= (1 if kind is not np.float32 else 1e-3)


def test_values_near_the_largest_of_their_type_do_not_overflow() -> None:
    values = np.full((8, 8), 65535, dtype=np.uint16)
    assert (reduced(values, 4) == 65535).all()


def test_the_visible_part_is_that_brighter_than_black_with_a_margin() -> None:
    values = np.zeros((400, 300), dtype=np.uint16)
    values[120:200, 40:160] = 900
    first_row, first_column, last_row, last_column = visible_box(values, 4095.0, 2048.0, (5, 6))
    assert 105 <= first_row <= 115
    assert 26 <= first_column <= 34
    assert 204 <= last_row <= 213
    assert 165 <= last_column <= 174


def test_a_single_bright_pixel_is_within_no_box_but_faint_skin_is() -> None:
    values = np.zeros((400, 300), dtype=np.uint16)
    values[120:200, 40:160] = 900
    values[380, 280] = 4095
    values[240:260, 40:60] = 200  # 5 % of the window
    box = visible_box(values, 4095.0, 2048.0, (0, 0))
    assert box[2] >= 255
    assert box[3] < 280


@pytest.mark.parametrize("value", [0, 3000])
def test_where_nothing_or_everything_is_seen_the_box_is_the_whole_image(value) -> None:
    values = np.full((205, 300), value, dtype=np.uint16)
    assert visible_box(values, 4095.0, 2048.0, (5, 5)) == (0, 0, 204, 299)


def test_what_reaches_the_edge_of_the_image_is_shown_to_the_edge() -> None:
    values = np.zeros((203, 301), dtype=np.uint16)
    values[100:, 200:] = 3000
    assert visible_box(values, 4095.0, 2048.0, (0, 0))[2:] == (202, 300)
