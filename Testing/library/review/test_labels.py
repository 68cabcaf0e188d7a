"""Labels of clusters do not cover each other, however the view is turned."""

from __future__ import annotations

import itertools

import pytest

from MCDetect.review.hanging import Flips
from MCDetect.review.overlay.labels import HEIGHT_MM, WIDTH_MM, placed

SPACING = (0.07, 0.05)


def square(row: float, column: float, side: float = 60.0) -> list[tuple[float, float]]:
    return [(row, column), (row, column + side), (row + side, column + side), (row + side, column)]


@pytest.mark.parametrize("flips", [Flips(a, b) for a in (False, True) for b in (False, True)])
def test_a_label_alone_stands_at_the_upper_left_corner_as_it_is_seen(flips) -> None:
    [(text, (row, column))] = placed([("1: 90 %", square(500, 700))], flips, SPACING)
    assert text == "1: 90 %"
    assert row == (560 if flips.vertical else 500)
    assert column == (760 if flips.horizontal else 700)


@pytest.mark.parametrize("flips", [Flips(a, b) for a in (False, True) for b in (False, True)])
def test_labels_of_clusters_side_by_side_are_apart(flips) -> None:
    clusters = [("1", square(1000, 1000)), ("2", square(1000, 1080)), ("3", square(1010, 1160))]
    places = [place for _, place in placed(clusters, flips, SPACING)]
    for first, second in itertools.combinations(places, 2):
        across = abs(first[1] - second[1]) * SPACING[1]
        down = abs(first[0] - second[0]) * SPACING[0]
        assert across >= WIDTH_MM or down >= HEIGHT_MM


def test_many_clusters_at_one_place_still_have_a_label_each() -> None:
    labels = placed([(str(number), square(1000, 1000)) for number in range(9)], Flips(), SPACING)
    assert [text for text, _ in labels] == [str(number) for number in range(9)]
