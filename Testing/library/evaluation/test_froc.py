from __future__ import annotations

import math

import numpy as np
import pytest

from MCDetect.evaluation.froc import FrocCurve, MatchedImage, ScoredImage, by_case, froc_curve, match
from MCDetect.evaluation.hits import Candidate, Truth, overlaps


def square(row: float, column: float, side: float = 10.0) -> tuple[tuple[float, float], ...]:
    return ((row, column), (row, column + side), (row + side, column + side), (row + side, column))


def image(candidates: tuple[Candidate, ...], truths: tuple[Truth, ...], examination: str = "1") -> ScoredImage:
    return ScoredImage(examination, candidates, truths, (1.0, 1.0))


FOUR_IMAGES = [
    MatchedImage("1", (0.9,), (0.8,), False),
    MatchedImage("1", (0.4, -math.inf), (), False),
    MatchedImage("2", (), (0.6, 0.3), True),
    MatchedImage("3", (), (), True),
]


def test_two_candidates_in_one_cluster_count_once_with_the_higher_score():
    matched = match(image((Candidate(square(0, 0), 0.3), Candidate(square(1, 1), 0.7)), (Truth(square(0, 0)),)))
    assert matched.truth_scores == (0.7,)
    assert matched.false_positives == ()


def test_a_missed_cluster_and_a_false_mark_are_both_counted():
    matched = match(image((Candidate(square(100, 100), 0.6),), (Truth(square(0, 0)),)))
    assert matched.truth_scores == (-math.inf,)
    assert matched.false_positives == (0.6,)
    assert not matched.is_normal


def test_a_mark_on_a_cluster_that_does_not_count_is_neither_right_nor_wrong():
    matched = match(image((Candidate(square(0, 0), 0.6),), (Truth(square(0, 0), counted=False),)))
    assert matched.truth_scores == ()
    assert matched.false_positives == ()
    assert not matched.is_normal


def test_the_criterion_decides_what_is_a_hit():
    beside = image((Candidate(square(0, 8), 0.6),), (Truth(square(0, 0)),))
    assert match(beside).truth_scores == (0.6,)
    assert match(beside, overlaps).false_positives == (0.6,)


def test_the_curve_of_four_images_is_exact():
    curve = froc_curve(FOUR_IMAGES)
    np.testing.assert_allclose(curve.thresholds, [0.9, 0.8, 0.6, 0.4, 0.3])
    np.testing.assert_allclose(curve.sensitivity, [1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3])
    np.testing.assert_allclose(curve.false_positives, [0, 0.25, 0.5, 0.5, 0.75])
    assert curve.sensitivity_at(0.1) == pytest.approx(1 / 3)
    assert curve.sensitivity_at(0.5) == pytest.approx(2 / 3)
    assert curve.threshold_at(0.5) == 0.4
    assert curve.mean_sensitivity(1.0) == pytest.approx(0.5 * 1 / 3 + 0.5 * 2 / 3)


def test_false_positives_can_be_counted_on_normal_images_alone():
    curve = froc_curve(FOUR_IMAGES, false_positives_on_normal_images=True)
    np.testing.assert_allclose(curve.false_positives, [0, 0.5, 0.5, 1.0])


def test_by_case_a_cluster_seen_in_one_view_is_enough():
    cases = by_case(FOUR_IMAGES)
    assert [case.examination for case in cases] == ["1", "2", "3"]
    assert cases[0].truth_scores == (0.9,)
    assert cases[0].false_positives == (0.8,)
    assert froc_curve(cases).sensitivity_at(0.0) == 1.0


def test_a_detector_that_finds_nothing_has_no_sensitivity_and_no_threshold():
    curve = froc_curve([MatchedImage("1", (-math.inf,), (), False)])
    assert curve.sensitivity_at(2.0) == 0.0
    assert curve.mean_sensitivity() == 0.0
    assert curve.threshold_at(1.0) == math.inf


def test_a_curve_without_any_truth_is_refused():
    with pytest.raises(ValueError, match="at least one truth"):
        froc_curve([MatchedImage("1", (), (0.5,), True)])


def test_a_curve_that_is_drawn_ends_where_it_ends():
    images = [MatchedImage("1", tuple(np.linspace(0.001, 0.999, 1001)), (), False), MatchedImage("2", (), (0.5,), True)]
    curve = froc_curve(images)
    points = curve.points()
    assert len(points) <= 301
    assert points[0][1] == pytest.approx(curve.sensitivity[0], abs=1e-4)
    assert points[-1] == (0.5, 1.0)
    assert [x for x, _ in curve.points(views=4.0)] == pytest.approx([x / 4 for x, _ in points], abs=1e-4)
    assert FrocCurve(*[np.empty(0)] * 3).points() == []
