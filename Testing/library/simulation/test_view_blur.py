from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.dicom.reading import read_mammogram
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.simulation.view_blur import added_blur


@pytest.mark.parametrize("sigma", [0.0, 0.5, 0.8, 1.2, 1.6])
def test_the_blur_of_a_simulated_view_is_measured(sigma, normal_view):
    pixels = normal_view.pixels.astype(np.float64)
    if sigma:
        pixels = np.rint(ndimage.gaussian_filter(pixels, sigma))
    measured = added_blur(pixels, normal_view.breast_mask)
    # A detector's own correlation cannot be told from a slight blur.
    assert measured == pytest.approx(sigma, abs=0.3 if sigma < 0.6 else 0.12)


@pytest.mark.parametrize("factor", [0.1, 7.0])
def test_the_blur_does_not_depend_on_the_unit(factor, normal_view):
    pixels = ndimage.gaussian_filter(normal_view.pixels.astype(np.float64), 0.8)
    expected = added_blur(pixels, normal_view.breast_mask)
    assert added_blur(factor * pixels, normal_view.breast_mask) == pytest.approx(expected, abs=1e-6)


def test_the_blur_of_a_breast_that_is_too_small_or_constant_is_not_known(normal_view):
    corner = np.zeros_like(normal_view.breast_mask)
    corner[400:600, :150] = True
    assert added_blur(normal_view.pixels, corner) is None
    assert added_blur(np.full(normal_view.pixels.shape, 100.0), normal_view.breast_mask) is None


@pytest.mark.slow
def test_real_views_are_as_sharp_as_their_detector_and_a_blurred_one_is_not(shared_data):
    mammogram = read_mammogram(shared_data / "real_ffdm" / "real1_LCC.dcm")
    breast = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
    found = added_blur(mammogram.pixels, breast)
    assert found is not None
    assert found < 0.3
    assert added_blur(ndimage.gaussian_filter(mammogram.pixels, 0.8), breast) == pytest.approx(0.8, abs=0.12)
