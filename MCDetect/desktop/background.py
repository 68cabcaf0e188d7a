"""Work beside the window, so that it never freezes: a few threads whose results come back to the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt5.QtCore import QObject, QRunnable, QThreadPool, pyqtSignal

_THREADS = 2


class Background(QObject):
    """Runs functions in threads."""

    _ended = pyqtSignal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(_THREADS)
        self._is_closed = False
        self._waiting = 0
        self._ended.connect(self._deliver)

    @property
    def is_busy(self) -> bool:
        """Whether anything is running or its result not yet delivered."""
        return self._waiting > 0

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], object], failed: Callable[[BaseException], object]
    ) -> None:
        """Run ``work`` in a thread, then ``done`` or ``failed`` in the window's thread."""
        self._waiting += 1
        self._pool.start(_Job(work, done, failed, self._ended.emit))

    def close(self) -> None:
        """Deliver nothing any more and wait for what is running, which is reading or writing one file."""
        self._is_closed = True
        self._pool.clear()
        self._pool.waitForDone(30_000)

    def _deliver(self, listener: Callable[[Any], object], value: Any) -> None:
        self._waiting -= 1
        if not self._is_closed:
            listener(value)


class _Job(QRunnable):
    def __init__(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[BaseException], object],
        emit: Callable[[Any, Any], None],
    ) -> None:
        super().__init__()
        self._work, self._done, self._failed, self._emit = work, done, failed, emit

    def run(self) -> None:
        """Do the work; Qt calls this in a thread."""
        try:
            result = self._work()
        except BaseException as error:
            self._emit(self._failed, error)
        else:
            self._emit(self._done, result)
