from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from MCDetect.simulation.anatomy import COARSE, draw_geometry, rounded_slab

SHAPE, SPACING = (1664, 1280), 0.14


@given(st.integers(0, 100_000), st.sampled_from(["CC", "MLO"]))
@settings(max_examples=30, deadline=None)
def test_a_breast_is_one_piece_at_the_chest_wall_and_leaves_air_in_front_of_it(seed, view):
    geometry = draw_geometry(np.random.default_rng(seed), view, SHAPE, SPACING)
    inside = geometry.depth_mm > 0
    _, pieces = ndimage.label(inside)
    assert pieces == 1
    assert inside[:, 0].mean() > 0.4
    assert not inside[:, -1].any()
    area_cm2 = inside.sum() * (COARSE * SPACING) ** 2 / 100
    assert 40 < area_cm2 < 320


@given(st.integers(0, 100_000), st.sampled_from(["CC", "MLO"]))
@settings(max_examples=20, deadline=None)
def test_thickness_falls_from_the_middle_to_nothing_at_the_skin(seed, view):
    geometry = draw_geometry(np.random.default_rng(seed), view, SHAPE, SPACING)
    depth, thickness = geometry.depth_mm, geometry.thickness_mm
    assert thickness[depth <= 0].max() == 0
    assert thickness.max() == pytest.approx(geometry.compressed_mm, rel=1e-3)
    assert thickness[(depth > 0) & (depth < 2)].mean() < 0.45 * geometry.compressed_mm
    assert geometry.skin_mm.min() >= 0
    assert np.all(geometry.skin_mm <= thickness + 1e-4)


def test_only_oblique_views_show_the_pectoral_muscle_and_it_lies_in_the_upper_corner():
    rng = np.random.default_rng
    assert not draw_geometry(rng(1), "CC", SHAPE, SPACING).muscle.any()
    for seed in range(5):
        muscle = draw_geometry(rng(seed), "MLO", SHAPE, SPACING).muscle
        rows, columns = np.nonzero(muscle > 0.3)
        assert rows.min() == 0
        assert columns.min() == 0
        assert muscle[-1].max() < 0.01
        assert 0 <= muscle.min() <= muscle.max() <= 1


def test_the_nipple_is_near_the_edge_of_the_breast():
    geometry = draw_geometry(np.random.default_rng(6), "CC", SHAPE, SPACING)
    row, column = (round(mm / (COARSE * SPACING)) for mm in geometry.nipple_mm)
    assert abs(float(geometry.depth_mm[row, column])) < 7


@given(st.floats(20, 80))
def test_a_slab_is_empty_outside_and_full_inside(thickness):
    depth = np.array([-5.0, 0.0, 5.0, 100.0], dtype=np.float32)
    path = rounded_slab(depth, thickness)
    assert path[0] == path[1] == 0
    assert 0 < path[2] < thickness + 1e-4
    assert path[3] == pytest.approx(thickness, rel=1e-5)
