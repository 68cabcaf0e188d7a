"""Results are written by a process of its own, which says how far it is."""

from __future__ import annotations

import pytest

from MCDetect.errors import MCDetectError, OutputError
from MCDetect.review import child, export_process
from MCDetect.review.export_process import export_in_process


def test_everything_is_written_and_the_share_that_is_done_is_told(session, tmp_path):
    told = []
    exported = export_in_process(
        session.findings(), session.examination, tmp_path / "results", ("json", "cad-sr"), report=told.append
    )
    assert {path.name.split("_")[0] for path in exported.files} == {"cad-sr", "findings.json"}
    assert all(path.stat().st_size for path in exported.files)
    assert told == pytest.approx([1 / 3, 2 / 3])  # two views, then the report of the study


def test_a_folder_that_cannot_be_written_is_told(session, tmp_path):
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(MCDetectError) as told:
        export_in_process(session.findings(), session.examination, tmp_path / "results")
    assert told.value.code == "cannot-write"


def test_a_process_that_cannot_be_started_is_told(session, tmp_path):
    with pytest.raises(OutputError) as told:
        export_in_process(session.findings(), session.examination, tmp_path, python=str(tmp_path / "python"))
    assert told.value.code == "export-died"


@pytest.mark.parametrize("lines", [[], [b"Killed\n"], [b'MCDetect: {"done": 0.5}\n'], [b'MCDetect: {"do']])
def test_a_process_that_ends_without_an_answer_is_told(session, tmp_path, monkeypatch, lines):
    script = tmp_path / "python"
    script.write_bytes(b"#!/bin/sh\ncat > /dev/null\ncat <<'END'\n" + b"".join(lines) + b"\nEND\n")
    script.chmod(0o755)
    with pytest.raises(OutputError) as told:
        export_in_process(session.findings(), session.examination, tmp_path, python=str(script))
    assert told.value.code == "export-died"


def test_everything_is_written_though_the_viewer_has_gone(session, tmp_path, monkeypatch):
    started = []

    def start(*words):
        started.append(child.start(*words))
        started[0].stdout.close()  # nobody listens any more
        return started[0]

    monkeypatch.setattr(export_process, "start", start)
    with pytest.raises(OutputError):
        export_in_process(session.findings(), session.examination, tmp_path / "results", ("json", "cad-sr"))
    assert started[0].wait(60) is not None
    written = {path.name.split("_")[0] for path in (tmp_path / "results").rglob("*") if path.is_file()}
    assert {"cad-sr", "findings.json"} <= written


def test_what_a_library_prints_is_no_answer(session):
    lines = [b"warning: something\n", b'MCDetect: {"done": 0.25}\n', b"{}\n", b'MCDetect: {"files": []}\n']
    told = []
    assert export_process._listen(lines, told.append) == {"files": []}
    assert told == [0.25]
