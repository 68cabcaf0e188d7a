"""The window is never frozen: nothing but rendering holds up its thread for 100 ms."""

from __future__ import annotations

import time
from threading import Thread

from PyQt5.QtCore import QTimer
from support.four_views import write_examination
from support.review_examples import ALGORITHM, many_findings
from support.sample_files import write_compressed
from support.undisturbed import undisturbed
from support.watchdog import Watchdog

from MCDetect.findings import Findings
from MCDetect.review.examination import open_examination
from MCDetect.review.exporting import export

pytestmark = undisturbed

_LONGEST_WORK = 0.1
_LONGEST_PAUSE = 0.15
"""With the threads that read and hold Python's lock; both are measured in processor time, as other programs of the
computer make pauses of their own."""


def test_opening_detecting_and_reviewing_never_hold_up_the_window(window, hands, tmp_path, monkeypatch):
    examination = write_examination(tmp_path / "examination", AccessionNumber="3")
    hands.test.qWait(200)
    watchdog = Watchdog(monkeypatch)
    hands.open(examination)
    hands.detect()
    window.panel.next_finding()
    for _ in range(3):
        window.panel.accept()
        hands.test.qWait(20)
        window.panel.undo()
        hands.test.qWait(20)
    for value in range(0, 101, 10):
        window.widgets.sensitivitySlider.setValue(value)
        hands.test.qWait(5)
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(tmp_path / "results"))
    window.panel.export()
    hands.until(lambda: not window.background_work.is_busy)
    watchdog.stop()
    assert watchdog.work < _LONGEST_WORK
    assert watchdog.pause < _LONGEST_PAUSE


def test_the_watchdog_notices_a_window_that_is_held_up(hands, monkeypatch):
    watchdog = Watchdog(monkeypatch)
    hands.test.qWait(20)
    worked = []
    QTimer.singleShot(0, lambda: worked.append(work_for(0.4)))
    hands.until(lambda: bool(worked))
    hands.test.qWait(50)
    watchdog.stop()
    assert watchdog.work > _LONGEST_WORK


def test_the_watchdog_notices_a_thread_that_holds_the_lock_of_python(hands, monkeypatch):
    watchdog = Watchdog(monkeypatch)
    hands.test.qWait(20)
    thread = Thread(target=lambda: sum(range(60_000_000)))  # one call, which gives the lock to nobody
    thread.start()
    while thread.is_alive():
        hands.test.qWait(20)
    watchdog.stop()
    assert watchdog.pause > _LONGEST_PAUSE
    assert watchdog.work < _LONGEST_WORK


def test_opening_many_findings_never_holds_up_the_window(window, hands, tmp_path, monkeypatch):
    examination = write_examination(tmp_path / "examination")
    views = open_examination([examination])
    findings = Findings(ALGORITHM, tuple(many_findings(view) for view in views.views))
    assert export(findings, views, tmp_path / "results", ("seg", "cad-sr", "measurements-sr", "json")).problems == ()
    hands.test.qWait(200)
    watchdog = Watchdog(monkeypatch)
    hands.open(examination, tmp_path / "results")
    hands.until(lambda: len(window.session.shown_findings()) == 96)
    hands.test.qWait(50)
    watchdog.stop()
    assert watchdog.work < _LONGEST_WORK
    assert watchdog.pause < _LONGEST_PAUSE


def test_opening_compressed_mammograms_never_holds_up_the_window(window, hands, tmp_path, monkeypatch):
    files = [write_compressed(tmp_path / f"{number}.dcm") for number in (1, 2)]
    hands.test.qWait(200)
    watchdog = Watchdog(monkeypatch)
    hands.open(*files, views=1)  # both are of one view, so one of them hangs
    hands.test.qWait(50)
    watchdog.stop()
    assert watchdog.work < _LONGEST_WORK
    assert watchdog.pause < _LONGEST_PAUSE


def work_for(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
