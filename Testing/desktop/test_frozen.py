"""The window is never frozen: nothing but rendering holds up its thread for 100 ms."""

from __future__ import annotations

import time

from PyQt5.QtCore import QTimer
from MCDetect.desktop.slice_canvas import SliceCanvas
from support.small_examination import write_examination

_LONGEST = 0.1


class Watchdog:
    """Looks every 5 ms when the window's thread was last free; time spent on rendering is not counted."""

    def __init__(self, monkeypatch) -> None:
        self.longest = self._rendered = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        render = SliceCanvas.render_window

        def measured(view) -> None:
            start = time.perf_counter()
            render(view)
            self._rendered += time.perf_counter() - start

        monkeypatch.setattr(SliceCanvas, "render_window", measured)
        self._timer.start(5)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last - self._rendered)
        self._last, self._rendered = now, 0.0

    def stop(self) -> float:
        self._timer.stop()
        return self.longest


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
    longest = watchdog.stop()
    assert longest < _LONGEST, f"the window was held up for {1000 * longest:.0f} ms"


def test_the_watchdog_notices_a_window_that_is_held_up(hands, monkeypatch):
    watchdog = Watchdog(monkeypatch)
    hands.test.qWait(20)
    QTimer.singleShot(0, lambda: time.sleep(0.15))
    hands.test.qWait(250)
    assert watchdog.stop() > _LONGEST
