from __future__ import annotations

import pytest

from MCDetect.evaluation.free_response import ALL, NORMAL, free_response_figures, interval_of
from MCDetect.evaluation.froc import MatchedImage

IMAGES = [
    MatchedImage("1", (0.9, 0.2), (0.7,), False),
    MatchedImage("1", (0.6,), (), False),
    MatchedImage("2", (), (0.5, 0.1), True),
    MatchedImage("2", (), (), True),
]


def test_figures_by_image_and_by_examination_are_those_counted_by_hand():
    found = free_response_figures(IMAGES, {"balanced": 0.4}, repeats=20)
    assert (found["clusters"], found["images"], found["examinations"]) == (3, 4, 2)
    assert found["false positives counted on"] == NORMAL
    at = found["by image"]["sensitivity at false positives a view"]
    assert at["0.25"]["estimate"] == pytest.approx(2 / 3, abs=1e-4)
    # The mark of 0.5 makes half a false positive a view, that of 0.1 one: above it all three are found.
    assert at["0.5"]["estimate"] == 1.0
    # Examination 1 is found by its best score, before any false positive of examination 2.
    assert found["by examination"]["sensitivity at false positives a view"]["0.1"]["estimate"] == 1.0
    point = found["operating points"]["balanced"]
    assert point["sensitivity"]["estimate"] == pytest.approx(2 / 3, abs=1e-4)
    assert point["sensitivity by examination"]["estimate"] == 1.0
    assert point["false positives a view"]["estimate"] == 0.5  # on the two images without clusters


def test_false_positives_of_examinations_are_those_of_a_view_of_the_normal_ones():
    # One normal examination of four views, two others of one view each.
    normal = [MatchedImage("normal", (), scores, True) for scores in ((0.5, 0.4), (), (), ())]
    others = [MatchedImage("a", (0.9,), (), False), MatchedImage("b", (0.45,), (), False)]
    by_examination = free_response_figures([*normal, *others], {}, repeats=20)["by examination"]
    # Below 0.5 there is one false positive in four views: 0.25 a view. That of 0.4 would be the second.
    at = by_examination["sensitivity at false positives a view"]
    assert (at["0.1"]["estimate"], at["0.25"]["estimate"]) == (0.5, 1.0)
    assert [0.25, 1.0] in list(map(list, by_examination["points"]))


def test_without_a_normal_image_false_positives_are_counted_on_all():
    found = free_response_figures(IMAGES[:2], {"balanced": 0.4}, repeats=20)
    assert found["by image"]["false positives counted on"] == found["false positives counted on"] == ALL
    assert found["operating points"]["balanced"]["false positives a view"]["estimate"] == 0.5
    at = found["by image"]["sensitivity at false positives a view"]
    assert at["0.25"]["estimate"] == pytest.approx(1 / 3, abs=1e-4)


def test_without_clusters_there_is_no_sensitivity():
    found = free_response_figures(IMAGES[2:], {"balanced": 0.4}, repeats=20)
    assert found["by image"] is found["by examination"] is None
    assert found["operating points"]["balanced"]["sensitivity"] is None
    assert found["operating points"]["balanced"]["false positives a view"]["estimate"] == 0.5


def test_a_figure_that_is_not_defined_has_no_interval():
    assert interval_of(lambda images: float("nan"), IMAGES, 5) is None
    assert interval_of(lambda images: 1.0, [], 5) is None
