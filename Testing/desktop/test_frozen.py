"""The window is never frozen: nothing but rendering holds up its thread for 100 ms."""

from __future__ import annotations

import time

from PyQt5.QtCore import QTimer
from support.four_views import write_examination
from support.watchdog import Watchdog

_LONGEST_WORK = 0.1
_LONGEST_PAUSE = 1.0
"""A computer that does other things makes pauses of its own; work is measured in processor time, which it does not."""


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
    QTimer.singleShot(0, lambda: work_for(0.15))
    hands.test.qWait(250)
    QTimer.singleShot(0, lambda: time.sleep(1.1))
    hands.test.qWait(50)
    hands.test.qWait(50)
    watchdog.stop()
    assert watchdog.work > _LONGEST_WORK
    assert watchdog.pause > _LONGEST_PAUSE


def work_for(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
