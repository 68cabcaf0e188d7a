"""What becomes of fetched files: dropped when they are done with, and never half an examination processed again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from support.cohorts import study_uid, write_examination

from MCDetect.cohort.fetching import Archive, Arrival
from MCDetect.cohort.intake import Intake
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import ImageRow, Outcome
from MCDetect.cohort.searching import search
from MCDetect.cohort.source import Source
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.findings import Algorithm

ALGORITHM = Algorithm("MCDetect", "0.1.0", "default", "1a2b3c4d" * 8, "balanced", 0.42, "cpu")
ARCHIVE = Archive(
    DicomNode("archive", host="127.0.0.1", port=1, ae_title="X"), (StudyQuery(study=study_uid(0)),), drop=True
)
IMAGES = (ImageRow("1.2.3", "R", "CC", 0.0, 0, 0, 0.0, 0),)
HERE = SimpleNamespace(slots=1, submit=lambda work, files: work(files), result=lambda done: done)
"""A crew that works in this process."""


class KilledError(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def folder(tmp_path):
    """Return the folder of what is fetched, with an examination of two images."""
    write_examination(tmp_path / "fetched" / "study_0", 0)
    return tmp_path / "fetched"


@pytest.fixture
def manifest(tmp_path):
    (tmp_path / "results").mkdir()
    with Manifest(tmp_path / "results") as manifest:
        yield manifest


def start(folder, manifest, notes=None) -> Intake:
    """Do what a batch does before it fetches."""
    number = search(Source(folder, folder / "results"), manifest, HERE, lambda _: None)
    noted = (lambda _: None) if notes is None else notes.append
    return Intake(ARCHIVE, folder, manifest, number, lambda _: None, noted=noted)


def finish(intake, manifest) -> None:
    (examination,) = manifest.pending(2)
    outcome = Outcome(examination.signature, "content", ALGORITHM, IMAGES)
    manifest.finish(examination, outcome)
    intake.finished(examination, outcome)


def unlink_that(fails_at: str, error: BaseException):
    original = Path.unlink

    def unlink(path, missing_ok=False):
        if path.name == fails_at:
            raise error
        original(path, missing_ok=missing_ok)

    return unlink


def left(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.dcm"))


@pytest.mark.parametrize("place", ["image0.dcm", "image1.dcm"])
def test_an_end_between_two_removals_leaves_nothing_to_be_processed_again(folder, manifest, monkeypatch, place):
    intake = start(folder, manifest)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", unlink_that(place, KilledError()))
        with pytest.raises(KilledError):
            finish(intake, manifest)
    assert place in left(folder)
    start(folder, manifest)
    assert manifest.counts() == {"done": 1}
    assert left(folder) == [], "the next start removes the rest"


def test_a_file_that_cannot_be_removed_is_told_and_tried_again_by_each_start(folder, manifest, monkeypatch):
    notes: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", unlink_that("image1.dcm", PermissionError(13, "Permission denied")))
        finish(start(folder, manifest, notes), manifest)
        assert [note for note in notes if "image1.dcm" in note and "Permission denied" in note] == notes
        for _ in range(2):
            start(folder, manifest, notes)
            assert manifest.counts() == {"done": 1}
            assert left(folder) == ["image1.dcm"]
    assert len(notes) == 3
    start(folder, manifest)
    assert (left(folder), manifest.counts()) == ([], {"done": 1})


def test_files_that_another_query_brought_and_that_were_dropped_meanwhile_are_no_failure(folder, manifest):
    intake = start(folder, manifest)
    files = tuple(sorted(folder.rglob("*.dcm")))
    finish(intake, manifest)
    intake._take(Arrival("the second query", files))
    assert manifest.counts() == {"done": 1}
    assert not intake.problems
    assert "the second query" in manifest.fetched()


def test_an_image_that_comes_while_the_others_are_dropped_is_fetched_again_with_them(folder, manifest):
    intake = start(folder, manifest)
    files = sorted(folder.rglob("*.dcm"))
    finish(intake, manifest)
    (new,) = write_examination(folder / "study_0", 0, images=1, ViewPosition="MLO")
    new = new.rename(new.with_name("image2.dcm"))
    intake._take(Arrival("the second query", (*files, new)))
    assert [problem.code for problem in intake.problems] == ["dropped-meanwhile"]
    assert "the second query" not in manifest.fetched()
    assert (left(folder), manifest.counts()) == ([], {"done": 1})


def test_such_an_image_that_cannot_be_removed_is_not_processed_without_the_others(folder, manifest, monkeypatch):
    intake = start(folder, manifest)
    files = sorted(folder.rglob("*.dcm"))
    finish(intake, manifest)
    (new,) = write_examination(folder / "study_0", 0, images=1, ViewPosition="MLO")
    new = new.rename(new.with_name("image2.dcm"))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", unlink_that("image2.dcm", PermissionError(13, "Permission denied")))
        intake._take(Arrival("the second query", (*files, new)))
        start(folder, manifest)
        assert (left(folder), manifest.counts()) == (["image2.dcm"], {"done": 1})
    start(folder, manifest)
    assert (left(folder), manifest.counts()) == ([], {"done": 1})


def test_nothing_is_dropped_of_an_examination_to_which_more_has_come(folder, manifest):
    intake = start(folder, manifest)
    (examination,) = manifest.pending(2)
    (new,) = write_examination(folder / "more", 0, images=1, ViewPosition="MLO")
    intake._take(Arrival("the second query", (new,)))
    outcome = Outcome(examination.signature, "content", ALGORITHM, IMAGES)
    manifest.finish(examination, outcome)
    intake.finished(examination, outcome)
    assert left(folder) == ["image0.dcm", "image0.dcm", "image1.dcm"]
    assert manifest.counts() == {"pending": 1}
