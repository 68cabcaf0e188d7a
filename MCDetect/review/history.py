"""Undo and redo over states that never change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

State = TypeVar("State")


@dataclass(frozen=True)
class Step(Generic[State]):
    """A state that can be gone back or forward to, and what was done between it and the present."""

    state: State
    what: str


@dataclass(frozen=True)
class History(Generic[State]):
    """The present state, and those before and after it (nearest last)."""

    present: State
    past: tuple[Step[State], ...] = ()
    future: tuple[Step[State], ...] = ()

    def done(self, state: State, what: str) -> History[State]:
        """Return the history after an action; what had been undone is forgotten."""
        return History(state, (*self.past, Step(self.present, what)))

    def undone(self) -> History[State]:
        """Return the history one action earlier; itself at the beginning."""
        if not self.past:
            return self
        step = self.past[-1]
        return History(step.state, self.past[:-1], (*self.future, Step(self.present, step.what)))

    def redone(self) -> History[State]:
        """Return the history with the last undone action done again; itself when there is none."""
        if not self.future:
            return self
        step = self.future[-1]
        return History(step.state, (*self.past, Step(self.present, step.what)), self.future[:-1])

    def everywhere(self, change: Callable[[State], State]) -> History[State]:
        """Return the history with ``change`` applied to every state, for what is not an action of the reader."""
        return History(
            change(self.present),
            tuple(replace(step, state=change(step.state)) for step in self.past),
            tuple(replace(step, state=change(step.state)) for step in self.future),
        )
