from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.evaluation.hits import (
    Candidate,
    Truth,
    centre_inside,
    distance_to_outline,
    intersection_over_union,
    overlaps,
    touches_or_centre_inside,
)
from MCDetect.polygons import contains

MILLIMETRES = (1.0, 1.0)


def square(row: float, column: float, side: float) -> tuple[tuple[float, float], ...]:
    return ((row, column), (row, column + side), (row + side, column + side), (row + side, column))


def test_a_centre_counts_up_to_five_millimetres_outside_the_outline():
    truth = Truth(square(0, 0, 10))
    assert centre_inside(Candidate(square(4, 4, 2), 1.0), truth, MILLIMETRES)
    assert centre_inside(Candidate(square(4, 13.9, 2), 1.0), truth, MILLIMETRES)  # centre 4.9 mm outside
    assert not centre_inside(Candidate(square(4, 14.1, 2), 1.0), truth, MILLIMETRES)  # centre 5.1 mm outside


def test_the_dilated_outline_has_round_corners():
    truth = Truth(square(0, 0, 10))
    reach = 5 / math.sqrt(2)
    assert centre_inside(Candidate(square(10 + reach - 1.01, 10 + reach - 1.01, 2), 1.0), truth, MILLIMETRES)
    assert not centre_inside(Candidate(square(10 + reach - 0.9, 10 + reach - 0.9, 2), 1.0), truth, MILLIMETRES)


def test_five_millimetres_follow_the_pixel_spacing_of_each_axis():
    truth = Truth(square(0, 0, 10))
    candidate = Candidate(square(4, 30, 2), 1.0)
    assert not centre_inside(candidate, truth, (0.5, 0.5))  # 10.5 mm outside
    assert centre_inside(candidate, truth, (0.5, 0.2))  # 4.2 mm outside


def test_the_overlap_of_two_squares_is_exact():
    assert intersection_over_union(square(0, 0, 10), square(0, 5, 10), MILLIMETRES) == pytest.approx(1 / 3)
    assert intersection_over_union(square(0, 0, 10), square(0, 0, 10), MILLIMETRES) == 1.0
    assert intersection_over_union(square(0, 0, 10), square(20, 0, 10), MILLIMETRES) == 0.0


def test_an_overlap_of_a_fifth_is_a_hit_and_less_is_none():
    truth = Truth(square(0, 0, 10))
    assert overlaps(Candidate(square(0, 6.6, 10), 1.0), truth, MILLIMETRES)  # 34 / 166
    assert not overlaps(Candidate(square(0, 6.8, 10), 1.0), truth, MILLIMETRES)  # 32 / 168


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_a_point_is_in_a_square_exactly_when_its_coordinates_are(row: float, column: float):
    polygon = np.array(square(0, 0, 10))
    point = np.array([row, column])
    if distance_to_outline(polygon, point) > 1e-6:
        assert contains(polygon, point) == (0 < row < 10 and 0 < column < 10)


@given(st.floats(-20, 30), st.floats(-20, 30))
def test_the_distance_to_a_square_agrees_with_its_formula(row: float, column: float):
    outside = [max(0.0 - value, value - 10.0) for value in (row, column)]
    expected = math.hypot(*(max(0.0, value) for value in outside)) if max(outside) > 0 else -max(outside)
    assert distance_to_outline(np.array(square(0, 0, 10)), np.array([row, column])) == pytest.approx(expected)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 12))
def test_squares_touch_where_they_share_a_point(row: int, column: int, side: int):
    truth = Truth(square(10, 10, 10))
    candidate = Candidate(square(row, column, side), 1.0)
    shared = row <= 20 and column <= 20 and row + side >= 10 and column + side >= 10
    assert touches_or_centre_inside(candidate, truth, (100.0, 100.0)) == shared  # 5 mm are nothing here


def test_crossing_outlines_touch_though_neither_holds_a_corner_of_the_other():
    upright, lying = ((0, 45), (0, 55), (100, 55), (100, 45)), ((45, 0), (45, 100), (55, 100), (55, 0))
    assert touches_or_centre_inside(Candidate(upright, 1.0), Truth(lying), (100.0, 100.0))
    corner = ((0, 0), (0, 100), (10, 100), (10, 10), (100, 10), (100, 0))  # an L, its arms around the square
    assert not touches_or_centre_inside(Candidate(square(40, 40, 50), 1.0), Truth(corner), (100.0, 100.0))
