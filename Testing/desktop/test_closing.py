"""A window closes at once, whatever is still read, kept or written; nothing is cut, and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PyQt5.QtCore import Qt
from support.sample_files import write_compressed
from support.undisturbed import undisturbed
from support.watchdog import Watchdog, seconds_in_queue

from MCDetect.findings import Decision, Findings
from MCDetect.review import child, recovery
from MCDetect.review.offers import offers
from MCDetect.review.recovery import wait_until_kept

_LONGEST = 0.25
"""Seconds; what hung took seconds to minutes. Most of it goes to the libraries that draw, which free their memory."""

_HANGING = 30.0


def children_of_this_process() -> set[int]:
    """Return the processes that this one has started, those that are dead and not yet buried too."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True
    )
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return {int(line[0]) for line in lines if len(line) < 2 or not line[1].startswith("ps ")}


def hanging_python(folder: Path) -> str:
    """Return an interpreter that never answers."""
    python = folder / "python"
    python.write_text("#!/bin/sh\nexec sleep 1000\n")
    python.chmod(0o755)
    return str(python)


def closed_in(window) -> float:
    """Close a window; return how long that took, waiting included, less what other programs had the processors."""
    begin, queued = time.perf_counter(), seconds_in_queue()
    window.close()
    return time.perf_counter() - begin - (seconds_in_queue() - queued)


def open_what_hangs(window, hands, tmp_path, monkeypatch):
    """Open a mammogram whose decoder hangs; return the processes that were there before."""
    before = children_of_this_process()
    start, python = child.start, hanging_python(tmp_path)
    monkeypatch.setattr(child, "start", lambda module, _python=None: start(module, python))
    window.open_paths([write_compressed(tmp_path / "1.dcm", shape=(300, 240))])
    hands.until(lambda: bool(children_of_this_process() - before), 20)
    return before


@pytest.fixture
def lone_window(window_of):
    """Return a window without a worker, and hands for it."""
    return window_of(None)


def test_a_window_closes_at_once_while_decoders_hang(lone_window, tmp_path, monkeypatch):
    window, hands = lone_window
    before = open_what_hangs(window, hands, tmp_path, monkeypatch)
    hands.test.qWait(200)
    assert closed_in(window) < _LONGEST
    assert not window.isVisible()
    hands.until(lambda: children_of_this_process() <= before, 5)


@undisturbed
def test_another_examination_opens_at_once_while_decoders_hang(lone_window, examination, tmp_path, monkeypatch):
    window, hands = lone_window
    before = open_what_hangs(window, hands, tmp_path, monkeypatch)
    watchdog = Watchdog(monkeypatch)
    hands.open(examination)
    watchdog.stop()
    assert watchdog.stall < _LONGEST
    hands.until(lambda: children_of_this_process() <= before, 5)
    assert window.heard == [], "what was being read for the first examination is of no interest any more"


def test_a_window_closes_at_once_while_a_file_hangs_that_no_process_reads(lone_window, examination, monkeypatch):
    window, hands = lone_window
    began: list[Path] = []
    monkeypatch.setattr(
        "MCDetect.review.decoding_process.read_mammogram",
        lambda path, *_: (began.append(path), time.sleep(_HANGING)),
    )
    window.open_paths([examination])
    hands.until(lambda: len(began) == 2, 20)
    assert closed_in(window) < _LONGEST


@undisturbed
def test_a_slow_disk_holds_up_neither_the_review_nor_closing_and_the_work_is_whole(
    window, hands, examination, tmp_path, monkeypatch
):
    hands.open(examination)
    hands.detect()
    write, written = recovery.write_text_atomically, []

    def slowly(path: Path, text: str) -> None:
        time.sleep(1.0)
        write(path, text)
        written.append(path)

    monkeypatch.setattr(recovery, "write_text_atomically", slowly)
    monkeypatch.setattr(window.dialogs, "ask", lambda _question, _choices: 0)
    watchdog = Watchdog(monkeypatch)
    hands.press(Qt.Key_N)
    for key in (Qt.Key_A, Qt.Key_U, Qt.Key_A):  # the second takes the first back: nothing is unsaved
        hands.press(key)
        hands.test.qWait(30)
    hands.press(Qt.Key_R)
    rejected = window.session.selected
    hands.test.qWait(30)
    watchdog.stop()
    assert watchdog.stall < _LONGEST
    assert closed_in(window) < _LONGEST
    wait_until_kept()
    assert written
    ((offer,), problems) = offers(tmp_path / "unfinished")
    assert problems == []
    kept = Findings.from_json(json.dumps(offer.document["findings"]))
    decisions = {cluster.tracking_uid: cluster.decision for image in kept.images for cluster in image.clusters}
    assert decisions[rejected] is Decision.REJECTED, "the last thing that the reader did is there"


