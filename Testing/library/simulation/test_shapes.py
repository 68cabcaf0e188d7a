from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.simulation import shapes

STEP = 0.0175


@given(st.integers(0, 10_000), st.floats(0.1, 1.2))
@settings(max_examples=40, deadline=None)
def test_compact_shapes_are_as_wide_as_asked_and_leave_the_border_empty(seed, diameter):
    for draw in (shapes.ellipsoid, shapes.shard, shapes.conglomerate, shapes.popcorn):
        thickness = draw(np.random.default_rng(seed), diameter, STEP)
        rows, columns = np.nonzero(thickness > 0)
        extent = max(np.ptp(rows), np.ptp(columns)) * STEP
        assert extent <= 1.3 * diameter + 2 * STEP
        assert extent >= 0.3 * diameter - 2 * STEP
        border = np.concatenate([thickness[0], thickness[-1], thickness[:, 0], thickness[:, -1]])
        assert border.max() <= 0.05 * thickness.max()


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_no_shape_is_negative_or_thicker_than_it_is_wide_twice_over(seed):
    rng = np.random.default_rng(seed)
    drawn = [
        shapes.ellipsoid(rng, 0.3, STEP),
        shapes.shard(rng, 0.3, STEP),
        shapes.haze(rng, 0.3, STEP),
        shapes.rod(rng, 0.6, 0.15, STEP, 0.4),
        shapes.shell(rng, 0.6, STEP, 0.3),
    ]
    for thickness in drawn:
        assert thickness.dtype == np.float32
        assert np.isfinite(thickness).all()
        assert thickness.min() >= 0
        assert 0 < thickness.max() < 0.7


def test_a_shell_is_thinner_in_its_middle_than_in_its_wall():
    thickness = shapes.shell(np.random.default_rng(3), 1.0, STEP, 0.2)
    middle = thickness.shape[0] // 2
    assert thickness[middle, middle] < 0.7 * thickness.max()


@pytest.mark.parametrize("angle", [0.0, np.pi / 2])
def test_a_rod_lies_along_its_angle(angle):
    along, across = [], []
    for seed in range(12):
        thickness = shapes.rod(np.random.default_rng(seed), 1.2, 0.15, STEP, angle)
        rows, columns = np.nonzero(thickness > 0)
        spread = columns.std(), rows.std()
        along.append(spread[0] if angle == 0 else spread[1])
        across.append(spread[1] if angle == 0 else spread[0])
    assert np.median(along) > 1.8 * np.median(across)


def test_a_tram_track_has_two_rails():
    rails = 0
    for seed in range(8):
        thickness = shapes.tram_track(np.random.default_rng(seed), 6.0, STEP, 0.0)
        crossed = [np.count_nonzero(np.diff((column > 0).astype(int)) == 1) for column in thickness.T]
        rails += max(crossed) >= 2
    assert rails >= 6
