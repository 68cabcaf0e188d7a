from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.simulation import distractors
from MCDetect.simulation.distractors import PROBABILITIES, draw_distractors

SHAPE = (128, 96)
MAKERS = [
    distractors.pixel_defects,
    distractors.strand,
    distractors.tram_track,
    distractors.edge,
    distractors.lump,
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_distractor_has_the_shape_asked_for_and_a_peak_of_one(make):
    for seed in range(20):
        contrast = make(SHAPE, np.random.default_rng(seed))
        assert contrast.shape == SHAPE
        assert contrast.dtype == np.float32
        # A strand may lie outside a small tile altogether.
        assert np.abs(contrast).max() in (0.0, pytest.approx(1.0))


def test_pixel_defects_are_one_or_two_pixels():
    for seed in range(20):
        defects = distractors.pixel_defects(SHAPE, np.random.default_rng(seed)) != 0
        assert 1 <= defects.sum() <= 24


def test_a_strand_is_long_and_thin():
    random = np.random.default_rng(0)
    checked = 0
    for _ in range(30):
        contrast = distractors.strand((256, 256), random)
        area = contrast > 0.3
        rows, columns = np.nonzero(area)
        if rows.size < 30 or min(rows.min(), columns.min()) == 0 or max(rows.max(), columns.max()) == 255:
            continue
        deviations = np.linalg.svd(np.stack((rows - rows.mean(), columns - columns.mean())), compute_uv=False)
        assert deviations[0] > 1.5 * deviations[1]
        checked += 1
    assert checked >= 10


def test_a_tram_track_has_two_sides():
    random = np.random.default_rng(1)
    double = 0
    for _ in range(20):
        contrast = distractors.tram_track((256, 256), random)
        double += ndimage.label(contrast > 0.25, structure=np.ones((3, 3)))[1] >= 2
    assert double >= 10


def test_lumps_are_too_soft_for_the_filter_of_small_calcifications():
    contrast = distractors.lump(SHAPE, np.random.default_rng(2))
    fine = ndimage.gaussian_filter(contrast, 1.0) - ndimage.gaussian_filter(contrast, 2.0)
    assert np.abs(fine).max() < 0.1  # a punctate calcification of 3 pixels responds with 0.3


def test_contrast_grows_with_the_noise_it_is_drawn_for():
    weak, strong = (draw_distractors(SHAPE, noise, np.random.default_rng(5)) for noise in (0.001, 0.004))
    assert np.abs(weak).max() > 0
    np.testing.assert_allclose(strong, 4 * weak, rtol=1e-4, atol=1e-7)


def test_each_kind_is_drawn_as_often_as_its_probability_says():
    random = np.random.default_rng(7)
    for name, probability in PROBABILITIES.items():
        hits = sum(draw_distractors((48, 48), 0.01, random, {name: probability}).any() for _ in range(150))
        assert hits / 150 == pytest.approx(probability, abs=0.13)


def test_no_probabilities_give_an_empty_map():
    assert not draw_distractors(SHAPE, 0.01, np.random.default_rng(0), {}).any()
