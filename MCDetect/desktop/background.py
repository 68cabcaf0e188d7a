"""Work beside the window, so that it never freezes: a few threads whose results come back to the window's thread.

They are threads of Python that end with the process, and not Qt's: those are waited for when the program ends, and one
that hangs in a file of a network drive would keep it for ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

_THREADS = 2


@dataclass(frozen=True)
class _Job:
    work: Callable[[], Any]
    done: Callable[[Any], object]
    failed: Callable[[BaseException], object]


class Background(QObject):
    """Runs functions in threads.

    Parameters
    ----------
    threads
        How many work at once.
    """

    _ended = pyqtSignal(object, object)

    def __init__(self, threads: int = _THREADS) -> None:
        super().__init__()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._most, self._threads = threads, 0
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
        if self._is_closed:
            return
        self._waiting += 1
        if self._threads < min(self._most, self._waiting):
            self._threads += 1
            Thread(target=self._work, name="MCDetect window", daemon=True).start()
        self._jobs.put(_Job(work, done, failed))

    def close(self) -> None:
        """Begin nothing and deliver nothing any more. What is running is not waited for: nobody wants its result."""
        self._is_closed = True
        self._waiting = 0
        with contextlib.suppress(Empty):
            while True:
                self._jobs.get_nowait()
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                listener, value = job.done, job.work()
            except BaseException as error:
                listener, value = job.failed, error
            if not self._is_closed:
                with contextlib.suppress(RuntimeError):  # the window has gone meanwhile
                    self._ended.emit(listener, value)
            del job, listener, value  # an examination must not stay in memory until the next piece of work comes

    def _deliver(self, listener: Callable[[Any], object], value: Any) -> None:
        if not self._is_closed:
            self._waiting -= 1
            listener(value)
