from __future__ import annotations

import numpy as np
import pytest

from MCDetect.inference.cluster_score import FEATURES, cluster_score
from MCDetect.training.calibration_fits import (
    ClusteredView,
    MarkedView,
    fit_cluster_score,
    mark_threshold,
    operating_points,
    platt_calibration,
)


def marked(wrong: list[float], right: list[float] | None = None, has_clusters: bool = False) -> MarkedView:
    found = right or []
    return MarkedView((*wrong, *found), (False,) * len(wrong) + (True,) * len(found), has_clusters)


def clustered(values: list[float], right: bool, has_clusters: bool) -> ClusteredView:
    features = tuple(dict.fromkeys(FEATURES, value) for value in values)
    return ClusteredView(features, (right,) * len(values), has_clusters)


def test_the_threshold_leaves_exactly_the_allowed_number_of_false_marks():
    views = [marked([5.0, 4.0, 1.0]), marked([3.0, 2.0], right=[9.0])]
    threshold = mark_threshold(views, 1.5)
    assert threshold == pytest.approx(2.5)
    assert sum(logit >= threshold for view in views for logit in view.logits[:3]) - 1 == 3


def test_right_marks_and_views_with_clusters_do_not_move_the_threshold():
    views = [marked([5.0, 4.0], right=[8.0, 7.0]), marked([6.0, 6.0, 6.0], has_clusters=True)]
    assert mark_threshold(views, 1.0) == pytest.approx(4.5)


def test_with_fewer_false_marks_than_allowed_everything_passes():
    assert mark_threshold([marked([1.0])], 5.0) == -3.0
    assert mark_threshold([marked([], right=[2.0])], 0.0) == -3.0


def test_equal_logits_are_never_split():
    threshold = mark_threshold([marked([2.0, 2.0, 2.0])], 1.0)
    assert threshold > 2.0


def test_platts_calibration_recovers_the_probabilities_it_was_drawn_from():
    random = np.random.default_rng(0)
    logits = random.uniform(-3, 6, 4000)
    right = random.random(4000) < 1 / (1 + np.exp(-(0.8 * logits - 1.5)))
    slope, intercept = platt_calibration([MarkedView(tuple(logits), tuple(right), True)])
    assert slope == pytest.approx(0.8, abs=0.08)
    assert intercept == pytest.approx(-1.5, abs=0.2)


def test_marks_of_one_kind_cannot_be_calibrated():
    with pytest.raises(ValueError, match="right and wrong"):
        platt_calibration([marked([1.0, 2.0])])


def test_the_cluster_score_ranks_and_has_no_negative_weight():
    random = np.random.default_rng(1)
    rows, right = [], []
    for _ in range(400):
        is_right = bool(random.integers(2))
        row = {name: float(random.normal(is_right, 1.0)) for name in FEATURES}
        row["log_count"] = float(random.normal(-is_right, 1.0))  # evidence against: may be ignored, not subtracted
        rows.append(row)
        right.append(is_right)
    weights, intercept = fit_cluster_score([ClusteredView(tuple(rows), tuple(right), True)])
    assert list(weights) == list(FEATURES)
    assert min(weights.values()) >= 0
    assert weights["log_count"] == 0
    scores = np.array([cluster_score(row, weights, intercept) for row in rows])
    assert scores[np.array(right)].mean() > scores[~np.array(right)].mean() + 0.4
    # A logistic regression with an intercept is calibrated on average.
    assert scores.mean() == pytest.approx(np.mean(right), abs=1e-3)


def test_clusters_of_one_kind_cannot_be_fitted():
    with pytest.raises(ValueError, match="right and wrong"):
        fit_cluster_score([clustered([1.0], right=True, has_clusters=True)])


def test_operating_points_keep_their_rates_on_views_without_clusters():
    views = [clustered([float(i)], right=False, has_clusters=False) for i in range(10)]
    views.append(clustered([100.0], right=True, has_clusters=True))
    score = {"intercept": -2.0, "weights": {FEATURES[0]: 0.4}}
    points = operating_points(views, score, {"high-sensitivity": 0.5, "balanced": 0.2, "high-specificity": 0.0})
    found = [cluster_score({FEATURES[0]: float(i)}, score["weights"], score["intercept"]) for i in range(10)]
    assert [sum(value >= threshold for value in found) for threshold in points.values()] == [5, 2, 0]
    assert points["high-specificity"] < 1.0
