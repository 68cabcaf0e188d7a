from __future__ import annotations

import itertools

import numpy as np
import pytest

from MCDetect.training.detection.looking import Mark
from MCDetect.training.detection.marks import (
    ideal_cluster_probability,
    ideal_threshold,
    match_marks,
    near_any,
    share_found,
    threshold_at,
)
from MCDetect.training.detection.truths import TrueCalcification, TrueCluster, ViewTruth

SPACING = 0.1


def view(*places: tuple[float, float], diameter_mm: float = 0.2) -> ViewTruth:
    calcifications = tuple(TrueCalcification(r, c, diameter_mm, 8.0, 9.0, "punctate") for r, c in places)
    return ViewTruth(1, "1", SPACING, "b", "", calcifications, ())


def mark(row: float, column: float, logit: float = 1.0) -> Mark:
    return Mark(row, column, 0.2, logit)


EVERY = np.array([True, True])


def test_a_mark_beside_a_calcification_is_right_up_to_half_a_millimetre_from_its_edge():
    truth = view((50, 50))
    assert near_any(mark(50, 55.9), truth)
    assert not near_any(mark(50, 56.1), truth)
    assert not near_any(mark(50, 50), view())


def test_one_mark_finds_one_calcification_only():
    matched = match_marks([mark(50, 51, 2.0)], view((50, 50), (50, 53)), EVERY)
    assert matched.logits.tolist() == [2.0, -np.inf]
    assert matched.errors_mm[0] == pytest.approx(0.1)
    assert matched.false_logits.size == 0


def test_the_highest_mark_chooses_first_and_the_next_takes_what_is_free():
    matched = match_marks([mark(50, 51, 1.0), mark(50, 50, 3.0)], view((50, 50), (50, 53)), EVERY)
    assert matched.logits.tolist() == [3.0, 1.0]


def test_a_second_mark_on_a_calcification_is_neither_right_nor_wrong():
    matched = match_marks([mark(50, 50), mark(51, 50)], view((50, 50)), np.array([True]))
    assert matched.false_logits.size == 0


def test_a_mark_on_a_calcification_that_does_not_count_is_not_false():
    matched = match_marks([mark(50, 50)], view((50, 50)), np.array([False]))
    assert matched.logits.size == 0
    assert matched.false_logits.size == 0


def test_the_threshold_lets_exactly_the_allowed_number_of_false_marks_pass():
    views = [match_marks([mark(0, 0, x) for x in (5.0, 4.0, 3.0)], view(), np.zeros(0, bool)) for _ in range(2)]
    assert sum((v.false_logits >= threshold_at(views, 1.0)).sum() for v in views) <= 2
    assert threshold_at(views, 3.0) == np.finfo(float).min
    assert threshold_at(views, 1.0) > 4.0


def test_without_calcifications_nothing_is_found_and_nothing_missed():
    assert np.isnan(share_found([match_marks([], view(), np.zeros(0, bool))], 0.0))


def test_the_ideal_threshold_grows_with_the_area_and_falls_with_the_rate():
    assert ideal_threshold(200, 10) > ideal_threshold(100, 10) > ideal_threshold(100, 50)


def test_the_probability_of_three_marks_in_a_cluster_equals_that_by_enumeration():
    probabilities = np.array([0.9, 0.2, 0.5, 0.7])
    expected = sum(
        np.prod([p if hit else 1 - p for p, hit in zip(probabilities, hits, strict=True)])
        for hits in itertools.product((0, 1), repeat=4)
        if sum(hits) >= 3
    )
    cluster = TrueCluster(((0, 0), (0, 1), (1, 0)), "punctate", 8.0, (0, 1, 2, 3))
    assert ideal_cluster_probability(cluster, probabilities) == pytest.approx(expected)
