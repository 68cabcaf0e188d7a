"""The bar of work that goes on in a thread, so that nobody waits without seeing how far it is."""

from __future__ import annotations

from typing import Any

_FULL = 1000


class Waiting:
    """A progress bar that is there only while something goes on; it moves to and fro until the work says how far it is.

    Parameters
    ----------
    bar
        A ``QProgressBar``.
    """

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._done: float | None = None
        self.end()

    def begin(self) -> None:
        """Show the bar."""
        self._done = None
        self._bar.setMaximum(0)  # Qt's way to say that it is not known how much there is
        self._bar.setVisible(True)

    def report(self, done: float) -> None:
        """Take the fraction that is done. May be called in any thread; :meth:`show` shows it."""
        self._done = done

    def show(self) -> None:
        """Show what was reported."""
        if self._done is not None:
            self._bar.setMaximum(_FULL)
            self._bar.setValue(round(_FULL * self._done))

    def end(self) -> None:
        """Hide the bar."""
        self._done = None
        self._bar.setVisible(False)
