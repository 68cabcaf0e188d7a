"""One image whose results cannot be made costs no other image its findings."""

from __future__ import annotations

import pytest
from support.sample_files import bright_pixels, write_mammogram

from MCDetect.errors import DeviceError, OutputError
from MCDetect.inference.detector import Detector
from MCDetect.results import ResultWriter


@pytest.fixture
def files(tmp_path):
    """Write three mammograms of one study."""
    return [write_mammogram(tmp_path / f"{n}.dcm", bright_pixels(seed=n)) for n in (1, 2, 3)]


def fail_at_second(monkeypatch, kind: type, method: str, error: BaseException) -> None:
    """Let a method fail at its second call."""
    original, seen = getattr(kind, method), []

    def failing(self, *arguments):
        seen.append(arguments)
        if len(seen) == 2:
            raise error
        return original(self, *arguments)

    monkeypatch.setattr(kind, method, failing)


def check_only_second_refused(outcome, files, code: str) -> None:
    assert outcome.code == 1
    assert len(outcome.findings["images"]) == 2
    assert [(one["code"], one["source"]) for one in outcome.findings["refused"]] == [(code, str(files[1]))]
    assert str(files[1]) in outcome.stderr or "memory" in outcome.stderr
    assert any("cad-sr" in name for name in outcome.files)


def test_an_image_whose_map_does_not_fit_into_memory_is_refused_and_the_others_are_done(detect, files, monkeypatch):
    error = DeviceError("out-of-memory", "There is too little memory.", "Close other programs.")
    fail_at_second(monkeypatch, Detector, "probability_of", error)
    outcome = detect(*files, options=["--formats", "json,cad-sr,probability"])
    check_only_second_refused(outcome, files, "out-of-memory")


@pytest.mark.parametrize("error", [MemoryError(), ZeroDivisionError("a bug")])
def test_an_image_whose_results_fail_is_refused_and_the_others_are_done(detect, files, monkeypatch, error):
    fail_at_second(monkeypatch, ResultWriter, "_write_pictures", error)
    outcome = detect(*files)
    check_only_second_refused(outcome, files, "internal-error")
    assert type(error).__name__ in outcome.stderr


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OutputError("cannot-write", "The disk is full.", "Free space on it."), "The disk is full."),
        (OSError(28, "No space left on device"), "OSError"),
    ],
)
def test_an_error_that_ends_the_run_leaves_what_is_complete_with_its_reports(detect, files, monkeypatch, error, told):
    fail_at_second(monkeypatch, ResultWriter, "_write_pictures", error)
    outcome = detect(*files)
    assert outcome.code == 3
    assert told in outcome.stderr
    assert len(outcome.findings["images"]) == 1
    refused = [(one["code"], one["source"]) for one in outcome.findings["refused"]]
    assert refused == [("stopped", str(file)) for file in files[1:]]
    assert any("cad-sr" in name for name in outcome.files)


def test_the_error_that_ended_the_run_is_told_and_not_that_the_reports_could_not_be_written(detect, files, monkeypatch):
    def full(_writer) -> None:
        raise OutputError("cannot-write", "The report could not be written.")

    fail_at_second(monkeypatch, ResultWriter, "_write_pictures", OutputError("cannot-write", "The disk is full."))
    monkeypatch.setattr(ResultWriter, "finish", full)
    outcome = detect(*files)
    assert outcome.code == 3
    assert "The disk is full." in outcome.stderr
    assert "report" not in outcome.stderr
