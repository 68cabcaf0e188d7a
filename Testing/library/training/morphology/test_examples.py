"""What the truth of a simulated view says of the marks that a detector put on it."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace

from MCDetect.bi_rads import Morphology
from MCDetect.findings import Calcification
from MCDetect.training.morphology.examples import TypedTruth


def block(row: int, column: int, size: int = 3) -> tuple[tuple[int, int, int], ...]:
    return tuple((row + line, column, size) for line in range(size))


def mark(number: int, row: int, column: int) -> Calcification:
    return Calcification(number, row + 1.0, column + 1.0, 0.04, 0.3, 0.9, block(row, column))


def truth(places: Iterable[tuple[int, int]], members: Iterable[int]) -> TypedTruth:
    calcifications = [SimpleNamespace(id=n, runs=block(*place)) for n, place in enumerate(places, start=1)]
    members = list(members)
    return TypedTruth(
        truth=SimpleNamespace(rows=200, columns=200, calcifications=calcifications),
        kinds={c.id: Morphology.AMORPHOUS for c in calcifications},
        clusters=dict.fromkeys(members, 7),
        cluster_kinds={7: Morphology.RIM},
    )


PLACES = ((20, 20), (20, 40), (40, 20), (150, 150))


def test_a_mark_is_of_the_calcification_under_it_or_at_most_three_pixels_beside_it() -> None:
    known = truth(PLACES, ())
    found = known.of_marks([mark(1, 20, 20), mark(2, 20, 45), mark(3, 40, 30), mark(4, 100, 100)])
    assert found == {1: 1, 2: 2}


def test_a_mark_between_two_is_of_the_one_that_it_covers_most() -> None:
    known = truth(((20, 20), (20, 26)), ())
    assert known.of_marks([mark(1, 20, 22)]) == {1: 1}
    assert known.of_marks([mark(1, 20, 25)]) == {1: 2}


def test_marks_at_the_border_of_the_picture_are_looked_up() -> None:
    known = truth(((0, 0), (197, 197)), ())
    assert known.of_marks([mark(1, 0, 0), mark(2, 197, 197)]) == {1: 1, 2: 2}


def test_a_group_is_of_a_cluster_when_half_of_its_members_lie_on_it() -> None:
    known = truth(PLACES, (1, 2))
    marks = [mark(1, 20, 20), mark(2, 20, 40), mark(3, 40, 20), mark(4, 150, 150)]
    on = known.of_marks(marks)
    assert known.kind_of_group(marks, on) is Morphology.RIM
    assert known.kind_of_group(marks[1:], on) is None
    assert known.kind_of_group(marks[2:], on) is None
