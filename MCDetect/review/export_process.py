"""Exporting in a process of its own, so that a viewer never freezes.

A thread is not enough: the libraries that write DICOM read their tables with calls that hold Python's lock for a
second. The viewer's side is :func:`export_in_process`; the child is this file, which reads one JSON object from the
standard input, says how far it is and answers, each with one on a line of the standard output.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from MCDetect.dicom.results.predecessors import Report
from MCDetect.errors import MCDetectError, OutputError
from MCDetect.findings import Findings
from MCDetect.outputs import FORMATS
from MCDetect.review.child import start
from MCDetect.review.examination import Examination, open_examination
from MCDetect.review.exporting import Exported, export

_OURS = b"MCDetect: "
"""How a line begins that is meant for the viewer."""


def export_in_process(
    findings: Findings,
    examination: Examination,
    folder: Path,
    formats: Collection[str] = FORMATS,
    *,
    python: str | None = None,
    reports: Sequence[Report] = (),
    report: Callable[[float], object] = lambda done: None,
) -> Exported:
    """Write findings as :func:`MCDetect.review.exporting.export` does; blocks, so call it in a thread.

    Parameters
    ----------
    findings, examination, folder, formats, reports, report
        As there. The mammograms are read from their files.
    python
        The interpreter; None is the one that runs this (in Slicer give the path of PythonSlicer).

    Raises
    ------
    OutputError
        ``cannot-write``; ``export-died`` when the process ended without an answer.
    MCDetectError
        Whatever else the process met, with its code.
    """
    question = {
        "findings": findings.to_json(None),
        "sources": [str(view.path.absolute()) for view in examination.views],
        "spacing_mm": next((v.given_spacing_mm for v in examination.views if v.given_spacing_mm is not None), None),
        "folder": str(folder.absolute()),
        "formats": list(formats),
        "reports": [asdict(one) for one in reports],
    }
    try:
        with start(__name__, python) as process:
            if process.stdin is None or process.stdout is None:
                raise OSError("no pipes")
            with process.stdin as asking:
                asking.write(json.dumps(question).encode())
            answer = _listen(process.stdout, report)
    except (OSError, ValueError) as error:
        raise OutputError(
            "export-died", "The process that writes the results ended before it was done.", "Export again."
        ) from error
    if "error" in answer:
        raise OutputError(*answer["error"])
    problems = tuple(MCDetectError(*problem) for problem in answer["problems"])
    files = tuple(Path(file) for file in answer["files"])
    written = tuple(Report(**one) for one in answer["reports"])
    return Exported(folder, files, problems, tuple(answer["notes"]), written)


def _listen(lines: Iterable[bytes], report: Callable[[float], object]) -> dict[str, Any]:
    answer: dict[str, Any] | None = None
    for line in lines:
        if not line.startswith(_OURS):
            continue  # a library has printed something
        said = json.loads(line.removeprefix(_OURS))
        if "done" in said:
            report(said["done"])
        else:
            answer = said
    if answer is None:
        raise ValueError("there was no answer")
    return answer


def _say(what: dict[str, Any]) -> None:
    # What a library printed may lack the end of its line. A viewer that is gone still wants its results whole.
    with contextlib.suppress(OSError):
        sys.stdout.write(f"\n{_OURS.decode()}{json.dumps(what)}\n")
        sys.stdout.flush()


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    try:
        findings = Findings.from_json(question["findings"])
        examination = open_examination(question["sources"], question["spacing_mm"])
        reports = [Report(**one) for one in question["reports"]]
        folder, formats = Path(question["folder"]), question["formats"]
        exported = export(findings, examination, folder, formats, reports, report=lambda done: _say({"done": done}))
    except MCDetectError as error:
        return {"error": (error.code, error.message, error.hint)}
    return {
        "files": [str(path) for path in exported.files],
        "problems": [(problem.code, problem.message, problem.hint) for problem in exported.problems],
        "notes": exported.notes,
        "reports": [asdict(one) for one in exported.reports],
    }


if __name__ == "__main__":
    _say(_answer(json.load(sys.stdin)))
