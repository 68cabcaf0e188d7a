from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.fields import power_law_noise
from MCDetect.simulation.realism import compare_realism, measure_realism


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


MARGINS = {
    # Least and most median of five simulated views, over the least and the most of the real ones.
    "beta": (0.95, 1.05),
    "power_1": (0.8, 1.25),
    "power_2": (0.85, 1.15),
    "power_5": (0.85, 1.15),
    "noise": (0.85, 1.2),
    "skewness": (0.8, 1.2),
    "kurtosis": (0.7, 1.3),
}


@pytest.mark.slow
def test_five_simulated_views_have_the_texture_of_real_ones(shared_data, tmp_path):
    measured = compare_realism(sorted((shared_data / "real_ffdm").glob("*.dcm")), 5, tmp_path)
    assert len(measured["real"]) == 4
    outside = {}
    for name, (low, high) in MARGINS.items():
        real, simulated = ([view[name] for view in measured[kind]] for kind in ("real", "simulated"))
        middle = float(np.median(simulated))
        if not low * min(real) <= middle <= high * max(real):
            outside[name] = (middle, min(real), max(real))
        # No single view is of another world either.
        assert 0.5 * min(real) <= min(simulated) <= max(simulated) <= 2.0 * max(real), name
    assert not outside
