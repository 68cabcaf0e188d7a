from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.acquisition import Detector, draw_detector, expose


def flat(attenuation: float) -> np.ndarray:
    return np.full((320, 320), attenuation, dtype=np.float32)


def detector(quanta: float = 2000.0, correlation: float = 0.0, scatter: float = 0.0) -> Detector:
    return Detector(blur_pixels=0.5, quanta=quanta, electronic=0.0, correlation=correlation, scatter=scatter)


def test_the_signal_is_the_attenuation():
    signal = expose(np.random.default_rng(0), flat(3.0), 3.0, detector())
    assert signal.mean() == pytest.approx(3.0, abs=0.002)


@pytest.mark.parametrize("quanta", [500.0, 2000.0, 8000.0])
def test_the_noise_is_that_of_the_quanta(quanta):
    signal = expose(np.random.default_rng(0), flat(3.0), 3.0, detector(quanta))
    assert signal.std() == pytest.approx(quanta**-0.5, rel=0.03)


def test_thicker_tissue_is_noisier():
    rng = np.random.default_rng(0)
    thin, thick = (expose(rng, flat(a), 3.0, detector()).std() for a in (2.5, 3.5))
    assert thick / thin == pytest.approx(np.exp(0.5), rel=0.05)


def test_scatter_lowers_contrast():
    step = flat(3.0)
    step[140:180, 140:180] += 0.2
    contrast = {}
    for scatter in (0.0, 0.25):
        signal = expose(np.random.default_rng(0), step, 3.0, detector(1e6, scatter=scatter))
        contrast[scatter] = signal[145:175, 145:175].mean() - signal[:60, :60].mean()
    assert contrast[0.0] == pytest.approx(0.2, abs=0.003)
    assert 0.70 < contrast[0.25] / contrast[0.0] < 0.90


def test_correlated_noise_leaks_into_the_neighbours_and_keeps_its_deviation():
    noise = expose(np.random.default_rng(0), flat(3.0), 3.0, detector(correlation=0.08)) - 3.0
    assert noise.std() == pytest.approx(2000**-0.5, rel=0.03)
    neighbours = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    assert 0.1 < neighbours < 0.3


def test_a_drawn_detector_has_the_quanta_it_was_given():
    drawn = draw_detector(np.random.default_rng(1), 1234.0)
    assert drawn.quanta == 1234.0
    assert 0.45 <= drawn.blur_pixels <= 0.65
    assert 0.12 <= drawn.scatter <= 0.25
