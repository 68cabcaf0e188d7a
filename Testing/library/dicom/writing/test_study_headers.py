"""Headers by study: who was analysed, who failed, and in which order studies come."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cohorts import study_uid, write_examination
from support.sample_files import bright_pixels, mammogram_dataset

from MCDetect.dicom.writing.study_headers import StudyHeaders
from MCDetect.findings import Refusal


def refusal(path: Path, code: str = "no-spacing") -> Refusal:
    return Refusal(str(path), code, "It was refused.", "")


def test_images_are_told_apart_by_study_and_analysed_studies_come_first(tmp_path):
    headers = StudyHeaders()
    headers.refuse(refusal(write_examination(tmp_path / "0", 0)[0]))
    for seed, number in enumerate((2, 1, 2)):
        header = mammogram_dataset(bright_pixels(seed=seed), StudyInstanceUID=study_uid(number))
        headers.add(str(header.SOPInstanceUID), header)
        assert headers[str(header.SOPInstanceUID)] is header
    assert headers.studies == [study_uid(2), study_uid(1), study_uid(0)]
    assert [len(headers.analysed(study_uid(number))) for number in range(3)] == [0, 1, 2]
    assert [len(headers.failed(study_uid(number))) for number in range(3)] == [1, 0, 0]


def test_an_image_that_was_analysed_after_all_did_not_fail(tmp_path):
    headers = StudyHeaders()
    (path,) = write_examination(tmp_path, 1, images=1)
    headers.refuse(refusal(path, "damaged"))
    (uid,) = headers.failed(study_uid(1))
    headers.add(uid, headers.failed(study_uid(1))[uid])
    assert headers.failed(study_uid(1)) == {}


@pytest.mark.parametrize("code", ["unsuitable-view", "not-dicom"])
def test_what_was_not_to_be_analysed_did_not_fail(tmp_path, code):
    headers = StudyHeaders()
    (tmp_path / "list.txt").write_text("shopping")
    (view,) = write_examination(tmp_path / "view", 1, images=1)
    headers.refuse(refusal(view if code == "unsuitable-view" else tmp_path / "list.txt", code))
    assert headers.studies == []
