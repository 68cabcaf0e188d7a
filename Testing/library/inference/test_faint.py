"""Faint calcifications count where several lie together, and nowhere else."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.findings import Calcification
from MCDetect.inference.clusters import group_calcifications
from MCDetect.inference.faint import groups_of_faint, marks_of
from MCDetect.inference.grouping import Grouping
from MCDetect.inference.morphology.viewing import untyped
from MCDetect.inference.settings import DetectorSettings

SPACING = (0.1, 0.1)
group = partial(group_calcifications, spacing_mm=SPACING)
more = partial(groups_of_faint, spacing_mm=SPACING, distance_mm=5.0, group=group)


def mark(number: int, row: float, column: float, score: float = 0.5) -> Calcification:
    return Calcification(number, row, column, 0.01, 0.1, score, ((round(row), round(column), 1),))


def settings(threshold: float, faint: float, **others: float) -> DetectorSettings:
    return DetectorSettings(
        **{
            "spacing_mm": 0.07,
            "threshold": threshold,
            "single_threshold": threshold,
            "clear_threshold": threshold,
            "faint_threshold": faint,
            "strewn_threshold": math.inf,
            "strewn_distance_mm": 5.0,
            "member_threshold": -math.inf,
            "member_reach": math.inf,
            "calibration": {"slope": 1.0, "intercept": 0.0},
            "linking_distance_mm": 5.0,
            "minimum_count": 3,
            "outline_margin_mm": 1.0,
            "score_weights": {},
            "score_intercept": 0.0,
            "default_operating_point": "balanced",
            **others,
        }
    )


def scored(*logits: float) -> list[Calcification]:
    """Return marks side by side, far from the triple."""
    return [mark(4 + i, 400 + i, 400, 1 / (1 + math.exp(-logit))) for i, logit in enumerate(logits)]


TRIPLE = (mark(1, 100, 100), mark(2, 110, 100), mark(3, 100, 110))


def test_a_faint_mark_in_reach_of_a_group_is_left_out() -> None:
    near = [mark(4 + i, 120 + i, 105, 0.1) for i in range(3)]
    assert more([TRIPLE], [], near) == []
    far = [mark(4 + i, 400 + i, 400, 0.1) for i in range(3)]
    assert more([TRIPLE], [], [*near, *far]) == [tuple(far)]


def test_faint_marks_complete_a_cluster_and_make_none_beside_one_bright_spot() -> None:
    rules = Grouping.of(settings(0.0, -4.0, clear_threshold=1.0, single_threshold=5.0), SPACING)
    assert rules.faint is not None
    clear, unclear, second, *faint = scored(9.0, 0.5, 1.5, -1.5, -1.5)
    assert rules.faint([TRIPLE], [], faint) == []
    assert rules.faint([TRIPLE], [clear], faint) == []
    assert rules.faint([TRIPLE], [clear, unclear], faint) == []
    (members,) = rules.faint([TRIPLE], [clear, second], faint)
    assert len(members) == 4


def test_faint_marks_make_a_group_with_single_ones() -> None:
    single, faint = [mark(1, 300, 300)], [mark(2, 310, 300, 0.1), mark(3, 300, 310, 0.1)]
    assert [sorted(m.id for m in members) for members in more([], single, faint)] == [[1, 2, 3]]


def test_two_faint_marks_are_no_group() -> None:
    assert more([], [], [mark(1, 300, 300, 0.1), mark(2, 310, 300, 0.1)]) == []


points = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), max_size=25)


@given(strong=points, faint=points)
def test_no_mark_is_in_two_groups(strong, faint) -> None:
    strong_marks = [mark(number, *place) for number, place in enumerate(strong, start=1)]
    faint_marks = [mark(number, *place, score=0.1) for number, place in enumerate(faint, start=1000)]
    groups = group(strong_marks)
    grouped = {m.id for members in groups for m in members}
    found = more(groups, [m for m in strong_marks if m.id not in grouped], faint_marks)
    ids = [m.id for members in (*groups, *found) for m in members]
    assert len(ids) == len(set(ids))


def peaks(*logits: float) -> np.ndarray:
    """Return a map of logits with a peak of 3 x 3 pixels every 20 columns."""
    picture = np.full((40, 20 * len(logits) + 20), -9.0, dtype=np.float32)
    for number, logit in enumerate(logits):
        picture[19:22, 19 + 20 * number : 22 + 20 * number] = logit
    return picture


def test_marks_are_strong_or_faint_and_share_no_pixel() -> None:
    picture = peaks(3.0, 0.5, -0.5, -2.0, -4.0)
    strong, faint = marks_of(picture, SPACING, np.ones(picture.shape, dtype=bool), settings(0.0, -2.5))
    assert [round(m.column) for m in strong] == [20, 40]
    assert [round(m.column) for m in faint] == [60, 80]
    pixels = [(row, first + i) for m in (*strong, *faint) for row, first, count in m.runs for i in range(count)]
    assert len(pixels) == len(set(pixels))


def test_a_faint_shoulder_of_a_strong_mark_is_no_mark_of_its_own() -> None:
    picture = peaks(3.0)
    picture[19:22, 22:26] = -1.0
    strong, faint = marks_of(picture, SPACING, np.ones(picture.shape, dtype=bool), settings(0.0, -2.5))
    assert (len(strong), len(faint)) == (1, 0)


def test_without_a_lower_threshold_there_are_no_faint_marks() -> None:
    picture = peaks(3.0, -0.5)
    strong, faint = marks_of(picture, SPACING, np.ones(picture.shape, dtype=bool), settings(0.0, 0.0))
    assert (len(strong), faint) == (1, ())


def test_faint_marks_are_reported_only_as_members_of_clusters_that_are_reported() -> None:
    faint = [mark(1, 300, 300, 0.1), mark(2, 310, 300, 0.1), mark(3, 300, 310, 0.1), mark(4, 50, 600, 0.1)]
    typed = untyped(TRIPLE, faint, grouping=Grouping(group, faint=more))
    assert [m.id for m in typed.marks] == [1, 2, 3, 4, 5, 6]
    assert typed.members_only == {4, 5, 6}
    assert [m.id for m in typed.reported(())] == [1, 2, 3]
    assert [[m.id for m in one.members] for one in typed.groups] == [[1, 2, 3], [4, 5, 6]]

    class Kept:
        member_ids = (4, 5, 6)

    assert [m.id for m in typed.reported([Kept()])] == [1, 2, 3, 4, 5, 6]


def test_marks_too_weak_to_stand_alone_are_reported_only_as_members_too() -> None:
    alone = (mark(4, 300, 300, 0.9), mark(5, 50, 600, 0.4))
    typed = untyped((*TRIPLE, *alone), grouping=Grouping(group)).with_least_single_score(0.6)
    assert typed.members_only == {1, 2, 3, 5}
    assert [m.id for m in typed.reported(())] == [4]

    class Kept:
        member_ids = (1, 2, 3)

    assert [m.id for m in typed.reported([Kept()])] == [1, 2, 3, 4]


def test_the_least_single_score_follows_the_threshold_of_single_calcifications() -> None:
    assert settings(0.0, -4.0, single_threshold=2.0).least_single_score == pytest.approx(1 / (1 + np.exp(-2.0)))


@pytest.mark.parametrize("threshold", [-1.0, 0.3, 2.0])
def test_the_least_score_of_a_single_mark_is_that_of_its_threshold(threshold: float) -> None:
    picture = peaks(threshold)
    strong, _ = marks_of(picture, SPACING, np.ones(picture.shape, dtype=bool), settings(threshold - 1e-4, -9.0))
    assert strong[0].score == pytest.approx(settings(threshold, -9.0).least_single_score, abs=1e-4)
