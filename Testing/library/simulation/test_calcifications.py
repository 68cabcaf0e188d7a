from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.simulation.calcifications import SIZES, SUPERSAMPLING, CalcificationKind, draw_calcification

SPACING = 0.07


@pytest.mark.parametrize("kind", list(CalcificationKind))
def test_every_kind_is_drawn_at_a_plausible_size(kind):
    limits = SIZES[kind]
    drawn = [draw_calcification(np.random.default_rng(seed), kind, SPACING) for seed in range(20)]
    diameters = np.array([d.diameter_mm for d in drawn])
    assert diameters.min() >= limits.low
    assert diameters.max() <= limits.high
    assert np.median(diameters) == pytest.approx(limits.median, rel=0.35)
    for calcification in drawn:
        fine = calcification.fine_thickness_mm
        assert fine.shape[0] == fine.shape[1]
        assert fine.shape[0] % 2 == 1
        rows, columns = np.nonzero(fine > 0.2 * fine.max())
        extent = max(np.ptp(rows), np.ptp(columns)) * SPACING / SUPERSAMPLING
        assert 0.15 * calcification.diameter_mm <= extent <= 1.5 * calcification.diameter_mm
        assert 0.01 < fine.max() < 1.5


@pytest.mark.parametrize("kind", list(CalcificationKind))
def test_the_same_seed_draws_the_same_calcification(kind):
    first, second = (draw_calcification(np.random.default_rng(5), kind, SPACING) for _ in range(2))
    np.testing.assert_array_equal(first.fine_thickness_mm, second.fine_thickness_mm)


@given(st.floats(-50, 50), st.floats(-50, 50), st.sampled_from([CalcificationKind.PUNCTATE, CalcificationKind.RIM]))
@settings(max_examples=60, deadline=None)
def test_the_place_moves_a_calcification_and_keeps_its_calcium(row, column, kind):
    calcification = draw_calcification(np.random.default_rng(1), kind, SPACING)
    top, left, thickness = calcification.at(row, column)
    assert thickness.sum() == pytest.approx(calcification.thickness_mm.sum(), rel=1e-4)
    weight = thickness / thickness.sum()
    centre_row = top + float((weight.sum(axis=1) * np.arange(thickness.shape[0])).sum())
    reference_top, _, reference = calcification.at(0.0, 0.0)
    middle = reference_top + float((reference.sum(axis=1) / reference.sum() * np.arange(reference.shape[0])).sum())
    assert centre_row - middle == pytest.approx(row, abs=1.01 / SUPERSAMPLING)
    assert column - thickness.shape[1] <= left <= column + 1


def test_half_the_spacing_gives_twice_the_pixels():
    kind = CalcificationKind.COARSE_HETEROGENEOUS
    coarse, fine = (
        draw_calcification(np.random.default_rng(2), kind, spacing, diameter_mm=0.8).thickness_mm
        for spacing in (0.1, 0.05)
    )
    assert fine.shape[0] == pytest.approx(2 * coarse.shape[0], abs=3)
