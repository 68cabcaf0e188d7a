"""Places that the eye called, against marks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from MCDetect.bi_rads import Distribution, Morphology
from MCDetect.bundles.store import find_bundle
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.findings import Calcification, Cluster, ImageFindings, SpacingSource
from MCDetect.training.detection import by_eye
from MCDetect.training.detection.by_eye import (
    CERTAIN,
    UNKNOWN,
    WRONG,
    Called,
    CalledView,
    body_figures,
    by_eye_figures,
    by_eye_table,
    called_views,
    figures_of,
    group_figures,
    known_table,
    main,
)
from MCDetect.training.detection.injected_set import frozen_hashes

REAL = Path(__file__).parents[5] / "shared" / "data" / "real_ffdm"


def mark(row: int, column: int) -> Calcification:
    runs = tuple((row + k, column - 1, 3) for k in (-1, 0, 1))
    return Calcification(1, float(row), float(column), 0.1, 0.3, 0.9, runs)


def mammogram() -> Mammogram:
    pixels = np.zeros((300, 300), dtype=np.float32)
    spacing = Spacing(0.1, 0.1, SpacingSource.AT_DETECTOR)
    return Mammogram(pixels, np.ones(pixels.shape, dtype=np.bool_), spacing, "L", "CC", "made")


VIEW = CalledView(
    "one",
    "0" * 64,
    (Called(100, 100, CERTAIN), Called(200, 200, CERTAIN), Called(50, 50, "skin line")),
    (Called(150, 50, "strand"), Called(101, 101, CERTAIN)),
)


def test_certain_places_are_found_when_a_mark_touches_them_or_nearly():
    figures = figures_of(VIEW, mammogram(), [mark(104, 100), mark(150, 52), mark(270, 270)])
    assert (figures["certain"], figures["marked"], figures["missed"]) == (2, 1, [(200, 200)])
    assert figures["marks by class"] == {CERTAIN: 1, UNKNOWN: 1, "strand": 1}
    assert (figures["marks"], figures["wrong"]) == (3, 1)
    assert figures_of(VIEW, mammogram(), [mark(106, 100)])["marked"] == 0


def test_marks_at_the_border_of_the_picture_are_counted():
    assert figures_of(VIEW, mammogram(), [mark(1, 1), mark(298, 298)])["marks"] == 2


def test_the_places_that_are_kept_are_of_the_frozen_mammograms_and_of_known_classes():
    kinds = {CERTAIN, "same calcification", "uncertain", "skin line", *WRONG}
    hashes = set(frozen_hashes().values())
    views = called_views()
    for view in views:
        assert view.sha256 in hashes
        assert {one.kind for one in (*view.places, *view.marks)} <= kinds
    certain = {view.name: Counter(place.kind for place in view.places)[CERTAIN] for view in views}
    assert certain == {"real1_RCC": 0, "real2_LCC": 24, "real2_RCC": 9}
    assert {view.name: (len(view.groups), len(view.bodies)) for view in views} == {
        "real1_RCC": (1, 0),
        "real2_LCC": (0, 1),
        "real2_RCC": (0, 1),
    }


def findings(marks: list[Calcification], clusters: list[Cluster]) -> ImageFindings:
    uids = ("1.2.3", "1.2.840.10008.5.1.4.1.1.1.2", "1.2.4", "1.2.5")
    return ImageFindings(
        *uids, "L", "CC", 300, 300, (0.1, 0.1), SpacingSource.AT_DETECTOR, 0.5, 10.0, tuple(marks), tuple(clusters)
    )


def cluster(number: int, row: int, column: int, score: float) -> Cluster:
    outline = tuple((row + r, column + c) for r, c in ((-20.0, -20.0), (-20.0, 20.0), (20.0, 20.0), (20.0, -20.0)))
    return Cluster(number, (), outline, 16.0, 4.0, 1.0, score, Distribution.GROUPED, f"2.25.{number}")


GROUP = Called(100, 100, "group")


def test_a_group_is_found_when_a_cluster_lies_over_its_middle():
    near, far = mark(100, 139), mark(100, 141)  # 3.9 and 4.1 mm
    found = group_figures(GROUP, findings([near, far], [cluster(1, 95, 105, 0.8), cluster(2, 200, 200, 0.6)]))
    assert found == {
        "kind": "group",
        "marks": 1,
        "score": 0.8,
        "highest in the view": True,
        "scores of other clusters": [0.6],
    }
    assert not group_figures(GROUP, findings([], [cluster(1, 95, 105, 0.5), cluster(2, 200, 200, 0.6)]))[
        "highest in the view"
    ]


def test_a_group_without_a_cluster_over_it_is_not_found():
    found = group_figures(GROUP, findings([mark(100, 100)], [cluster(1, 200, 200, 0.6)]))
    assert (found["score"], found["highest in the view"], found["marks"]) == (None, False, 1)


@pytest.mark.parametrize(
    ("columns", "told"), [([], "not marked"), ([104], "marked once: 0.3 mm"), ([90, 110], "marked 2 times: 0.3 mm")]
)
def test_a_large_calcification_is_marked_as_often_as_marks_lie_on_it(columns, told):
    marks = [replace(mark(100, column), benign_type=Morphology.COARSE) for column in columns]
    found = body_figures(Called(100, 100, "rod"), findings([*marks, mark(100, 116)], []))
    assert len(found["marks"]) == len(columns)
    text = known_table({"one": {"groups": [], "bodies": [found]}, "another": None})
    assert f"| one | rod | {told}" in text
    assert not columns or "coarse or popcorn-like" in text


def test_without_anything_known_there_is_no_table():
    assert known_table({"one": {"groups": [], "bodies": []}}) == ""


def test_views_that_are_not_among_the_files_are_named():
    figures = by_eye_figures(find_bundle("default"), [])
    assert set(figures.values()) == {None}
    assert "| real2_LCC | not among the files |" in by_eye_table(figures)


def test_a_folder_without_mammograms_is_told_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--real", str(tmp_path)]) == 3
    assert "holds no *.dcm file" in capsys.readouterr().err


@pytest.mark.slow
def test_what_the_eye_is_certain_of_is_marked_on_real_views_and_few_marks_are_wrong():
    if not REAL.is_dir():
        pytest.skip("the real mammograms are not part of the repository")
    called = [one for one in by_eye.called_views() if one.name.startswith("real2")]
    files = [REAL / f"{one.name}.dcm" for one in called]
    figures = by_eye_figures(find_bundle("default"), files, called).values()
    assert sum(one["marked"] for one in figures) >= 0.8 * sum(one["certain"] for one in figures)
    assert sum(one["wrong"] for one in figures) <= 0.2 * sum(one["marks"] for one in figures)
