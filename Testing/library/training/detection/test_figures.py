from __future__ import annotations

import numpy as np
import pytest

from MCDetect.evaluation.hits import Candidate, centre_inside
from MCDetect.training.detection.figures import (
    by_group,
    calibration_figures,
    difference,
    froc_figures,
    match_views,
    operating_points,
)
from MCDetect.training.detection.truths import TrueCluster, ViewTruth

SQUARE = ((0.0, 0.0), (0.0, 50.0), (50.0, 50.0), (50.0, 0.0))
FAR = tuple((row + 1000, column) for row, column in SQUARE)


def view(number: int, *ratios: float, density: str = "b") -> ViewTruth:
    clusters = tuple(
        TrueCluster(tuple((r, c + 400 * k) for r, c in SQUARE), "rim", ratio, ()) for k, ratio in enumerate(ratios)
    )
    return ViewTruth(number, str(number), 0.1, density, "", (), clusters)


TRUTHS = [view(0, 8.0), view(1, 2.0, density="c"), view(2), view(3)]
FOUND = [
    [Candidate(SQUARE, 0.9)],
    [Candidate(SQUARE, 0.3)],
    [Candidate(FAR, 0.5)],
    [],
]
VIEWS = match_views(TRUTHS, FOUND, centre_inside)


def test_sensitivities_are_exact_on_a_set_that_can_be_counted_by_hand():
    figures = froc_figures(VIEWS)
    assert figures is not None
    values = figures["sensitivity at false positives a view"]
    assert values["0.25"]["estimate"] == 0.5  # the loud one above the false positive of 0.5
    assert values["0.5"]["estimate"] == 1.0
    assert figures["most false positives a view"] == 0.5


def test_faint_clusters_can_be_left_out():
    figures = froc_figures(VIEWS, lambda cluster: cluster.signal_to_noise >= 5)
    assert figures is not None
    assert figures["clusters"] == 1
    assert figures["sensitivity at false positives a view"]["0.1"]["estimate"] == 1.0
    assert froc_figures(VIEWS, lambda cluster: cluster.signal_to_noise > 100) is None


def test_groups_are_judged_at_one_threshold():
    groups = by_group(VIEWS, (0.25, 0.5))
    ratios = groups["by signal-to-noise ratio"]
    assert ratios["0 to 3"]["all"]["0.25"]["estimate"] == 0.0
    assert ratios["0 to 3"]["all"]["0.5"]["estimate"] == 1.0
    assert ratios["3 to 5"]["all"]["0.5"] is None
    assert groups["by density"]["b"]["false positives a view"]["0.5"]["estimate"] == 0.5
    assert groups["by density"]["c"]["false positives a view"]["0.5"] is None


def test_operating_points_count_false_positives_on_views_without_clusters():
    point = operating_points(VIEWS, {"balanced": 0.4})["balanced"]
    assert point["sensitivity"]["estimate"] == 0.5
    assert point["false positives a view without clusters"]["estimate"] == 0.5


def test_a_system_does_not_differ_from_itself():
    same = difference(VIEWS, VIEWS, 0.5)
    assert same["estimate"] == same["low"] == same["high"] == 0.0


def test_a_better_system_has_a_positive_difference():
    worse = match_views(TRUTHS, [[], *FOUND[1:]], centre_inside)
    assert difference(VIEWS, worse, 0.5)["estimate"] == 0.5


def test_the_calibration_error_of_scores_that_are_their_share_of_right_ones_is_zero():
    certain = [[Candidate(SQUARE, 1.0)], [Candidate(SQUARE, 1.0)], [Candidate(FAR, 0.0)], []]
    assert calibration_figures(TRUTHS, certain)["expected calibration error"]["estimate"] == 0.0
    assert calibration_figures(TRUTHS, certain)["error by chance"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    wrong = [[Candidate(FAR, 1.0)], [], [], []]
    assert calibration_figures(TRUTHS, wrong)["expected calibration error"]["estimate"] == pytest.approx(1.0)


def test_few_candidates_have_an_error_by_chance_even_if_scores_are_true_probabilities():
    few = [[Candidate(SQUARE, 0.5)] * number for number in (4, 0, 0, 0)]
    many = [[Candidate(SQUARE, 0.5)] * number for number in (400, 0, 0, 0)]
    chance, less = (calibration_figures(TRUTHS, found)["error by chance"] for found in (few, many))
    # Of four tosses of a coin the share of heads lies 3/16 off on average; of 400 the square root of 1/(800 pi).
    assert chance["mean"] == pytest.approx(3 / 16, abs=0.01)
    assert chance["low"] == 0.0
    assert chance["high"] == 0.5
    assert less["mean"] == pytest.approx((800 * np.pi) ** -0.5, abs=0.001)
    assert calibration_figures(TRUTHS, [[], [], [], []])["error by chance"] is None
