"""Work of the window's own thread in small steps, between which it answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from PyQt5.QtCore import QObject, QTimer


class OneByOne(QObject):
    """Does one thing in each turn of the event loop."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._do_next)

    def add(self, steps: Iterable[Callable[[], object]], are_wanted: Callable[[], bool] = lambda: True) -> None:
        """Do these after what is waiting, each only if they are still wanted when its turn has come."""
        self._waiting.extend(partial(_do_wanted, step, are_wanted) for step in steps)
        if self._waiting and not self._timer.isActive():
            self._timer.start(0)

    def finish(self) -> None:
        """Do all that is waiting, now."""
        self._timer.stop()
        while self._waiting:
            self._waiting.popleft()()

    def _do_next(self) -> None:
        step = self._waiting.popleft()
        if self._waiting:
            self._timer.start(0)
        step()


def _do_wanted(step: Callable[[], object], are_wanted: Callable[[], bool]) -> None:
    if are_wanted():
        step()
