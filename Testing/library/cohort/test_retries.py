"""What fails is tried again after a while, then listed with its reason, and costs no other examination anything."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from pathlib import Path

import dask
import pytest
from support.cohorts import study_uid, write_cohort, write_examination

from MCDetect.cohort import engine, searching
from MCDetect.cohort.batch import Listener
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import examination_folder, examination_name

UNREADABLE = Path("/proc/self/mem")
"""Can be opened, but its first byte cannot be read: an input/output error, as of a disk that fails."""


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(engine, "PAUSES_S", (0.1, 0.2))


def attempts(output, number):
    with Manifest(output) as manifest:
        name = examination_name(study_uid(number))
        return manifest.rows("SELECT attempts FROM examinations WHERE name = ?", (name,))[0]["attempts"]


class FailingDisk(Listener):
    """Makes a file unreadable once it was found, and readable again after some failures."""

    def __init__(self, path, failures):
        self.path, self.kept, self.left = path, path.parent.parent.parent / f"kept {path.name}", failures
        self.codes, self.moments = [], []
        self.is_broken = False

    def progress(self, state):
        if not self.is_broken:
            self.is_broken = True
            self.path.replace(self.kept)
            self.path.symlink_to(UNREADABLE)

    def repeated(self, examination, outcome):
        self.moments.append(time.monotonic())
        self.codes.append([refusal.code for refusal in outcome.refused])
        self.left -= 1
        if self.left == 0:
            self.repair()

    def repair(self):
        self.kept.replace(self.path)


def test_a_file_that_is_unreadable_twice_is_read_at_the_third_attempt(batch, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "PAUSES_S", (0.3, 0.6))
    source = write_cohort(tmp_path / "source", 3)
    listener = FailingDisk(source / "0001" / "image0.dcm", failures=2)
    report = batch(source, listener)
    assert listener.codes == [["cannot-read"], ["cannot-read"]]
    assert listener.moments[1] - listener.moments[0] >= 0.3
    assert (report.state.done, report.state.failed, report.failed) == (3, 0, 0)
    assert attempts(tmp_path / "results", 1) == 3


def test_a_file_that_stays_unreadable_is_listed_and_tried_again_by_the_next_start(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 3, images=1)
    listener = FailingDisk(source / "0001" / "image0.dcm", failures=9)
    report = batch(source, listener)
    assert len(listener.codes) == engine.MOST_ATTEMPTS - 1
    assert (report.state.done, report.state.failed) == (2, 1)
    (failure,) = report.failures
    assert (failure.examination, failure.code) == (examination_name(study_uid(1)), "cannot-read")
    assert attempts(tmp_path / "results", 1) == engine.MOST_ATTEMPTS
    listener.repair()
    again = batch(source)
    assert (again.state.done, again.state.computed, again.failed) == (3, 1, 0)


def test_a_header_that_cannot_be_read_at_first_is_read_later_in_the_same_search(batch, tmp_path, monkeypatch):
    source = write_cohort(tmp_path / "source", 1)
    path, kept = source / "0000" / "image0.dcm", tmp_path / "kept"
    path.replace(kept)
    path.symlink_to(UNREADABLE)
    pauses = []

    class Clock:
        @staticmethod
        def sleep(seconds):
            pauses.append(seconds)
            if len(pauses) == 2:
                kept.replace(path)

    monkeypatch.setattr(searching, "time", Clock)
    report = batch(source)
    assert pauses == [0.1, 0.2]
    assert (report.state.done, report.failed) == (1, 0)
    assert batch(source).state.computed == 0


def test_a_header_that_stays_unreadable_is_listed_and_looked_at_by_the_next_start(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 2, images=1)
    path, kept = source / "0000" / "image0.dcm", tmp_path / "kept"
    path.replace(kept)
    path.symlink_to(UNREADABLE)
    report = batch(source)
    assert [failure.code for failure in report.failures] == ["cannot-read"]
    assert report.state.total == 1
    kept.replace(path)
    assert batch(source).state.done == 2


def test_retry_processes_what_was_refused_once_more_and_nothing_else_does(batch, tmp_path):
    source = tmp_path / "source"
    write_examination(source / "good", 0)
    write_examination(source / "raw", 1, images=1, PresentationIntentType="FOR PROCESSING")
    _, cut = write_examination(source / "half", 2)
    cut.write_bytes(cut.read_bytes()[:-50_000])
    first = batch(source)
    assert (first.state.computed, first.state.done, first.state.failed) == (3, 2, 1)
    assert batch(source).state.computed == 0
    retried = batch(source, retry=True)
    assert (retried.state.computed, retried.state.done, retried.state.failed) == (2, 2, 1)
    assert Counter(failure.code for failure in retried.failures) == {"for-processing": 1, "truncated": 1}


def test_results_whose_files_are_gone_are_kept_by_retry_and_recheck(batch, tmp_path):
    source = write_cohort(tmp_path / "source", 2, images=1)
    batch(source)
    (source / "0001" / "image0.dcm").unlink()
    report = batch(source, recheck=True, retry=True)
    assert (report.state.done, report.state.failed) == (2, 0)
    folder = examination_folder(tmp_path / "results", examination_name(study_uid(1)))
    assert (folder / "findings.json").exists()


DANGER = """
import os, signal
from MCDetect.cohort import examination

class Unsendable(Exception):
    def __reduce__(self):
        raise TypeError("this cannot be sent to another process")

def detect(present, order, files, folder):
    if any("deadly" in file.name for file in files):
        os.kill(os.getpid(), signal.SIGKILL)
    if any("odd" in file.name for file in files):
        raise Unsendable
    return harmless(present, order, files, folder)

if examination._detect.__module__ == examination.__name__:  # a worker may load this twice
    harmless, examination._detect = examination._detect, detect
"""
"""For workers: an examination that ends their process, as a decoder that crashes does, and one with an odd error."""


@pytest.mark.slow
def test_an_examination_that_kills_its_workers_is_listed_and_those_behind_it_are_done(batch, tmp_path):
    numbers = sorted(range(5), key=study_uid)  # the order in which they are processed
    for number in numbers:
        (path,) = write_examination(tmp_path / "source" / str(number), number, images=1)
        path.replace(path.with_name({numbers[0]: "deadly.dcm", numbers[4]: "odd.dcm"}.get(number, path.name)))
    code = tmp_path / "danger.py"
    code.write_text(DANGER)
    repeated = defaultdict(list)

    class Notes(Listener):
        def repeated(self, examination, outcome):
            repeated[examination.name] += [refusal.code for refusal in outcome.refused]

    with dask.config.set({"distributed.worker.preload": [str(code)]}):
        report = batch(tmp_path / "source", Notes(), scheduler=None, workers=1, formats=("json",))
    names = [examination_name(study_uid(number)) for number in numbers]
    listed = {failure.examination: failure.code for failure in report.failures}
    assert listed == {names[0]: "worker-died", names[4]: "internal-error"}
    assert (report.state.done, report.state.failed) == (3, 2)
    assert repeated[names[0]] == ["worker-died"] * (engine.MOST_ATTEMPTS - 1)
    for name in names[1:4]:  # behind the deadly one at first, then tried alone
        assert repeated[name] in ([], ["worker-died"])
