"""Exporting in a process of its own, so that a viewer never freezes.

A thread is not enough: the libraries that write DICOM read their tables with calls that hold Python's lock for a
second. The viewer's side is :func:`export_in_process`; the child is this file, which reads one JSON object from the
standard input and answers with one on the standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from MCDetect.errors import MCDetectError, OutputError
from MCDetect.findings import Findings
from MCDetect.outputs import FORMATS
from MCDetect.review.child import start
from MCDetect.review.examination import Examination, open_examination
from MCDetect.review.exporting import Exported, export


def export_in_process(
    findings: Findings,
    examination: Examination,
    folder: Path,
    formats: Collection[str] = FORMATS,
    *,
    python: str | None = None,
    reports: Sequence[Path] = (),
) -> Exported:
    """Write findings as :func:`MCDetect.review.exporting.export` does; blocks, so call it in a thread.

    Parameters
    ----------
    findings, examination, folder, formats, reports
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
        "reports": [str(path.absolute()) for path in reports],
    }
    try:
        with start(__name__, python) as process:
            written, _nothing = process.communicate(json.dumps(question).encode())
        answer = json.loads(written.splitlines()[-1])
    except (IndexError, OSError, ValueError) as error:
        raise OutputError(
            "export-died", "The process that writes the results ended before it was done.", "Export again."
        ) from error
    if "error" in answer:
        raise OutputError(*answer["error"])
    problems = tuple(MCDetectError(*problem) for problem in answer["problems"])
    return Exported(folder, tuple(Path(file) for file in answer["files"]), problems, tuple(answer["notes"]))


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    try:
        findings = Findings.from_json(question["findings"])
        examination = open_examination(question["sources"], question["spacing_mm"])
        reports = [Path(path) for path in question["reports"]]
        exported = export(findings, examination, Path(question["folder"]), question["formats"], reports)
    except MCDetectError as error:
        return {"error": (error.code, error.message, error.hint)}
    return {
        "files": [str(path) for path in exported.files],
        "problems": [(problem.code, problem.message, problem.hint) for problem in exported.problems],
        "notes": exported.notes,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_answer(json.load(sys.stdin))) + "\n")
