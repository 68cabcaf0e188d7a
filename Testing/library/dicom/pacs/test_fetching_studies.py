"""Fetching several studies: what fails of one costs no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from support.sample_files import write_mammogram

from MCDetect.dicom.pacs import client
from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.client import fetch
from MCDetect.dicom.pacs.dimse_query import Listed
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.errors import OutputError

PATIENT = StudyQuery(patient="A")
AWAY = PassingError("connection-lost", "It was lost.")
REFUSED = OutputError("cannot-retrieve", "The node refuses.")
FULL = OutputError("cannot-write", "The disk is full.")


class Archive:
    """A PACS of studies of one image each; ``troubles`` are raised by its next answers, None being none."""

    commits = False

    def __init__(self, folder: Path, count: int) -> None:
        self.objects = {}
        for number in range(count):
            path = write_mammogram(folder / f"{number}.dcm", np.full((64, 48), number, np.uint16))
            dataset = dcmread(path)
            dataset.StudyInstanceUID = f"1.2.{number}"
            dataset.save_as(path)
            self.objects[f"1.2.{number}"] = path
        self.troubles = {"find": [], "retrieve": []}
        self.empty = set()
        self.asked = []

    def _answer(self, what: str) -> None:
        if self.troubles[what] and (error := self.troubles[what].pop(0)) is not None:
            raise error

    def find(self, _) -> list[str]:
        self._answer("find")
        return list(self.objects)

    def list_objects(self, study: str) -> list[Listed]:
        return [] if study in self.empty else [Listed(dcmread(self.objects[study]).SOPInstanceUID, "", "1.5")]

    def retrieve(self, study, listed, receiver, back_off) -> None:
        self.asked.append(study)
        try:
            self._answer("retrieve")
        except OutputError as error:
            if error.code != "cannot-write":
                raise
            receiver.refuse(error)
            return
        if listed:
            receiver.take(self.objects[study].read_bytes())


@pytest.fixture
def archive(tmp_path, monkeypatch) -> Archive:
    made = Archive(tmp_path, 3)
    monkeypatch.setattr(client, "talk_to", lambda node: made)
    return made


@pytest.fixture
def fetch_all(archive, node_for, tmp_path):
    return lambda: fetch(node_for(1), PATIENT, tmp_path / "fetched")


def codes(report) -> list[str]:
    return [failure.error.code for failure in report.failed]


def test_failures_are_counted_in_a_row_only(archive, fetch_all):
    archive.troubles = {"find": [AWAY, AWAY], "retrieve": [AWAY, None, AWAY, None, AWAY, None]}
    report = fetch_all()
    assert (len(report.written), codes(report)) == (3, [])


def test_a_study_that_is_refused_costs_no_other(archive, fetch_all):
    archive.troubles["retrieve"] = [REFUSED]
    report = fetch_all()
    assert (len(report.written), codes(report)) == (2, ["cannot-retrieve"])


def test_a_refusal_of_all_studies_is_the_failure_of_the_fetch(archive, fetch_all):
    archive.troubles["retrieve"] = [REFUSED] * 3
    with pytest.raises(OutputError) as failed:
        fetch_all()
    assert failed.value is REFUSED
    assert len(archive.asked) == 3


def test_a_study_of_which_no_objects_are_listed_is_told(archive, fetch_all):
    archive.empty = {"1.2.1"}
    report = fetch_all()
    assert (len(report.written), codes(report)) == (2, ["not-received"])


def test_nothing_more_is_fetched_once_the_disk_is_full(archive, fetch_all):
    archive.troubles["retrieve"] = [None, FULL]
    report = fetch_all()
    assert (len(report.written), codes(report)) == (1, ["cannot-write", "not-received"])
    assert len(archive.asked) == 2
