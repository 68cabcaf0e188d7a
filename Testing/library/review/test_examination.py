"""Opening an examination."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support.review_examples import tissue, write_view

from MCDetect.errors import InputError
from MCDetect.review.examination import open_examination


def test_headers_are_read_at_once_and_pixels_when_they_are_asked_for(tmp_path) -> None:
    pixels = tissue((40, 30))
    view = open_examination([write_view(tmp_path / "a.dcm", pixels, "L", "MLO")]).views[0]
    assert (view.label, view.shape, view.spacing.millimetres) == ("L MLO", (40, 30), (0.07, 0.07))
    assert not view.is_loaded
    assert (view.mammogram().pixels == pixels).all()
    assert view.is_loaded
    view.release()
    assert not view.is_loaded


def test_the_same_file_twice_is_one_view_and_a_copy_is_told(tmp_path) -> None:
    path = write_view(tmp_path / "a.dcm", tissue((40, 30)))
    assert len(open_examination([path, path]).views) == 1
    (tmp_path / "b.dcm").write_bytes(path.read_bytes())
    examination = open_examination([tmp_path])
    assert len(examination.views) == 1
    assert [refusal.code for refusal in examination.refused] == ["same-image"]


def test_files_of_two_patients_are_refused_without_naming_them(tmp_path) -> None:
    write_view(tmp_path / "a.dcm", tissue((40, 30), 1), PatientID="ONE-1")
    write_view(tmp_path / "b.dcm", tissue((40, 30), 2), PatientID="TWO-2")
    with pytest.raises(InputError, match="2 different patients") as told:
        open_examination([tmp_path])
    assert "ONE" not in str(told.value)


def test_what_cannot_be_opened_is_told_beside_what_can(tmp_path) -> None:
    path = write_view(tmp_path / "a.dcm", tissue((40, 30)))
    (tmp_path / "b.txt").write_text("no mammogram")
    examination = open_examination([path, tmp_path / "b.txt", tmp_path / "absent.dcm"])
    assert len(examination.views) == 1
    assert [refusal.code for refusal in examination.refused] == ["no-such-file", "not-dicom"]


def test_nothing_at_all_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="No mammogram was given"):
        open_examination([])
    with pytest.raises(InputError, match="holds no mammograms"):
        open_examination([tmp_path])


def test_a_picture_is_a_view_without_a_header(tmp_path) -> None:
    Image.fromarray(tissue((40, 30)).astype(np.uint16)).save(tmp_path / "a.png")
    view = open_examination([tmp_path / "a.png"], spacing_mm=0.05).views[0]
    assert view.header is None
    assert view.label == "view"
    assert view.spacing.row_mm == 0.05
    assert view.empty_findings().sop_class_uid == ""


def test_a_file_that_changed_after_it_was_opened_is_refused(tmp_path) -> None:
    view = open_examination([write_view(tmp_path / "a.dcm", tissue((40, 30)))]).views[0]
    write_view(tmp_path / "a.dcm", tissue((50, 30)))
    with pytest.raises(InputError, match="has changed"):
        view.mammogram()


def test_progress_is_told(tmp_path) -> None:
    for number in range(3):
        write_view(tmp_path / f"{number}.dcm", tissue((40, 30), number))
    told = []
    open_examination([tmp_path], progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_views_of_a_prior_are_told_by_their_day(examination_folder, prior) -> None:
    examination = open_examination([examination_folder, prior])
    assert all(examination.label_of(view) == view.label for view in examination.current)
    (earlier, *_) = examination.priors[0]
    assert examination.label_of(earlier).startswith(f"{earlier.label} ")
    assert examination.label_of(earlier)[-10:].count("-") == 2
