from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.acquisition import Detector, draw_detector, expose, noise_model


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


def test_the_noise_model_tells_the_deviation_of_the_noise_that_is_added():
    one = detector(1500.0, scatter=0.2)
    signal = expose(np.random.default_rng(0), flat(3.0), 3.0, one)
    assert noise_model(3.0, one).deviation(float(signal.mean())) == pytest.approx(signal.std(), rel=0.03)


@pytest.mark.parametrize("correlation", [0.0, 0.08])
def test_the_ideal_observer_is_as_good_as_the_matched_filter_of_many_pictures(correlation):
    one = detector(correlation=correlation)
    expected = np.zeros((33, 33))
    expected[15:18, 15:18] = 0.02
    model = noise_model(3.0, one)
    noise = expose(np.random.default_rng(2), np.full((1320, 1320), 3.0, np.float32), 3.0, one) - 3.0
    tiles = noise.reshape(40, 33, 40, 33).transpose(0, 2, 1, 3).reshape(-1, 33, 33)
    # The whitened template, made without the model: the covariance of the noise, inverted.
    inner = tiles[:, 11:22, 11:22].reshape(len(tiles), -1)
    covariance = np.cov(inner.T) + 1e-9 * np.eye(121)
    signal = expected[11:22, 11:22].ravel()
    measured = np.sqrt(signal @ np.linalg.solve(covariance, signal))
    assert model.detectability(expected, 3.0) == pytest.approx(measured, rel=0.12)
