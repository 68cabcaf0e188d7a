"""Work that takes longer than a click may: in a thread, its end told on the thread of the widgets or waited for there.

Slicer's Python holds the interpreter lock while Qt waits for events, so other threads of Python run only while Python
itself does. The timer here therefore sleeps for a moment while there is work: that is when the threads go on.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import qt
import slicer

_INTERVAL_MS = 30
_LEND_SECONDS = 0.02  # of each interval, to other threads; together below what an eye or a mouse notices
_AT_ONCE_SECONDS = 0.05  # what is done by then needs no events in between


class Background:
    """A queue of finished work and the timer that empties it."""

    def __init__(self) -> None:
        self._finished: queue.SimpleQueue[tuple[Callable[[Any], object], Any]] = queue.SimpleQueue()
        self._running = 0
        self._timer = qt.QTimer()
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.connect("timeout()", self._tick)

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], object], failed: Callable[[BaseException], object]
    ) -> None:
        """Run ``work`` in a thread, then ``done`` with its result or ``failed`` with its exception, here."""

        def in_thread() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 -- told on the other thread, whatever it is
                self._finished.put((failed, error))
            else:
                self._finished.put((done, result))

        self._running += 1
        threading.Thread(target=in_thread, name="MCDetect", daemon=True).start()
        self._timer.start()

    def close(self) -> None:
        """Forget what is running; nothing more is told."""
        self._timer.stop()
        self._finished = queue.SimpleQueue()
        self._running = 0

    def _tick(self) -> None:
        """Tell of one piece of work at a time, so that Slicer can draw and listen in between."""
        lend_time()
        with contextlib.suppress(queue.Empty):
            tell, value = self._finished.get_nowait()
            self._running -= 1
            if not self._running:
                self._timer.stop()
            tell(value)


def lend_time(seconds: float = _LEND_SECONDS) -> None:
    """Let other threads run for a moment."""
    time.sleep(seconds)


def wait_answering(work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, or raise what it raises; Slicer answers meanwhile.

    For callers of Slicer's that take a result and no promise of one, as its DICOM module does. ``work`` runs in a
    thread: it must not touch widgets, the scene or the DICOM database. Events are handled only once it takes longer
    than a moment; whatever they change (a scene that is closed, another file that is loaded) comes before the return.
    """
    ended: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def in_thread() -> None:
        try:
            ended.put((work(), None))
        except BaseException as error:  # noqa: BLE001 -- raised on the other thread, whatever it is
            ended.put((None, error))

    thread = threading.Thread(target=in_thread, name="MCDetect", daemon=True)
    thread.start()
    thread.join(_AT_ONCE_SECONDS)
    while thread.is_alive():
        slicer.app.processEvents()
        thread.join(_LEND_SECONDS)
    result, error = ended.get()
    if error is not None:
        raise error
    return result
