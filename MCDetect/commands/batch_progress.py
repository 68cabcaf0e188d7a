"""How ``mcdetect batch`` tells how far it is: a bar, JSON lines, or nothing."""

from __future__ import annotations

import json
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from MCDetect.cohort.batch import Listener
from MCDetect.cohort.engine import State
from MCDetect.cohort.records import Examination, Outcome
from MCDetect.findings import Algorithm


class SilentListener(Listener):
    """Shows nothing."""

    def __enter__(self) -> SilentListener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class BarListener(SilentListener):
    """Shows a progress bar with rate and time left, on a terminal only."""

    def __init__(self) -> None:
        console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.percentage:3.0f}%"),
            BarColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting the workers", total=None)

    def __enter__(self) -> BarListener:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def fetching(self, done: int, total: int) -> None:
        """Show how much of what was asked for was fetched."""
        self._bar.update(self._task, completed=done, total=total, description=f"fetching: {done} of {total}")

    def searching(self, files: int) -> None:
        """Show how many files were looked at."""
        self._bar.update(self._task, description=f"searching: {files} files")

    def progress(self, state: State) -> None:
        """Move the bar."""
        words = [f"{state.done + state.failed} of {state.total} examinations"]
        words += [f"{state.failed} failed"] * bool(state.failed)
        if state.per_hour is not None and state.seconds_left is not None:
            words += [f"{state.per_hour:.0f} an hour", f"{duration(state.seconds_left)} left"]
        self._bar.update(
            self._task, completed=state.done + state.failed, total=state.total, description=", ".join(words)
        )


class JsonListener(SilentListener):
    """Prints one JSON object a line on the standard output for each event.

    ``event`` is ``fetching``, ``started``, ``searching``, ``examination`` or ``progress``; the command adds
    ``refused``, ``written`` and ``done``.
    """

    def fetching(self, done: int, total: int) -> None:
        """Print how much of what was asked for was fetched."""
        self._event("fetching", done=done, total=total)

    def searching(self, files: int) -> None:
        """Print how many files were looked at."""
        self._event("searching", files=files)

    def started(self, algorithm: Algorithm, workers: int) -> None:
        """Print what runs."""
        self._event("started", workers=workers, **vars(algorithm))

    def finished(self, examination: Examination, outcome: Outcome) -> None:
        """Print an outcome in short."""
        self._event(
            "examination",
            examination=examination.name,
            images=len(outcome.images),
            refused=len(outcome.refused),
            score=max((image.score for image in outcome.images), default=0.0),
            seconds=outcome.seconds,
            computed=outcome.computed,
            worker=outcome.worker,
        )

    def progress(self, state: State) -> None:
        """Print how far it is."""
        self._event("progress", **vars(state))

    def _event(self, kind: str, **values: object) -> None:
        print(json.dumps({"event": kind, **values}), flush=True)


def duration(seconds: float) -> str:
    """Return a duration in words of two units, e.g. ``"3 h 20 min"``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
