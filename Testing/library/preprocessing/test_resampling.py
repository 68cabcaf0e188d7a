from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from MCDetect.preprocessing.resampling import resampled_shape, resize, resize_mask


def blob(shape, row, column, sigma):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2)).astype(np.float32)


def test_nearly_equal_spacing_leaves_the_image_alone():
    assert resampled_shape((100, 80), (0.0745, 0.0655), 0.07) == (100, 80)
    assert resampled_shape((100, 80), (0.085, 0.085), 0.07) == (100, 80)
    assert resampled_shape((100, 80), (0.1, 0.1), 0.07) == (143, 114)
    assert resampled_shape((100, 80), (0.05, 0.05), 0.07) == (71, 57)
    image = np.zeros((5, 5), dtype=np.float32)
    assert resize(image, (5, 5)) is image


def test_the_shape_follows_each_spacing():
    assert resampled_shape((1000, 800), (0.1, 0.05), 0.1) == (1000, 400)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.5, 2.5), st.floats(30, 60), st.floats(30, 60))
def test_a_spot_stays_at_its_place_in_millimetres(factor, row, column):
    image = blob((96, 96), row, column, 4)
    size = round(96 * factor)
    resized = resize(image, (size, size))
    found = np.array(ndimage.center_of_mass(resized))
    expected = (np.array([row, column]) + 0.5) * size / 96 - 0.5
    assert np.abs(found - expected).max() < 0.1 * max(1, factor)


def test_there_and_back_gives_the_same_picture():
    image = blob((120, 100), 60, 40, 5)
    back = resize(resize(image, (171, 143)), (120, 100))
    assert np.abs(back - image).max() < 0.05


def test_shrinking_noise_does_not_alias():
    noise = np.random.default_rng(0).standard_normal((400, 400)).astype(np.float32)
    assert resize(noise, (200, 200)).std() < 0.6


@pytest.mark.parametrize("shape", [(50, 70), (200, 31)])
def test_a_mask_is_resized_like_its_image(shape):
    mask = np.zeros((100, 90), dtype=bool)
    mask[20:60, 30:80] = True
    resized = resize_mask(mask, shape)
    grey = resize(mask.astype(np.float32), shape) > 0.5
    assert np.count_nonzero(resized != grey) <= 2 * sum(shape)
