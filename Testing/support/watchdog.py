"""Tells how long the thread of the window was not free."""

from __future__ import annotations

import time
from typing import Any

from PyQt5.QtCore import QTimer

from MCDetect.desktop.slice_canvas import SliceCanvas


class Watchdog:
    """Looks every 5 ms how long the window's thread was not free; rendering is not counted.

    ``work`` is the longest piece of work of this thread in processor time; ``pause`` is the longest time that it did
    not answer, whatever the reason: the work of this thread, a thread that holds Python's lock, other programs.
    """

    def __init__(self, monkeypatch: Any) -> None:
        self.work = self.pause = 0.0
        self._rendered = self._drawn = 0.0
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        render = SliceCanvas.render_window

        def measured(view: Any) -> None:
            start, before = time.perf_counter(), time.thread_time()
            render(view)
            self._rendered += time.perf_counter() - start
            self._drawn += time.thread_time() - before

        monkeypatch.setattr(SliceCanvas, "render_window", measured)
        self._timer.start(5)

    def _beat(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.pause = max(self.pause, now - self._last - self._rendered)
        self.work = max(self.work, worked - self._worked - self._drawn)
        self._last, self._worked = now, worked
        self._rendered = self._drawn = 0.0

    def stop(self) -> None:
        """Look no longer."""
        self._timer.stop()
