"""Telling viewers what has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from MCDetect.errors import MCDetectError

logger = logging.getLogger(__name__)


class ChangeKind(Enum):
    """What an observer is told of."""

    FINDINGS = "findings of some views have changed: by the algorithm, an action, undo or redo"
    FILTER = "the threshold has changed"
    SELECTION = "another cluster is selected"
    SAVED = "changes have been exported, or the reader has a name"
    PROBLEM = "something went wrong that the reader must be told"


@dataclass(frozen=True)
class Change:
    """What has changed; ``views`` are the keys concerned, ``problem`` is there for PROBLEM."""

    kind: ChangeKind
    views: frozenset[str] = frozenset()
    problem: MCDetectError | None = None


Observer = Callable[[Change], object]


class Listeners:
    """Whoever wants to hear of changes."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def __bool__(self) -> bool:
        return bool(self._observers)

    def add(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with each change from now on; return a function that ends this."""
        self._observers.append(observer)

        def end() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return end

    def tell(self, change: Change) -> None:
        """Tell all; a listener that fails keeps neither the others from hearing nor the change from being made."""
        for observer in list(self._observers):
            try:
                observer(change)
            except Exception:
                logger.exception("A listener of the review failed.")

    def clear(self) -> None:
        """Forget all listeners."""
        self._observers.clear()
