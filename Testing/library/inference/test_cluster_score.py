from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.inference.cluster_score import FEATURES, cluster_features, cluster_score


def test_the_features_are_what_they_are_said_to_be():
    features = cluster_features([5, 1, 3, 2], threshold=1.0, patch_logits=[-2, 4])
    assert tuple(features) == FEATURES
    assert features["highest_logit"] == 4
    assert features["third_highest_logit"] == 1
    assert features["mean_of_five_highest_logits"] == pytest.approx((4 + 2 + 1 + 0) / 4)
    assert features["log_count"] == pytest.approx(math.log(4))
    assert features["patch_logit"] == 4


def test_one_spot_counts_no_more_the_brighter_it_is():
    bright, brighter = (cluster_features([highest, 1, 0], 0.0, [0.0]) for highest in (12, 30))
    assert bright == brighter
    assert bright["highest_logit"] == 12


def test_two_members_are_no_cluster():
    with pytest.raises(ValueError, match="at least 3"):
        cluster_features([1, 2], 0.0, [0.0])


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=9), st.floats(-1e6, 1e6))
def test_the_score_is_a_probability_and_grows_with_a_positive_weight(logits, intercept):
    features = cluster_features(logits, 0.0, [0.0])
    stronger = cluster_features([logit + 1 for logit in logits], 0.0, [0.0])
    weights = {"third_highest_logit": 0.7}
    low, high = cluster_score(features, weights, intercept), cluster_score(stronger, weights, intercept)
    assert 0 < low <= high < 1


def test_the_score_is_the_logistic_function_of_the_weighted_sum():
    features = cluster_features([2, 2, 2], 0.0, [1.0])
    assert cluster_score(features, {"patch_logit": 2.0}, -2.0) == pytest.approx(0.5)
