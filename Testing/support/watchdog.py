"""Tells how long the thread of the window was not free."""

from __future__ import annotations

import gc
import time
from functools import wraps
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QTimer
from support.processor_speed import slowness

from MCDetect.desktop.slice_canvas import SliceCanvas


class Watchdog:
    """Looks every 5 ms how long the window's thread was not free; rendering is not counted.

    ``work`` is the longest piece of work of this thread in processor time; ``pause`` is the longest time that it did
    not answer because this process worked: this thread, or another one that held Python's lock. What is of others, the
    functions ``(owner, name)`` of ``not_ours``, is not counted either. Where the clock says
    more than the processors have worked for this process, other programs had them. ``stall`` is the longest time that
    this thread did not answer though a processor was free for it: it also tells when it only waits, for a lock, a disk
    or a process.

    What earlier tests of the process left in memory is not searched for garbage meanwhile: that alone takes a tenth of
    a second after thousands of tests, and the window begins so as well (:mod:`MCDetect.desktop.application`).

    At the end ``work`` and ``pause`` are divided by how slow the processor was just then
    (:mod:`support.processor_speed`).
    """

    def __init__(self, monkeypatch: Any, *not_ours: tuple[Any, str]) -> None:
        self.work = self.pause = self.stall = 0.0
        gc.collect()
        gc.freeze()
        self._slowness = slowness()
        self._queued = seconds_in_queue()
        self._rendered = self._drawn = self._drawn_by_all = 0.0
        self._last, self._worked, self._worked_by_all = _clocks()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        for owner, name in ((SliceCanvas, "render_window"), *not_ours):
            monkeypatch.setattr(owner, name, self._uncounted(getattr(owner, name)))
        self._timer.start(5)

    def _uncounted(self, function: Any) -> Any:
        @wraps(function)
        def measured(*arguments: Any) -> Any:
            before = _clocks()
            try:
                return function(*arguments)
            finally:
                passed, worked, worked_by_all = (now - then for now, then in zip(_clocks(), before, strict=True))
                self._rendered += passed
                self._drawn += worked
                self._drawn_by_all += worked_by_all

        return measured

    def _beat(self) -> None:
        now, worked, worked_by_all = _clocks()
        passed = now - self._last - self._rendered
        self.pause = max(self.pause, min(passed, worked_by_all - self._worked_by_all - self._drawn_by_all))
        self.work = max(self.work, worked - self._worked - self._drawn)
        queued = seconds_in_queue()
        self.stall = max(self.stall, passed - (queued - self._queued))
        self._queued = queued
        self._last, self._worked, self._worked_by_all = now, worked, worked_by_all
        self._rendered = self._drawn = self._drawn_by_all = 0.0

    def stop(self) -> None:
        """Look no longer; what has passed since the last look counts."""
        if not self._timer.isActive():
            return
        self._beat()
        self._timer.stop()
        gc.unfreeze()
        slow = max(self._slowness, slowness())
        self.work /= slow
        self.pause /= slow


def seconds_in_queue() -> float:
    """Return how long this thread has waited for a processor, as Linux tells it; 0 elsewhere."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def _clocks() -> tuple[float, float, float]:
    """Return the time, and the processor time of this thread and of all threads of this process."""
    return time.perf_counter(), time.thread_time(), time.process_time()
