"""How ``mcdetect batch`` tells how far it is: a bar, JSON lines, or nothing."""

from __future__ import annotations

import json
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from MCDetect.cohort.batch import Listener
from MCDetect.cohort.engine import State
from MCDetect.cohort.intake import FetchState
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
        self._processed = self._fetched = ""

    def __enter__(self) -> BarListener:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def waiting(self) -> None:
        """Say that there is no worker."""
        self._describe("waiting for a worker")

    def note(self, sentence: str) -> None:
        """Print a sentence above the bar, or without one on the standard error."""
        self._bar.console.print(sentence, markup=False, soft_wrap=True)

    def asking(self, days: int, total: int) -> None:
        """Show for how many days studies were asked for."""
        self._bar.update(
            self._task, completed=days, total=total, description=f"asking the PACS: {days} of {total} days"
        )

    def fetching(self, state: FetchState) -> None:
        """Show how much of what was asked for was fetched, beside what is processed meanwhile."""
        done = state.done == state.total
        words = [f"fetched {state.done} of {state.total}", *_pace(state.per_hour, None if done else state.seconds_left)]
        self._fetched = ", ".join(words)
        self._show()

    def searching(self, files: int) -> None:
        """Show how many files were looked at."""
        self._describe(f"searching: {files} files")

    def progress(self, state: State) -> None:
        """Move the bar."""
        words = [f"{state.done + state.failed} of {state.total} examinations"]
        words += [f"{state.failed} failed"] * bool(state.failed)
        words += _pace(state.per_hour, state.seconds_left)
        self._processed = ", ".join(words)
        self._bar.update(self._task, completed=state.done + state.failed, total=state.total)
        self._show()

    def summarising(self) -> None:
        """Say that the summary is written."""
        self._describe("writing the summary")

    def _show(self) -> None:
        self._describe("; ".join(filter(None, (self._processed, self._fetched))))

    def _describe(self, words: str) -> None:
        self._bar.update(self._task, description=words)


class JsonListener(SilentListener):
    """Prints one JSON object a line on the standard output for each event.

    ``event`` is ``waiting``, ``note``, ``asking``, ``started``, ``searching``, ``fetching``, ``examination``,
    ``retry``, ``progress`` or ``summary``; the command adds ``refused``, ``written`` and ``done``.
    """

    def waiting(self) -> None:
        """Print that there is no worker."""
        self._event("waiting")

    def note(self, sentence: str) -> None:
        """Print a sentence."""
        self._event("note", message=sentence)

    def asking(self, days: int, total: int) -> None:
        """Print for how many days studies were asked for."""
        self._event("asking", done=days, total=total)

    def fetching(self, state: FetchState) -> None:
        """Print how much of what was asked for was fetched."""
        self._event("fetching", **vars(state))

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

    def repeated(self, examination: Examination, outcome: Outcome) -> None:
        """Print why there will be another attempt."""
        codes = sorted({refusal.code for refusal in outcome.refused})
        self._event("retry", examination=examination.name, attempt=examination.attempt, codes=codes)

    def progress(self, state: State) -> None:
        """Print how far it is."""
        self._event("progress", **vars(state))

    def summarising(self) -> None:
        """Print that the summary is written now."""
        self._event("summary")

    def _event(self, kind: str, **values: object) -> None:
        print(json.dumps({"event": kind, **values}), flush=True)


def _pace(per_hour: float | None, seconds_left: float | None) -> list[str]:
    words = [] if per_hour is None else [f"{per_hour:.0f} an hour"]
    return words if seconds_left is None else [*words, f"{duration(seconds_left)} left"]


def duration(seconds: float) -> str:
    """Return a duration in words of two units, e.g. ``"3 h 20 min"``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
