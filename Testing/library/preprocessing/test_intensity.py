from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from MCDetect.preprocessing.intensity import (
    _contrast,
    _difference_of_gaussians,
    local_noise,
    normalise_by_local_noise,
    scale_to_unit_range,
)


def correlated_noise(shape, seed=0, level=0.01):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 0.6)
    return (0.5 + level * noise / noise.std()).astype(np.float32)


def test_whole_numbers_scale_to_zero_and_one_and_name_their_step():
    unit, step = scale_to_unit_range(np.array([[10, 20], [265, 10]], dtype=np.uint16))
    assert unit.dtype == np.float32
    assert (unit.min(), unit.max()) == (0, 1)
    assert step == pytest.approx(1 / 255)


def test_fractions_have_no_grey_step():
    assert scale_to_unit_range(np.random.default_rng(0).random((20, 20)))[1] == 0.0


def test_padding_counts_for_nothing():
    pixels = np.array([[0, 100, 200]], dtype=np.int16)
    unit, _ = scale_to_unit_range(pixels, np.array([[False, True, True]]))
    assert unit.tolist() == [[0, 0, 1]]


@pytest.mark.parametrize("pixels", [np.zeros((4, 4)), np.full((3, 5), 7)])
def test_a_constant_image_becomes_zero(pixels):
    unit, step = scale_to_unit_range(pixels)
    assert not unit.any()
    assert step == 0.0
    assert not normalise_by_local_noise(unit).any()


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 200), st.integers(1, 200))
def test_an_image_of_any_size_keeps_its_shape_and_stays_finite(rows, columns):
    image = np.random.default_rng(rows).random((rows, columns), dtype=np.float32)
    normalised = normalise_by_local_noise(image)
    assert normalised.shape == image.shape
    assert np.isfinite(normalised).all()


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 50), st.floats(-100, 100))
def test_gain_and_offset_of_a_vendor_change_nothing(gain, offset):
    image = correlated_noise((120, 130))
    reference = normalise_by_local_noise(scale_to_unit_range(image)[0])
    changed = normalise_by_local_noise(scale_to_unit_range(image * np.float32(gain) + np.float32(offset))[0])
    assert np.abs(changed - reference).max() < 0.05


def test_threads_share_the_work_and_change_no_bit():
    image = correlated_noise((301, 402))
    assert np.array_equal(normalise_by_local_noise(image), normalise_by_local_noise(image, threads=3))


def test_noise_is_measured_where_it_is():
    image = correlated_noise((560, 560), level=0.004)
    image[:, 280:] = correlated_noise((560, 280), seed=1, level=0.02)
    noise = local_noise(image).all_rows()
    assert noise[:, 450:].mean() / noise[:, :100].mean() == pytest.approx(5, rel=0.1)


def test_a_calcification_hardly_moves_the_noise_but_stands_out_of_it():
    image = correlated_noise((224, 224))
    before = local_noise(image).all_rows()[112, 112]
    image[110:114, 110:114] += 0.2
    assert local_noise(image).all_rows()[112, 112] == pytest.approx(before, rel=0.05)
    normalised = normalise_by_local_noise(image)
    assert normalised[112, 112] > 2.5
    assert normalised[112, 112] > 2 * np.percentile(np.abs(normalised), 99)


def test_air_takes_the_noise_of_the_breast_beside_it():
    image = correlated_noise((224, 448))
    image[:, 224:] = 0
    mask = np.zeros(image.shape, dtype=bool)
    mask[:, :224] = True
    noise = local_noise(image, mask).all_rows()
    assert noise[112, 440] == pytest.approx(noise[112, 100], rel=0.2)


def test_a_lone_grey_step_of_an_8_bit_image_is_no_conspicuous_spot():
    flat = np.full((112, 112), 100, dtype=np.uint8)
    flat[0, 0], flat[0, 1] = 0, 255
    flat[60, 60] = 101
    unit, step = scale_to_unit_range(flat)
    assert normalise_by_local_noise(unit, None, step)[60, 60] < 1


def test_the_fast_background_is_the_gaussian_blur_of_14_pixels():
    image = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal((301, 402)), 5).astype(np.float32)
    exact = ndimage.gaussian_filter(image, 14.0, mode="nearest", truncate=4.0)
    assert np.abs(image - _contrast(image) - exact).max() < 0.03 * image.std()


@settings(max_examples=15)
@given(rows=st.integers(3, 200), columns=st.integers(3, 200), start=st.integers(0, 60))
def test_the_difference_of_gaussians_is_that_of_the_filtered_image(rows, columns, start):
    image = correlated_noise((rows, columns))
    exact = ndimage.gaussian_filter(image.astype(np.float64), 1.0, truncate=3.0)
    exact -= ndimage.gaussian_filter(image.astype(np.float64), 2.0, truncate=3.0)
    top, left = min(start, rows - 1), min(start, columns - 1)
    down = _difference_of_gaussians(rows, top, min(rows, top + 57))
    across = _difference_of_gaussians(columns, left, min(columns, left + 57))
    part = image[down.window, across.window]
    response = down.fine @ part @ across.fine.T - down.coarse @ part @ across.coarse.T
    assert np.abs(response - exact[top : top + 57 : 2, left : left + 57 : 2]).max() < 1e-6
