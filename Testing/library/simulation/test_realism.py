from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.fields import power_law_noise
from MCDetect.simulation.realism import measure_realism
from MCDetect.simulation.view import simulate_view


def breast_of(texture: np.ndarray) -> np.ndarray:
    pixels = np.zeros((1024, 1024), dtype=np.uint16)
    pixels[:, :800] = np.clip(texture[:, :800], 100, 4095).astype(np.uint16)
    return pixels


def test_the_slope_of_power_law_noise_is_measured():
    noise = power_law_noise(np.random.default_rng(0), (1024, 1024), 0.07, 3.0, 1000.0)
    assert measure_realism(breast_of(1500 + 150 * noise), 0.07).beta == pytest.approx(3.0, abs=0.3)


def test_the_power_of_white_noise_is_its_variance_times_the_area_of_a_pixel():
    noise = np.random.default_rng(0).normal(0, 50, (1024, 1024))
    measured = measure_realism(breast_of(1500 + noise), 0.07)
    for power in (measured.power_1, measured.power_2, measured.power_5):
        assert power == pytest.approx(50**2 * 0.07**2, rel=0.1)
    assert measured.skewness == pytest.approx(0, abs=0.05)
    assert measured.kurtosis == pytest.approx(0, abs=0.1)


def test_a_view_without_a_breast_cannot_be_measured():
    with pytest.raises(ValueError, match="no region"):
        measure_realism(np.zeros((600, 600), dtype=np.uint16), 0.07)


@pytest.mark.slow
def test_simulated_texture_lies_near_that_of_real_views(shared_data):
    import pydicom

    real = measure_realism(pydicom.dcmread(shared_data / "real_ffdm" / "real1_LCC.dcm").pixel_array, 0.07)
    simulated = measure_realism(simulate_view(2, density="c", clusters=0, isolated=0).pixels, 0.07)
    for name, low, high in (("beta", 0.8, 1.2), ("power_2", 0.4, 2.5), ("power_5", 0.5, 2.5), ("noise", 0.6, 1.5)):
        assert low * getattr(real, name) < getattr(simulated, name) < high * getattr(real, name), name
