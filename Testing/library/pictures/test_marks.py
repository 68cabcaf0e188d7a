"""Marks: at the right place, in their colour, round and never over what they mark."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from MCDetect.pictures import style
from MCDetect.pictures.marks import Placement, _dashes, draw_circle, draw_outline


def coloured(picture: Image.Image, colour: style.Colour) -> np.ndarray:
    """Return (x, y) of the pixels that have about this colour."""
    pixels = np.asarray(picture).astype(int)
    rows, columns = np.nonzero(np.abs(pixels - colour).max(axis=2) < 40)
    return np.stack([columns, rows], axis=1)


@given(x=st.floats(40, 160), y=st.floats(40, 110), radius=st.floats(6, 30), isolated=st.booleans())
@settings(max_examples=40)
def test_a_circle_goes_round_its_calcification_and_leaves_it_free(x, y, radius, isolated):
    picture = Image.new("RGB", (200, 150), (90, 90, 90))
    draw_circle(picture, (x, y), radius, 1.5, isolated=isolated)
    points = coloured(picture, style.ISOLATED if isolated else style.CALCIFICATION)
    distances = np.hypot(points[:, 0] + 0.5 - x, points[:, 1] + 0.5 - y)
    assert len(points) > radius
    assert abs(distances - radius).max() < 3.0
    drawn = np.asarray(picture) != 90
    rows, columns = np.nonzero(drawn.any(axis=2))
    assert np.hypot(columns + 0.5 - x, rows + 0.5 - y).min() > radius - 5.0


def test_the_mark_of_an_isolated_calcification_has_gaps():
    marks = []
    for isolated in (True, False):
        picture = Image.new("RGB", (100, 100))
        draw_circle(picture, (50, 50), 20, 2, isolated=isolated)
        points = coloured(picture, style.ISOLATED if isolated else style.CALCIFICATION)
        angles = np.degrees(np.arctan2(points[:, 1] - 50, points[:, 0] - 50)) % 360
        marks.append(len(np.unique(angles // 10)))
    assert marks[0] < 32 < marks[1] == 36


def test_an_outline_is_closed_and_goes_through_its_vertices():
    picture = Image.new("RGB", (120, 100))
    corners = [(20.0, 20.0), (100.0, 25.0), (90.0, 80.0), (30.0, 70.0)]
    draw_outline(picture, corners, 2.0)
    points = coloured(picture, style.CLUSTER)
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    for x, y in corners + middles:
        assert np.hypot(points[:, 0] + 0.5 - x, points[:, 1] + 0.5 - y).min() < 1.5


@pytest.mark.parametrize("centre", [(-100, -100), (0, 50), (99.5, 50), (50, 300)])
def test_marks_over_the_border_are_cut_off(centre):
    picture = Image.new("RGB", (100, 100))
    draw_circle(picture, centre, 12, 2, isolated=False)
    assert picture.size == (100, 100)


@given(row=st.floats(0, 500), column=st.floats(0, 500), magnification=st.floats(0.5, 6))
def test_the_centre_of_the_first_pixel_is_half_a_magnified_pixel_from_the_corner(row, column, magnification):
    place = Placement(7, 11, magnification)
    assert place.point(7, 11) == (0.5 * magnification, 0.5 * magnification)
    x, y = place.point(row, column)
    assert x == pytest.approx((column - 11 + 0.5) * magnification)
    assert y == pytest.approx((row - 7 + 0.5) * magnification)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=3, max_size=20),
    st.floats(0.5, 100) | st.just(72.61090909090909),
)
def test_dashes_end_and_cover_half_of_a_polygon(polygon, length):
    dashes = _dashes(polygon, length)
    drawn = sum(math.dist(*dash) for dash in dashes)
    around = sum(math.dist(a, b) for a, b in zip(polygon, [*polygon[1:], polygon[0]], strict=True))
    whole = int(around / length) // 2 * length
    assert whole - 1e-6 * (around + 1) <= drawn <= whole + length + 1e-6 * (around + 1)
    assert len(dashes) <= around / length + len(polygon) + 1
