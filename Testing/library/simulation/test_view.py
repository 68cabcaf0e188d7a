from __future__ import annotations

import numpy as np
import pytest

from MCDetect.errors import UsageError
from MCDetect.runs import mask_of_runs
from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.view import simulate_view

SMALL = {"rows": 700, "columns": 512}


def test_the_same_seed_gives_the_same_view_bit_by_bit():
    first, second = (simulate_view(3, view="MLO", **SMALL) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.calcifications == second.calcifications
    assert first.clusters == second.clusters


def test_another_seed_gives_another_view():
    assert not np.array_equal(simulate_view(1, **SMALL).pixels, simulate_view(2, **SMALL).pixels)


def test_a_view_is_twelve_bit_and_black_in_air(view_with_clusters):
    pixels, mask = view_with_clusters.pixels, view_with_clusters.breast_mask
    assert pixels.dtype == np.uint16
    assert pixels.max() <= 4095
    assert mask.shape == pixels.shape
    assert 0.1 < mask.mean() < 0.7
    assert np.median(pixels[mask]) > 300
    assert np.mean(pixels[~mask] == 0) > 0.97


def test_right_is_left_mirrored_with_its_truth():
    arguments = {"clusters": 1, "isolated": 2, "style": None, **SMALL}
    left, right = (simulate_view(8, laterality=side, **arguments) for side in "LR")
    mirrored = right.pixels[:, ::-1]
    np.testing.assert_array_equal(left.breast_mask, right.breast_mask[:, ::-1])
    np.testing.assert_array_equal(left.pixels[left.breast_mask], mirrored[left.breast_mask])
    assert left.breast_mask[:, 0].sum() > 0
    assert left.breast_mask[:, -1].sum() == 0
    for a, b in zip(left.calcifications, right.calcifications, strict=True):
        mask = mask_of_runs(b.runs, right.pixels.shape)[:, ::-1]
        np.testing.assert_array_equal(mask_of_runs(a.runs, left.pixels.shape), mask)
        assert a.column == pytest.approx(right.pixels.shape[1] - 1 - b.column)


def test_truth_masks_lie_on_raised_contrast(view_with_clusters, normal_view):
    # The same seed without calcifications is the same breast and exposure, so the difference is calcium alone.
    difference = view_with_clusters.pixels.astype(float) - normal_view.pixels
    assert len(view_with_clusters.calcifications) > 5
    raised = []
    for calcification in view_with_clusters.calcifications:
        mask = mask_of_runs(calcification.runs, difference.shape)
        raised.append(difference[mask].mean() > 3 * abs(np.median(difference)) + 5)
        if calcification.signal_to_noise > 4:
            assert difference[mask].mean() > 60
    assert np.mean(raised) > 0.9


def test_the_breast_beside_the_calcifications_is_the_normal_view(view_with_clusters, normal_view):
    difference = np.abs(view_with_clusters.pixels.astype(int) - normal_view.pixels)
    assert np.percentile(difference[normal_view.breast_mask], 95) < 40


def test_a_normal_view_has_no_truth(normal_view):
    assert normal_view.calcifications == ()
    assert normal_view.clusters == ()


def test_truth_is_consistent(view_with_clusters):
    by_id = {c.id: c for c in view_with_clusters.calcifications}
    assert len(by_id) == len(view_with_clusters.calcifications)
    rows, columns = view_with_clusters.pixels.shape
    for calcification in by_id.values():
        pixels = sum(count for _, _, count in calcification.runs)
        assert calcification.area_mm2 == pytest.approx(pixels * view_with_clusters.spacing_mm**2)
        assert 0 < calcification.contrast < 0.9
        assert calcification.signal_to_noise > 0
        assert all(0 <= r < rows and c >= 0 and c + n <= columns for r, c, n in calcification.runs)
        assert isinstance(calcification.kind, CalcificationKind)
    for cluster in view_with_clusters.clusters:
        outline = np.array(cluster.outline)
        assert len(cluster.member_ids) >= 3
        for member in cluster.member_ids:
            assert outline[:, 0].min() < by_id[member].row < outline[:, 0].max()
            assert outline[:, 1].min() < by_id[member].column < outline[:, 1].max()


def test_half_the_spacing_shows_the_same_breast_with_twice_the_pixels():
    coarse = simulate_view(5, rows=500, columns=400, spacing_mm=0.2, clusters=0, isolated=0)
    fine = simulate_view(5, rows=1000, columns=800, spacing_mm=0.1, clusters=0, isolated=0)
    areas = [view.breast_mask.sum() * view.spacing_mm**2 for view in (coarse, fine)]
    assert areas[0] == pytest.approx(areas[1], rel=0.03)


@pytest.mark.parametrize(
    "arguments",
    [
        {"laterality": "B"},
        {"view": "XCCL"},
        {"rows": 100},
        {"spacing_mm": 0.0},
        {"clusters": -1},
        {"isolated": -1},
    ],
)
def test_arguments_without_meaning_are_refused_with_one_sentence(arguments):
    with pytest.raises(UsageError) as caught:
        simulate_view(0, **{**SMALL, **arguments})
    assert caught.value.code == "wrong-simulation"
    assert caught.value.message.count(".") == 1


def test_rows_that_are_no_multiple_of_four_can_be_simulated():
    view = simulate_view(3, rows=1014, columns=798, spacing_mm=0.2, clusters=1)
    assert view.pixels.shape == (1014, 798)
