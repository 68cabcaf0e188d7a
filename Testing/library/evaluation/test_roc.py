from __future__ import annotations

import numpy as np
import pytest

from MCDetect.evaluation.roc import area_under_curve


def test_the_area_is_the_share_of_ordered_pairs_with_ties_counted_half():
    interval = area_under_curve([False, False, True, True], [0.1, 0.5, 0.5, 0.9], repeats=50)
    assert interval.estimate == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert interval.low <= interval.estimate <= interval.high


def test_perfect_scores_have_an_area_of_one_without_width():
    interval = area_under_curve([False] * 5 + [True] * 5, np.arange(10.0), repeats=50)
    assert (interval.low, interval.estimate, interval.high) == (1.0, 1.0, 1.0)


def test_more_data_give_a_narrower_interval():
    random = np.random.default_rng(0)

    def width(count: int) -> float:
        labels = np.arange(count) % 2 == 0
        interval = area_under_curve(labels, random.normal(labels, 1.0), repeats=200)
        return interval.high - interval.low

    assert width(800) < 0.5 * width(50)


def test_resampling_by_examination_widens_the_interval_of_repeated_entries():
    random = np.random.default_rng(2)
    labels = np.repeat(np.arange(40) % 2 == 0, 5)
    scores = np.repeat(random.normal(np.arange(40) % 2 == 0, 1.0), 5)
    single = area_under_curve(labels, scores, repeats=200)
    grouped = area_under_curve(labels, scores, examinations=np.repeat(np.arange(40), 5).tolist(), repeats=200)
    assert grouped.high - grouped.low > 1.5 * (single.high - single.low)


def test_one_class_alone_or_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="positives and negatives"):
        area_under_curve([True, True], [0.1, 0.2])
    with pytest.raises(ValueError, match="2 labels"):
        area_under_curve([True, False], [0.1])
