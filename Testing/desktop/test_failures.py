"""What goes wrong around the window: processes that die, a PACS that is down, one examination opened twice."""

from __future__ import annotations

import os
import signal
import socket

import pytest
from PyQt5.QtCore import Qt
from support.four_views import write_examination

from MCDetect.findings import Decision


def test_a_worker_that_dies_is_told_in_one_sentence_and_the_next_search_works(window, hands, tmp_path):
    hands.open(write_examination(tmp_path / "new to the worker", AccessionNumber="7"))
    hands.until(lambda: window.client.ready is not None)
    hands.click(window.widgets.detectButton)
    os.kill(window.client.ready.process_id, signal.SIGKILL)
    hands.until(lambda: not window.panel.is_detecting)
    [(message, hint, details)] = window.heard
    assert "process" in message
    assert "Traceback" not in message + hint + details
    assert window.widgets.detectButton.isEnabled()
    hands.detect()
    assert len(hands.cells()) == 2
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_A)
    # One that dies while nothing is searched takes nothing with it either.
    os.kill(window.client.ready.process_id, signal.SIGKILL)
    hands.test.qWait(300)
    hands.detect()
    accepted = window.session.state.find(window.session.selected)[1]
    assert accepted.decision is Decision.ACCEPTED


def test_a_pacs_that_is_down_is_told_and_the_results_stay_where_they_are(
    window, hands, examination, tmp_path, monkeypatch
):
    pytest.importorskip("pynetdicom")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    nodes = tmp_path / "nodes.toml"
    nodes.write_text(
        f'[nodes.archive]\nhost = "127.0.0.1"\nport = {port}\nae_title = "ARCHIVE"\nattempts = 1\ntimeout_s = 2\n'
    )
    monkeypatch.setattr("MCDetect.dicom.pacs.configuration.configuration_path", lambda: nodes)
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(tmp_path / "results"))
    hands.open(examination)
    hands.detect()
    hands.click(window.widgets.exportButton)
    hands.until(lambda: not window.background_work.is_busy)
    written = sorted((tmp_path / "results").rglob("*.dcm"))
    hands.click(window.widgets.sendButton)
    hands.until(lambda: not window.background_work.is_busy)
    message, hint, details = window.heard[0]
    assert "archive" in (message + hint).lower()
    assert "Traceback" not in message + hint + details
    assert sorted((tmp_path / "results").rglob("*.dcm")) == written
    assert window.widgets.sendButton.isEnabled()
    # Fetching says the same.
    hands.press(Qt.Key_F, Qt.ControlModifier)
    hands.until(lambda: window.fetching is not None and window.fetching.dialog.isVisible())
    window.fetching.dialog.patient.insert("P1")
    hands.click(window.fetching.dialog.search_button)
    hands.until(lambda: len(window.heard) == 2)
    assert len(window.views.slots) == 4


def test_results_of_one_examination_never_land_in_the_next(window, hands, examination, tmp_path):
    hands.open(write_examination(tmp_path / "first", AccessionNumber="11"))
    hands.click(window.widgets.detectButton)
    hands.open(examination)
    hands.until(lambda: not window.panel.is_detecting)
    hands.test.qWait(500)
    assert hands.cells() == []
    assert not any(window.session.is_analysed(key) for key in window.session.examination.keys)
    hands.detect()
    assert len(hands.cells()) == 2


def test_an_examination_in_two_windows_is_reviewed_apart_and_no_work_is_lost(
    window, hands, examination, tmp_path, monkeypatch
):
    from MCDetect.desktop.window import MainWindow
    from MCDetect.review.offers import offers
    from MCDetect.review.recovery import wait_until_kept

    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_R)
    rejected = window.session.selected
    second = MainWindow(None, tmp_path / "unfinished")
    asked: list[str] = []
    monkeypatch.setattr(second.dialogs, "ask", lambda question, _choices: (asked.append(question), 0)[1])
    try:
        second.show()
        second.open_paths([examination])
        hands.until(lambda: len(second.views.windows) == 4)
        assert asked == [], "work that another window is doing is not offered"
        key = second.session.examination.keys[0]
        drawn = second.session.draw_cluster(key, [(100, 60), (100, 90), (130, 90), (130, 60)])
        assert window.session.state.find(rejected)[1].decision is Decision.REJECTED
        assert drawn not in str(window.session.state)
    finally:
        second.close()
    window.session.close(keep_work=True)
    wait_until_kept()
    kept, problems = offers(tmp_path / "unfinished")
    assert problems == []
    assert len(kept) == 2