@undisturbed
def test_work_that_a_slow_disk_has_not_yet_taken_is_offered_when_the_examination_is_opened_again(
    window, hands, examination, monkeypatch
):
    hands.open(examination)
    hands.detect()
    write = recovery.write_text_atomically
    monkeypatch.setattr(recovery, "write_text_atomically", lambda *given: (time.sleep(1.0), write(*given)))
    asked: list[str] = []
    monkeypatch.setattr(window.dialogs, "ask", lambda question, _choices: (asked.append(question), 0)[1])
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_R)
    rejected = window.session.selected
    watchdog = Watchdog(monkeypatch)
    hands.open(examination)
    watchdog.stop()
    assert watchdog.stall < _LONGEST
    assert len(asked) == 2, asked
    assert window.session.state.find(rejected)[1].decision is Decision.REJECTED


@pytest.fixture
def exporting(window, hands, examination, tmp_path, monkeypatch):
    """Return a window that is writing results; where they go."""
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_A)
    hands.test.keyClicks(window.widgets.readerEdit, "Meyer, Anna")
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(tmp_path / "results"))
    asked: list[str] = []
    monkeypatch.setattr(window.dialogs, "ask", lambda question, _choices: (asked.append(question), -1)[1])
    window.asked = asked
    hands.click(window.widgets.exportButton)
    assert window.panel.reporting.is_busy
    return window


def test_an_export_comes_to_its_end_behind_a_window_that_was_closed(exporting, hands, tmp_path):
    assert closed_in(exporting) < _LONGEST
    assert not exporting.isVisible()
    assert exporting.session is not None, "it is closed for good only when all is written"
    hands.until(lambda: exporting.session is None, 60)
    assert exporting.asked == [], "what was just exported is not unsaved"
    assert not exporting.isVisible()
    written = Findings.from_json((tmp_path / "results" / "findings.json").read_text())
    assert Decision.ACCEPTED in {cluster.decision for image in written.images for cluster in image.clusters}
    assert list((tmp_path / "results" / "dicom").glob("cad-sr_*.dcm"))
    assert not [path for path in (tmp_path / "results").rglob(".*") if path.is_file()]
    wait_until_kept()
    assert offers(tmp_path / "unfinished") == ([], [])


def test_a_window_comes_back_when_an_export_fails_after_it_was_closed(exporting, hands, tmp_path, monkeypatch):
    (tmp_path / "results").write_text("in the way")
    exporting.close()
    hands.until(exporting.isVisible, 60)
    [(message, hint, _details)] = exporting.heard
    assert "cannot be written: it is not a folder" in message
    assert hint
    assert exporting.session is not None
    assert exporting.session.has_unsaved_changes
    assert exporting.widgets.exportButton.isEnabled()


def test_work_that_is_newer_than_what_is_being_exported_is_asked_about(exporting, hands):
    hands.press(Qt.Key_R)
    exporting.close()
    assert exporting.asked == ["This review has changes that were not exported."]
    assert exporting.isVisible(), "the question was not answered"


_PROGRAM = """
import sys, threading, time
from pathlib import Path
from PyQt5.QtCore import QTimer
from MCDetect.desktop import application, window

def close_soon(self, *given):
    show(self, *given)
    QTimer.singleShot(1500, self.close)

show = window.MainWindow.showMaximized
window.MainWindow.showMaximized = close_soon
threading.Thread(target=lambda: time.sleep(600), daemon=False).start()  # as one of pynetdicom's
sys.exit(application.run([Path(sys.argv[1])], "default", "cpu", False))
"""


def test_the_program_ends_soon_after_its_window_though_a_thread_hangs_and_leaves_no_process(examination, tmp_path):
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(examination)],
        env={**os.environ, "MCDETECT_DATA": str(tmp_path)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, errors = program.communicate(timeout=90)
        assert program.returncode == 0, errors
        assert b"Traceback" not in errors
        end = time.monotonic() + 10
        while (left := processes_that_know(tmp_path)) and time.monotonic() < end:
            time.sleep(0.1)
        assert left == []
    finally:
        program.kill()


def processes_that_know(folder: Path) -> list[str]:
    """Return the processes of the program: they have its folder among their variables."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"MCDETECT_DATA={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found
