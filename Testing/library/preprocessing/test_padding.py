"""What padding stands for, and what a picture is beneath it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from MCDetect.preprocessing.intensity import normalise_by_local_noise
from MCDetect.preprocessing.padding import continued, padding_is_air


def half_an_ellipse(rows: int = 300, columns: int = 200) -> np.ndarray:
    row, column = np.indices((rows, columns))
    return ((row - rows / 2) / (0.4 * rows)) ** 2 + (column / (0.7 * columns)) ** 2 < 1


def test_the_outline_of_a_breast_is_told_from_the_fields_of_collimators() -> None:
    breast = half_an_ellipse()
    row, column = np.indices(breast.shape)
    rectangle = (row > 40) & (row < 250) & (column < 150)
    disc = (row - 150) ** 2 + (column - 100) ** 2 < 80**2
    assert padding_is_air(breast)
    assert padding_is_air(breast[:, ::-1])
    for field in (rectangle, disc, np.ones_like(breast), np.zeros_like(breast)):
        assert not padding_is_air(field)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90))
def test_pixels_of_the_picture_stay_and_padding_lies_within_their_range(seed: int, rows: int, columns: int) -> None:
    random = np.random.default_rng(seed)
    picture = random.random((rows, columns), dtype=np.float32)
    valid = ndimage.gaussian_filter(random.standard_normal((rows, columns)), 3) > random.uniform(-0.1, 0.1)
    filled = continued(picture, valid)
    assert filled.dtype == np.float32
    assert np.array_equal(filled[valid], picture[valid])
    if valid.any():
        assert filled.min() >= 0
        assert filled.max() <= picture[valid].max() + 1e-5


def test_padding_that_cuts_tissue_off_makes_no_edge() -> None:
    random = np.random.default_rng(1)
    tissue = ndimage.gaussian_filter(random.standard_normal((400, 300)), 20)
    picture = (0.5 + 0.2 * tissue / tissue.std() + 0.01 * random.standard_normal(tissue.shape)).astype(np.float32)
    valid = half_an_ellipse(*picture.shape)
    beside = valid & ~ndimage.binary_erosion(valid, iterations=4, border_value=1)
    whole = normalise_by_local_noise(picture, valid)
    cut = normalise_by_local_noise(np.where(valid, picture, np.float32(0)), valid)
    mended = normalise_by_local_noise(continued(picture, valid), valid)
    error = [float(np.abs(one - whole)[beside].mean()) for one in (cut, mended)]
    assert error[1] < 0.3 * error[0]
