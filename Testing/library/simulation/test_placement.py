from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.simulation.acquisition import NoiseModel
from MCDetect.simulation.calcifications import CalcificationKind, draw_calcification
from MCDetect.simulation.placement import PlacedCalcification, Placement, calcium_map, measure, place_calcifications

CELL, SPACING = 4, 0.07
NOISE = NoiseModel(unit=1e5, electronic=5.0, correlation=0.0)


def breast() -> tuple[np.ndarray, np.ndarray]:
    depth = np.full((300, 250), -5, dtype=np.float32)
    depth[20:280, :200] = 15
    preference = np.zeros_like(depth)
    preference[100:200, 50:150] = 1
    return depth, preference


def place(seed: int, clusters: int, isolated: int, muscle: np.ndarray | None = None) -> Placement:
    depth, preference = breast()
    return place_calcifications(
        np.random.default_rng(seed),
        depth,
        depth if muscle is None else np.where(muscle, np.float32(0), depth),
        preference,
        cell=CELL,
        spacing_mm=SPACING,
        nipple=(600.0, 800.0),
        clusters=clusters,
        isolated=isolated,
    )


def test_everything_lies_inside_the_breast():
    for seed in range(8):
        placement = place(seed, 2, 4)
        for item in placement.calcifications:
            assert 80 <= item.row < 1120
            assert 0 <= item.column < 800


def test_clusters_have_at_least_three_members_each():
    for seed in range(8):
        placement = place(seed, 2, 0)
        members = [item.cluster for item in placement.calcifications]
        assert all(members.count(k) >= 3 for k in range(len(placement.clusters)))


def test_no_cluster_lies_over_the_muscle():
    muscle = np.zeros((300, 250), dtype=np.float32)
    muscle[:160] = 0.4  # most of where calcifications like to form
    for seed in range(8):
        placement = place(seed, 2, 0, muscle)
        assert placement.clusters
        assert all(item.row >= 160 * CELL for item in placement.calcifications)


def test_nothing_is_placed_where_there_is_no_breast():
    nowhere = np.full((50, 50), -5, dtype=np.float32)
    placement = place_calcifications(
        np.random.default_rng(0),
        nowhere,
        nowhere,
        nowhere,
        cell=CELL,
        spacing_mm=SPACING,
        nipple=(0.0, 0.0),
        clusters=3,
        isolated=3,
    )
    assert placement == Placement((), ())


def test_calcium_is_clipped_at_the_border_and_otherwise_whole():
    drawn = draw_calcification(np.random.default_rng(0), CalcificationKind.PUNCTATE, SPACING)
    total = drawn.thickness_mm.sum()
    inside = calcium_map(Placement((PlacedCalcification(drawn, 50, 50, None),), ()), (100, 100))
    corner = calcium_map(Placement((PlacedCalcification(drawn, -0.5, 50, None),), ()), (100, 100))
    outside = calcium_map(Placement((PlacedCalcification(drawn, -40, 50, None),), ()), (100, 100))
    assert inside.sum() == pytest.approx(total, rel=1e-5)
    assert 0.2 * total < corner.sum() < 0.8 * total
    assert outside.sum() == 0


def test_the_truth_of_a_calcification_on_white_noise_is_what_a_matched_filter_finds():
    drawn = draw_calcification(np.random.default_rng(1), CalcificationKind.PUNCTATE, SPACING, diameter_mm=0.3)
    item = PlacedCalcification(drawn, 100.25, 80.5, None)
    calcium = calcium_map(Placement((item,), ()), (200, 200))
    noise = np.random.default_rng(2).normal(0, 0.02, (200, 200))
    signal = (ndimage.gaussian_filter(calcium, 0.5) + noise).astype(np.float32)
    truth = measure(7, item, signal, calcium_per_mm=1.0, primary_share=1.0, blur_pixels=0.5, noise=NOISE)
    assert truth is not None
    assert truth.id == 7
    assert (truth.row, truth.column) == pytest.approx((100.25, 80.5), abs=0.6)
    assert 0.15 < truth.diameter_mm < 0.5
    response = ndimage.gaussian_filter(signal, 1.0) - ndimage.gaussian_filter(signal, 2.0)
    found = response[95:106, 75:86].max() / response[:60].std()
    assert truth.signal_to_noise == pytest.approx(found, rel=0.35)


def test_a_calcification_beyond_the_image_has_no_truth():
    drawn = draw_calcification(np.random.default_rng(1), CalcificationKind.PUNCTATE, SPACING)
    signal = np.random.default_rng(2).normal(0, 0.02, (200, 200)).astype(np.float32)
    item = PlacedCalcification(drawn, -50, 80, None)
    assert measure(1, item, signal, calcium_per_mm=1.0, primary_share=1.0, blur_pixels=0.5, noise=NOISE) is None
