from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.injection import noise_level
from MCDetect.training.degradations import add_noise, change_display, quantise, resample_twice, resize


def ramp() -> np.ndarray:
    return np.linspace(0.2, 0.7, 128 * 128, dtype=np.float32).reshape(128, 128)


def test_added_noise_is_at_most_as_strong_as_promised():
    for seed in range(20):
        noisy = add_noise(ramp(), 0.01, np.random.default_rng(seed))
        assert noise_level(noisy) < 1.35 * 0.01
    assert max(noise_level(add_noise(ramp(), 0.01, np.random.default_rng(s))) for s in range(20)) > 0.007


def test_resampling_keeps_size_and_smooth_content():
    image, other = resample_twice([ramp(), 2 * ramp()], np.random.default_rng(0))
    assert image.shape == (128, 128)
    np.testing.assert_allclose(image[8:-8, 8:-8], ramp()[8:-8, 8:-8], atol=2e-3)
    np.testing.assert_allclose(other, 2 * image, rtol=1e-5)


def test_resizing_keeps_the_mean():
    assert resize(ramp(), (90, 70)).mean() == pytest.approx(ramp().mean(), abs=1e-3)


def test_a_changed_display_keeps_the_order_of_grey_values_and_the_unit_range():
    for seed in range(20):
        changed = change_display(ramp(), np.random.default_rng(seed))
        assert changed.dtype == np.float32
        assert 0 <= changed.min() <= changed.max() <= 1
        assert np.all(np.diff(changed.ravel()) >= 0)


def test_quantised_values_are_multiples_of_the_step_that_is_told():
    for seed in range(20):
        image, step = quantise(ramp(), 0.005, np.random.default_rng(seed))
        assert 1 / 4095 <= step <= max(1 / 63, 0.015) + 1e-9
        np.testing.assert_allclose(image / step, np.rint(image / step), atol=1e-3)
        assert np.abs(image - ramp()).max() <= 0.5 * step + 1e-6
