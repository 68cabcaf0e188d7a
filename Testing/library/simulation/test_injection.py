from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.simulation.injection import Injection, InjectionSettings, draw_injection, noise_level
from MCDetect.simulation.labels import CALCIFICATION, IGNORED, TISSUE, calcification_responses, truth_labels
from MCDetect.simulation.matched_filter import matched_response

SHAPE = (160, 160)
NOISE = 0.002


@pytest.fixture(scope="module")
def injections() -> list[Injection]:
    return [draw_injection(SHAPE, NOISE, np.random.default_rng(seed)) for seed in range(25)]


def disc(radius: float, contrast: float) -> Injection:
    rows, columns = np.mgrid[:64, :64]
    inside = np.hypot(rows - 32, columns - 32) <= radius
    image = ndimage.gaussian_filter(contrast * inside.astype(np.float32), 0.7)
    return Injection(image, inside.astype(np.int32), np.zeros(inside.shape, dtype=bool), (0,))


def test_the_noise_level_of_white_noise_is_the_deviation_of_its_band():
    image = np.random.default_rng(0).normal(0, 1, (400, 400)).astype(np.float32)
    band = ndimage.gaussian_filter(image, 1.0, truncate=3.0) - ndimage.gaussian_filter(image, 2.0, truncate=3.0)
    assert noise_level(image) == pytest.approx(float(band.std()), rel=0.03)


def test_a_few_calcifications_do_not_move_the_noise_level():
    image = np.random.default_rng(0).normal(0, 1, (200, 200)).astype(np.float32)
    spoiled = image.copy()
    spoiled[50:60, 50:60] += 100
    assert noise_level(spoiled) == pytest.approx(noise_level(image), rel=0.03)


def test_large_calcifications_respond_as_well_as_small_ones():
    small, large = (float(matched_response(disc(radius, 1.0).contrast).max()) for radius in (1.5, 5.0))
    assert large > 0.8 * small


def test_the_median_detectability_of_a_cluster_is_what_was_asked_for():
    settings = InjectionSettings(clusters=(1, 1), detectability=(6.0, 6.0), boosted=0.0, sparse=0.0)
    medians = []
    for seed in range(15):
        injection = draw_injection(SHAPE, NOISE, np.random.default_rng(seed), settings=settings)
        medians.append(np.median(calcification_responses(injection)) / NOISE)
    # The soft clip takes a little off the strongest members of a cluster.
    assert all(5.0 < value <= 6.01 for value in medians)
    assert np.median(medians) == pytest.approx(6.0, rel=0.03)


def test_only_detectable_calcifications_are_taught_as_present():
    for contrast, expected in ((10 * NOISE, CALCIFICATION), (0.5 * NOISE, IGNORED)):
        labels = truth_labels(disc(2.0, contrast), NOISE)
        assert labels[32, 32] == expected
        assert labels[5, 5] == TISSUE


def test_a_blur_after_the_injection_can_make_a_calcification_undetectable():
    injection = disc(1.5, 8 * NOISE)
    assert truth_labels(injection, NOISE)[32, 32] == CALCIFICATION
    blurred = ndimage.gaussian_filter(injection.contrast, 3.0)
    assert truth_labels(injection, NOISE, blurred)[32, 32] == IGNORED


def test_masks_lie_on_the_contrast_and_every_calcification_has_a_cluster(injections: list[Injection]):
    for injection in injections:
        numbers = np.unique(injection.core[injection.core > 0])
        assert numbers.size == 0 or numbers.max() <= len(injection.cluster_of)
        assert np.all(injection.contrast[injection.core > 0] > 0)
        assert np.all(injection.halo[injection.core > 0])
        assert list(injection.cluster_of) == sorted(injection.cluster_of)
    assert sum(len(injection.cluster_of) for injection in injections) > 100


def test_labels_of_drawn_injections_hold_all_three_values(injections: list[Injection]):
    values = np.concatenate([np.unique(truth_labels(injection, NOISE)) for injection in injections])
    assert set(values.tolist()) == {TISSUE, CALCIFICATION, IGNORED}


def test_nothing_is_put_outside_the_breast():
    mask = np.zeros(SHAPE, dtype=bool)
    mask[:, :60] = True
    for seed in range(10):
        injection = draw_injection(SHAPE, NOISE, np.random.default_rng(seed), mask=mask)
        # Calcifications of up to 2 mm whose centre is inside may reach over the border.
        assert not injection.core[:, 60 + 20 :].any()
    nothing = draw_injection(SHAPE, NOISE, np.random.default_rng(0), mask=np.zeros(SHAPE, dtype=bool))
    assert nothing.cluster_of == ()
    assert not nothing.contrast.any()


def test_the_same_seed_gives_the_same_injection(injections: list[Injection]):
    again = draw_injection(SHAPE, NOISE, np.random.default_rng(3))
    np.testing.assert_array_equal(again.contrast, injections[3].contrast)
    np.testing.assert_array_equal(again.core, injections[3].core)


def test_no_calcification_exceeds_the_grey_range():
    settings = InjectionSettings(detectability=(500.0, 500.0))
    injection = draw_injection(SHAPE, 0.02, np.random.default_rng(1), settings=settings)
    assert injection.contrast.max() <= 3 * 0.7
    single = InjectionSettings(clusters=(1, 1), detectability=(500.0, 500.0))
    assert draw_injection(SHAPE, 0.02, np.random.default_rng(1), settings=single).contrast.max() <= 0.7
