"""Examinations of a PACS as the source of a batch: fetched into the output folder, each query once.

What was fetched whole is written down, so that a batch that was stopped asks the PACS only for the rest.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from MCDetect.dicom.pacs.client import fetch
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.dicom.pacs.reports import Progress, StudyQuery
from MCDetect.errors import InputError, MCDetectError
from MCDetect.findings import Refusal

COLUMNS = ("study", "patient", "accession")

_COMPLETE = "complete.txt"


def read_queries(path: Path) -> list[StudyQuery]:
    """Return the queries of a CSV file, one a line, under the headings ``study``, ``patient`` and ``accession``.

    Raises
    ------
    InputError
        ``cannot-read`` or ``no-queries``.
    UsageError
        As of ``StudyQuery``.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [{str(key).strip().lower(): value for key, value in row.items()} for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("cannot-read", f"{path} cannot be read as CSV in UTF-8.", "Check the file.") from error
    wanted = [[(row.get(name) or "").strip() for name in COLUMNS] for row in rows]
    queries = [StudyQuery(*values) for values in wanted if any(values)]
    if not queries:
        raise InputError(
            "no-queries",
            f"{path} names no studies.",
            f"Give a CSV file with one of the columns {', '.join(COLUMNS)} and a study a line.",
        )
    return queries


def fetch_all(
    node: Node, queries: Sequence[StudyQuery], folder: Path, told: Callable[[int], None]
) -> tuple[Refusal, ...]:
    """Fetch the studies of all queries into ``folder``, one query after the other.

    Parameters
    ----------
    node
        Where from.
    queries
        Which studies.
    folder
        Made if need be. What lies there from an earlier call is not fetched again.
    told
        Called with the number of queries that are done.

    Returns
    -------
    tuple of Refusal
        The queries that could not be answered whole, by their number; they are asked again the next time.

    Raises
    ------
    MCDetectError
        When none of several, or the only one, could be answered: the node is not there, or has no such study.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notes = folder / _COMPLETE
    complete = set(notes.read_text(encoding="utf-8").split()) if notes.exists() else set()
    problems: list[Refusal] = []
    for number, query in enumerate(queries, start=1):
        # The hash of a query: an accession number may lead to a patient.
        key = hashlib.sha256(
            "\n".join([node.address, query.study, query.patient, query.accession]).encode()
        ).hexdigest()
        if key not in complete:
            problems += _fetch(node, query, folder, f"query {number}")
            if not problems or problems[-1].source != f"query {number}":
                complete.add(key)
                _note(notes, key)
        told(number)
    if problems and not complete:
        first = problems[0]
        raise MCDetectError(first.code, first.message, first.hint)
    return tuple(problems)


def _fetch(node: Node, query: StudyQuery, folder: Path, name: str) -> list[Refusal]:
    def tell(_: Progress) -> None:
        """Say nothing: the number of queries is told."""

    try:
        failed = [failure.error for failure in fetch(node, query, folder, tell=tell).failed]
    except MCDetectError as error:
        failed = [error]
    return [Refusal(name, error.code, error.message, error.hint) for error in failed]


def _note(path: Path, key: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(key + "\n")
        stream.flush()
        os.fsync(stream.fileno())
