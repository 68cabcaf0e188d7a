"""Labels of clusters do not cover each other, however the view is turned."""

from __future__ import annotations

import itertools

import pytest

from MCDetect.review.hanging import Flips
from MCDetect.review.overlay.labels import HEIGHT_MM, WIDTH_MM, Label, placed

SPACING = (0.07, 0.05)
SHAPE = (3500, 4000)


def square(row: float, column: float, side: float = 60.0) -> list[tuple[float, float]]:
    return [(row, column), (row, column + side), (row + side, column + side), (row + side, column)]


def seen(label: Label, flips: Flips) -> tuple[float, float]:
    """Return the left end and the lower edge of a label in millimetres as it is seen."""
    row, column = label.place
    x = (SHAPE[1] - column if flips.horizontal else column) * SPACING[1]
    y = (SHAPE[0] - row if flips.vertical else row) * SPACING[0]
    return x - WIDTH_MM if label.runs_left else x, y


@pytest.mark.parametrize("flips", [Flips(a, b) for a in (False, True) for b in (False, True)])
def test_a_label_alone_stands_at_the_upper_left_corner_as_it_is_seen(flips) -> None:
    [(text, (row, column), runs_left)] = placed([("1: 90 %", square(500, 700))], flips, SPACING, SHAPE)
    assert text == "1: 90 %"
    assert row == pytest.approx(560 if flips.vertical else 500)
    assert column == pytest.approx(760 if flips.horizontal else 700)
    assert not runs_left


@pytest.mark.parametrize("flips", [Flips(a, b) for a in (False, True) for b in (False, True)])
def test_labels_of_clusters_side_by_side_are_apart(flips) -> None:
    clusters = [("1", square(1000, 1000)), ("2", square(1000, 1080)), ("3", square(1010, 1160))]
    for first, second in itertools.combinations(
        [seen(one, flips) for one in placed(clusters, flips, SPACING, SHAPE)], 2
    ):
        assert abs(first[0] - second[0]) >= WIDTH_MM - 1e-6 or abs(first[1] - second[1]) >= HEIGHT_MM - 1e-6


@pytest.mark.parametrize("flips", [Flips(a, b) for a in (False, True) for b in (False, True)])
@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 3940), (3440, 0), (3440, 3940), (0, 1200), (1500, 3940)])
def test_a_label_at_the_border_of_the_image_is_inside_of_it(row, column, flips) -> None:
    [label] = placed([("1", square(row, column))], flips, SPACING, SHAPE)
    left, bottom = seen(label, flips)
    assert -1e-6 <= left <= SHAPE[1] * SPACING[1] - WIDTH_MM + 1e-6
    assert HEIGHT_MM - 1e-6 <= bottom <= SHAPE[0] * SPACING[0] + 1e-6


def test_many_clusters_at_one_place_still_have_a_label_each() -> None:
    labels = placed([(str(number), square(1000, 1000)) for number in range(9)], Flips(), SPACING, SHAPE)
    assert [label.text for label in labels] == [str(number) for number in range(9)]
