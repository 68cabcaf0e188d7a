"""What lies in a polygon and how large it is, against what can be said without it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path

from MCDetect import polygons

coordinates = st.floats(-100, 100).map(lambda value: round(value, 3))
corners = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=12)


@given(around=st.lists(st.floats(0, 6.28).map(lambda a: round(a, 3)), min_size=3, max_size=12, unique=True))
def test_a_polygon_holds_what_another_library_says(around) -> None:
    angles = np.sort(around)
    polygon = np.stack([10 * np.cos(angles), (7 + 3 * np.sin(5 * angles)) * np.sin(angles)], axis=1)
    grid = np.stack(np.mgrid[-12:12:0.51, -12:12:0.53], axis=-1)
    found = polygons.inside(grid, polygon)
    assert found.shape == grid.shape[:2]
    expected = Path(polygon).contains_points(grid.reshape(-1, 2)).reshape(found.shape)
    assert np.mean(found != expected) < 0.002  # a point may lie next to a side


@given(polygon=corners, shift=st.tuples(coordinates, coordinates))
def test_where_a_polygon_lies_and_in_which_order_changes_nothing_of_its_area(polygon, shift) -> None:
    area = polygons.area(polygon)
    assert polygons.area(np.asarray(polygon) + shift) == pytest.approx(area, abs=1e-6)
    assert polygons.area(polygon[::-1]) == pytest.approx(area, abs=1e-6)


def test_what_two_loops_enclose_both_is_outside_by_the_even_odd_rule() -> None:
    twice = [(0, 0), (0, 10), (10, 10), (10, 0), (0, 0), (2, 2), (2, 8), (8, 8), (8, 2), (2, 2)]
    assert polygons.contains(twice, (1, 5))
    assert not polygons.contains(twice, (5, 5))
    assert not polygons.contains(twice, (11, 5))


def test_the_area_is_right_far_from_the_origin() -> None:
    square = np.array([(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0)])
    assert polygons.area(square + 1e8) == pytest.approx(4.0)
