"""How ``mcdetect detect`` tells what happens: to people as a bar and tables, to programs as JSON lines, or not at all.

Tables and JSON lines go to the standard output; the bar, refusals and remarks to the standard error stream.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from MCDetect.commands.tables import findings_table, print_files, print_line

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram
    from MCDetect.errors import MCDetectError
    from MCDetect.findings import ImageFindings, Refusal
    from MCDetect.inference.progress import Progress as State
    from MCDetect.results import ResultWriter


class Reporter:
    """Tells people what was refused and, at the end, what was found and written; shows no progress."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self.errors = Console(stderr=True, highlight=False)
        self._warnings: list[str] = []

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def progress(self, state: State) -> None:
        """Take the state of the call."""

    def found(self, mammogram: Mammogram, image: ImageFindings) -> None:
        """Take the findings of one image, after its results were written."""
        self._warnings += [f"{mammogram.source}: {warning}" for warning in image.warnings]

    def refused(self, refusal: Refusal) -> None:
        """Take a refusal."""
        self.say(f"{refusal.message} {refusal.hint}".strip())

    def failed(self, error: MCDetectError) -> None:
        """Take the error that ends the call; the command itself prints it."""

    def finished(self, writer: ResultWriter, code: int) -> None:
        """Show what was found and written."""
        if writer.images:
            self.console.print(findings_table(writer.findings))
        print_files(self.console, writer.output, writer.files)
        for sentence in (*self._warnings, *writer.notes, *map(str, writer.problems)):
            self.say(sentence)

    def say(self, sentence: str) -> None:
        """Print a sentence on the standard error stream, unwrapped."""
        print_line(self.errors, sentence)


class BarReporter(Reporter):
    """Shows a progress bar as well, on a terminal only."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = Progress(
            TextColumn("{task.completed:.0%}"),
            BarColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=self.errors,
            transient=True,
            disable=not self.errors.is_terminal,
        )
        self._task = self._bar.add_task("loading the model", total=1.0)

    def __enter__(self) -> BarReporter:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def progress(self, state: State) -> None:
        """Move the bar."""
        image = min(state.done + 1, state.total)
        self._bar.update(
            self._task,
            completed=(state.done + state.fraction) / state.total,
            description=f"image {image} of {state.total}: {state.stage}",
        )

    def finished(self, writer: ResultWriter, code: int) -> None:
        """Take the bar away, then show what was found and written."""
        self._bar.stop()
        super().finished(writer, code)


class JsonReporter(Reporter):
    """Prints one JSON object a line on the standard output for each event.

    ``event`` is ``progress``, ``image``, ``refused``, ``note``, ``written``, ``error`` or ``done``; the last line is
    ``done`` or ``error``.
    """

    def progress(self, state: State) -> None:
        """Print the state of the call."""
        self._event("progress", **vars(state))

    def found(self, mammogram: Mammogram, image: ImageFindings) -> None:
        """Print what was found in an image, in short."""
        self._event(
            "image",
            source=mammogram.source,
            sop_instance_uid=image.sop_instance_uid,
            laterality=image.laterality,
            view=image.view,
            score=image.score,
            clusters=len(image.clusters),
            calcifications=len(image.calcifications),
            warnings=list(image.warnings),
        )

    def refused(self, refusal: Refusal) -> None:
        """Print a refusal."""
        self._event("refused", **vars(refusal))

    def failed(self, error: MCDetectError) -> None:
        """Print the error that ends the call."""
        self._event("error", code=error.code, message=error.message, hint=error.hint)

    def finished(self, writer: ResultWriter, code: int) -> None:
        """Print the files, what could not be written, and the exit code."""
        for path in writer.files:
            self._event("written", path=str(path))
        for note in writer.notes:
            self._event("note", message=note)
        for problem in writer.problems:
            self._event("note", code=problem.code, message=problem.message, hint=problem.hint)
        self._event("done", exit_code=code)

    def _event(self, kind: str, **values: Any) -> None:
        line = json.dumps({"event": kind, **values})
        self.console.out(line, highlight=False)
        self.console.file.flush()


def reporter(progress: str) -> Reporter:
    """Return the reporter for the value of ``--progress``: ``"bar"``, ``"json"`` or ``"none"``."""
    return {"bar": BarReporter, "json": JsonReporter, "none": Reporter}[progress]()
