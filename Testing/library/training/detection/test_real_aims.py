"""The aims about real mammograms are judged by what stands in the results, and silent where nothing was given."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from MCDetect.training.detection.real_aims import quietest, real_rows

AREA = {"area_under_curve": {"estimate": 0.991, "low": 0.98, "high": 1.0}}
GROUP = {
    "kind": "group",
    "marks": 12,
    "score": 0.9,
    "highest in the view": True,
    "scores of other clusters": [0.5],
}


def view(marks: float, clusters: float) -> dict[str, Any]:
    return {"marks a view": {"mean": marks}, "clusters a view, balanced": {"mean": clusters}}


def called(certain: int, marked: int, marks: int, wrong: int) -> dict[str, Any]:
    return {
        "places called": 60, "certain": certain, "marked": marked, "marks": marks, "wrong": wrong, "groups": [],
        "marks by class": {"grain": wrong, "uncertain": 2},
    }  # fmt: skip


RESULTS: dict[str, Any] = {
    "default operating point": "balanced",
    "simulated views without clusters": view(2.0, 0.1),
    "real patches": {
        "calcification network": AREA,
        "calcification network, equal high-pass deviation": {
            "area_under_curve": AREA["area_under_curve"] | {"estimate": 0.993}
        },
    },
    "real views": {"each": {"loud": view(30.0, 4.0), "quiet": view(2.5, 0.0)}},
    "by eye": {
        "loud": called(10, 10, 60, 9) | {"groups": [GROUP]},
        "other": called(10, 7, 20, 8),
        "absent": None,
    },
}  # fmt: skip


def met(results: dict[str, Any], words: str) -> bool | str | None:
    (row,) = [row for row in real_rows(results) if words in row[0]]
    return row[3]


def test_areas_are_judged_by_their_estimates() -> None:
    assert met(RESULTS, "area under the ROC curve") is False
    assert met(RESULTS, "equal high-pass deviation") is True


def test_the_view_with_the_fewest_marks_stands_for_quiet_ones() -> None:
    assert quietest(RESULTS) == "quiet"
    assert met(RESULTS, "marks by themselves") is True
    assert met(RESULTS, "clusters at `balanced`") is True
    busy = RESULTS | {"simulated views without clusters": view(10.0, 0.1)}
    assert met(busy, "marks by themselves") is False
    assert met(RESULTS | {"simulated views without clusters": view(0.0, 0.0)}, "marks by themselves") is False


@pytest.mark.parametrize(
    "change",
    [
        {"marks": 11},
        {"highest in the view": False},
        {"scores of other clusters": [0.5, 0.4]},
        {"score": None, "highest in the view": False},
    ],
    ids=["marks", "rank", "others", "not found"],
)
def test_a_group_must_be_found_whole_and_above_all_others(change: dict[str, Any]) -> None:
    assert met(RESULTS, "loud: group") is True
    worse = copy.deepcopy(RESULTS)
    worse["by eye"]["loud"]["groups"] = [GROUP | change]
    assert met(worse, "loud: group") is False


def test_shares_that_differ_between_views_are_judged_for_each_and_together() -> None:
    assert met(RESULTS, "certain") == "loud: yes, other: no, together: yes"
    assert met(RESULTS, "marks on strand") == "loud: yes, other: no, together: no"
    alike = copy.deepcopy(RESULTS)
    alike["by eye"]["other"] = called(10, 9, 20, 1)
    assert met(alike, "certain") is True
    assert met(alike, "marks on strand") is True


def test_marks_that_nobody_could_call_are_told_and_such_as_nobody_called_leave_the_aim_open() -> None:
    (row,) = [row for row in real_rows(RESULTS) if "marks on strand" in row[0]]
    assert row[2].endswith("together 17 of 80 (21%); together another 4 uncertain")
    new = copy.deepcopy(RESULTS)
    new["by eye"]["loud"]["marks by class"]["not called yet"] = 1
    assert met(new, "marks on strand") is None


def test_without_real_mammograms_and_patches_there_is_no_row() -> None:
    assert not list(real_rows(RESULTS | {"real patches": None, "real views": None, "by eye": None}))
