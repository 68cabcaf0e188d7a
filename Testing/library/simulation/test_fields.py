from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.simulation.fields import (
    power_law_noise,
    smooth_noise,
    stamp_path,
    strands,
    upsample,
    wandering_path,
)


@pytest.mark.parametrize("exponent", [2.2, 3.0, 3.6])
def test_power_law_noise_has_the_slope_it_was_asked_for(exponent):
    size = 512
    noise = power_law_noise(np.random.default_rng(0), (size, size), 0.14, exponent, 1000.0)
    window = np.hanning(size)[:, None] * np.hanning(size)[None, :]
    power = np.abs(np.fft.rfft2((noise - noise.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(size, 0.14)[:, None], np.fft.rfftfreq(size, 0.14)[None, :])
    band = (frequency > 0.3) & (frequency < 2.0)
    slope = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
    assert -slope == pytest.approx(exponent, abs=0.12)
    assert noise.std() == pytest.approx(1, abs=0.01)


@given(st.integers(5, 40), st.integers(5, 40), st.sampled_from([2, 4, 8]), st.floats(-5, 5), st.floats(-3, 3))
@settings(max_examples=40, deadline=None)
def test_upsampling_keeps_constants_and_slopes(rows, columns, factor, constant, slope):
    field = (constant + slope * np.arange(rows)[:, None] + np.zeros((1, columns))).astype(np.float32)
    shape = ((rows - 1) * factor, (columns - 1) * factor)
    fine = upsample(field, shape, factor)
    assert fine.shape == shape
    inner = slice(factor, (rows - 2) * factor)
    expected = constant + slope * np.arange(shape[0]) / factor
    np.testing.assert_allclose(fine[inner, 0], expected[inner], atol=1e-3)
    np.testing.assert_allclose(fine[:, 0], fine[:, -1], atol=1e-4)


def test_smooth_noise_is_of_unit_order_and_smooth():
    noise = smooth_noise(np.random.default_rng(1), (400, 400), 20.0)
    assert 0.6 < noise.std() < 1.6
    assert np.abs(np.diff(noise, axis=0)).max() < 0.35


def test_strands_are_thin_and_run_along_the_flow():
    row, column = (a.astype(np.float32) * 0.14 for a in np.mgrid[:300, :300])
    lines = strands(np.random.default_rng(2), column, row, length=20, spacing=4, width=0.5)
    assert lines.min() >= 0
    assert np.mean(lines > 0.3) < 0.35
    change_along, change_across = np.abs(np.diff(lines, axis=1)).mean(), np.abs(np.diff(lines, axis=0)).mean()
    assert change_across > 2.5 * change_along


def test_a_stamped_path_is_as_wide_and_as_high_as_asked_and_is_clipped_at_the_border():
    canvas = np.zeros((60, 60), dtype=np.float32)
    path = np.stack([np.full(80, 30.0), np.arange(-10.0, 70.0)], axis=1)
    stamp_path(canvas, path, np.full(80, 4.0), np.full(80, 2.0))
    assert canvas.max() == pytest.approx(2.0)
    assert np.count_nonzero(canvas[:, 30]) == 7
    assert canvas[30, 0] == pytest.approx(2.0)


def test_a_wandering_path_goes_its_way_in_steps_of_one_pixel():
    path = wandering_path(np.random.default_rng(3), 200, 0.0, 0.3)
    np.testing.assert_allclose(np.linalg.norm(np.diff(path, axis=0), axis=1), 1.0, atol=1e-9)
    assert path[-1, 1] > 3 * abs(path[-1, 0])
