from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from MCDetect.runs import mask_of_runs, runs_of_mask
from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.truth import (
    SimulatedCalcification,
    cluster_outline,
    longest_extent,
    mirrored_runs,
)

masks = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(masks)
def test_runs_and_masks_are_inverse(mask):
    np.testing.assert_array_equal(mask_of_runs(runs_of_mask(mask), mask.shape), mask)


@given(masks)
def test_mirrored_runs_are_the_runs_of_the_mirrored_mask(mask):
    assert mirrored_runs(runs_of_mask(mask), mask.shape[1]) == runs_of_mask(mask[:, ::-1])


@given(masks.filter(np.any), st.integers(0, 50), st.integers(0, 50))
def test_runs_are_counted_from_the_image_corner(mask, top, left):
    whole = mask_of_runs(runs_of_mask(mask, top, left), (80, 80))
    np.testing.assert_array_equal(whole[top : top + mask.shape[0], left : left + mask.shape[1]], mask)
    assert whole.sum() == mask.sum()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 9), (6, 1), (5, 5)])
def test_the_longest_extent_of_a_rectangle_is_about_its_diagonal(rows, columns):
    extent = longest_extent(np.ones((rows, columns), dtype=bool))
    assert extent == pytest.approx(np.hypot(rows - 1, columns - 1) + 1, rel=0.02)


@given(st.lists(st.tuples(st.integers(0, 199), st.integers(0, 149)), min_size=3, max_size=12, unique=True))
@settings(max_examples=50, deadline=None)
def test_an_outline_holds_all_members_and_stays_in_the_image(points):
    members = [
        SimulatedCalcification(k, r, c, CalcificationKind.PUNCTATE, 0.2, 0.01, 0.1, 5.0, ((r, c, 1),))
        for k, (r, c) in enumerate(points)
    ]
    outline = np.array(cluster_outline(members, 10.0, (200, 150)))
    assert outline.min() >= -0.5
    assert outline[:, 0].max() <= 199.5
    assert outline[:, 1].max() <= 149.5
    following = np.roll(outline, -1, axis=0)
    for row, column in points:
        side = (following[:, 0] - outline[:, 0]) * (column - outline[:, 1]) - (following[:, 1] - outline[:, 1]) * (
            row - outline[:, 0]
        )
        assert np.all(side <= 1e-6) or np.all(side >= -1e-6)
