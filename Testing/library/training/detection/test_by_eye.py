"""Places that the eye called, against marks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from MCDetect.bundles.store import find_bundle
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.findings import Calcification, SpacingSource
from MCDetect.training.detection import by_eye
from MCDetect.training.detection.by_eye import (
    CERTAIN,
    UNKNOWN,
    WRONG,
    Called,
    CalledView,
    by_eye_figures,
    by_eye_table,
    called_views,
    figures_of,
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
    assert certain == {"real2_LCC": 24, "real2_RCC": 9}


def test_views_that_are_not_among_the_files_are_named():
    figures = by_eye_figures(find_bundle("default"), [])
    assert set(figures.values()) == {None}
    assert "| real2_LCC | not among the files |" in by_eye_table(figures)


def test_a_folder_without_mammograms_is_told_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--real", str(tmp_path)]) == 3
    assert "holds no *.dcm file" in capsys.readouterr().err


@pytest.mark.slow
def test_what_the_eye_is_certain_of_is_marked_on_a_real_view():
    if not REAL.is_dir():
        pytest.skip("the real mammograms are not part of the repository")
    view = next(one for one in by_eye.called_views() if one.name == "real2_RCC")
    figures = by_eye_figures(find_bundle("default"), [REAL / "real2_RCC.dcm"], [view])
    assert figures["real2_RCC"]["marked"] >= 8
