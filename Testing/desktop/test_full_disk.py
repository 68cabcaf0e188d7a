"""The disk is full while the window writes."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import Qt
from support.small_disk import fill_up, make_larger, mounted

from MCDetect.findings import Decision


@pytest.fixture
def reviewed(window, hands, examination):
    """Return the window with a finding that the reader has accepted."""
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_A)
    hands.test.keyClicks(window.widgets.readerEdit, "Meyer, Anna")
    return window


def is_told_and_nothing_lost(window) -> bool:
    [(message, hint, details)] = window.heard
    assert "No space left on device" in message
    assert "--" not in hint, "options of the command line mean nothing here"
    assert "Traceback" not in message + hint + details
    accepted = [cluster for _, cluster in window.session.shown_findings() if cluster.decision is Decision.ACCEPTED]
    return len(accepted) == 1 and window.session.has_unsaved_changes and window.widgets.exportButton.isEnabled()


def test_an_export_onto_a_full_disk_is_told_and_works_once_there_is_room(reviewed, hands, tmp_path, monkeypatch):
    with mounted(tmp_path / "disk", "200k") as disk:
        monkeypatch.setattr(reviewed.dialogs, "ask_folder", lambda _title: str(disk / "results"))
        hands.press(Qt.Key_S, Qt.ControlModifier)
        hands.until(lambda: not reviewed.background_work.is_busy)
        assert is_told_and_nothing_lost(reviewed)
        assert not [path for path in disk.rglob(".*") if path.is_file()], "nothing half written is left"
        make_larger(disk, "60m")
        hands.press(Qt.Key_S, Qt.ControlModifier)
        hands.until(lambda: not reviewed.background_work.is_busy)
        assert len(reviewed.heard) == 1
        assert (disk / "results" / "findings.json").is_file()
        assert not reviewed.session.has_unsaved_changes


def test_a_picture_report_onto_a_full_disk_is_told_and_leaves_no_file(reviewed, hands, tmp_path, monkeypatch):
    fill_up(monkeypatch)
    monkeypatch.setattr(reviewed.dialogs, "ask_file", lambda _title, name: str(tmp_path / "reports" / name))
    hands.press(Qt.Key_P, Qt.ControlModifier)
    hands.until(lambda: not reviewed.background_work.is_busy)
    reviewed.heard = [heard for heard in reviewed.heard if "kept" not in heard[0]]  # the work of the reader, see below
    assert is_told_and_nothing_lost(reviewed)
    assert not list((tmp_path / "reports").iterdir())


def test_work_that_cannot_be_kept_is_told_once_and_the_review_goes_on(reviewed, hands, monkeypatch):
    fill_up(monkeypatch)
    for key in (Qt.Key_R, Qt.Key_A, Qt.Key_R):
        hands.press(key)
    hands.until(lambda: bool(reviewed.heard))
    hands.test.qWait(300)
    [(message, hint, _details)] = reviewed.heard
    assert "cannot be kept on disk" in message
    assert "free space" in hint
    assert hands.cells()[0][5] == "✗ rejected"
