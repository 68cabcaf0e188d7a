"""Groups of a view: those that lie together, strong ones that are strewn, and none else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.bundles.store import find_bundle
from MCDetect.findings import Calcification
from MCDetect.inference.grouping import Grouping
from MCDetect.inference.settings import DetectorSettings

SPACING = (0.1, 0.1)
STRONG, WEAK = 10.0, 8.0
"""Logits above and below that of strewn ones of the shipped bundle."""


@pytest.fixture(scope="module")
def shipped() -> DetectorSettings:
    return DetectorSettings.of(find_bundle())


@pytest.fixture(scope="module")
def grouping(shipped: DetectorSettings) -> Grouping:
    return Grouping.of(shipped, SPACING)


def mark(settings: DetectorSettings, number: int, row_mm: float, column_mm: float, logit: float) -> Calcification:
    score = 1 / (1 + math.exp(-(settings.calibration["slope"] * logit + settings.calibration["intercept"])))
    row, column = row_mm / SPACING[0], column_mm / SPACING[1]
    return Calcification(number, row, column, 0.07, 0.3, score, ((round(row), round(column), 1),))


def marks_at(settings: DetectorSettings, *places_mm: tuple[float, float], logit: float = STRONG, first: int = 1):
    return [mark(settings, number, *place, logit) for number, place in enumerate(places_mm, start=first)]


def ids(groups: list[tuple[Calcification, ...]]) -> list[set[int]]:
    return [{member.id for member in members} for members in groups]


def test_strong_calcifications_strewn_along_a_segment_are_a_group_and_weaker_ones_are_not(shipped, grouping) -> None:
    segment = ((50, 50), (58, 50), (66, 52))
    assert ids(grouping.strewn_beside([], marks_at(shipped, *segment))) == [{1, 2, 3}]
    assert grouping.strewn_beside([], marks_at(shipped, *segment, logit=WEAK)) == []
    assert grouping.together(marks_at(shipped, *segment)) == []
    assert grouping.strewn_beside([], marks_at(shipped, (50, 50), (61, 50), (72, 50))) == []


def test_members_of_a_group_are_not_strewn(shipped, grouping) -> None:
    compact = marks_at(shipped, (50, 50), (51, 52), (53, 50))
    beside = marks_at(shipped, (59, 50), (67, 50), first=4)
    near = grouping.together([*compact, *beside])
    assert ids(near) == [{1, 2, 3}]
    assert grouping.strewn_beside(near, [*compact, *beside]) == []
    third = marks_at(shipped, (75, 50), first=6)
    assert ids(grouping.strewn_beside(near, [*compact, *beside, *third])) == [{4, 5, 6}]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60), st.floats(0, 20)), max_size=25))
def test_no_calcification_is_in_two_groups_and_only_strong_ones_are_strewn(places) -> None:
    shipped = DetectorSettings.of(find_bundle())
    grouping = Grouping.of(shipped, SPACING)
    marks = [mark(shipped, number, *place) for number, place in enumerate(places, start=1)]
    near = grouping.together(marks)
    far = grouping.strewn_beside(near, marks)
    seen = [member.id for members in (*near, *far) for member in members]
    assert len(seen) == len(set(seen))
    logits = {number: place[2] for number, place in enumerate(places, start=1)}
    assert all(logits[member.id] >= shipped.strewn_threshold - 1e-6 for members in far for member in members)
    assert all(len(members) >= shipped.minimum_count for members in far)


def test_without_rules_of_its_own_nothing_is_strewn(shipped) -> None:
    assert Grouping(lambda calcifications: []).strewn_beside([], marks_at(shipped, (50, 50), (51, 52), (53, 50))) == []
