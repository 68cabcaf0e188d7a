"""What an operator should know: what is wrong with the node, and which examinations need somebody to look at them."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from MCDetect.cohort.manifest import Manifest
from MCDetect.errors import MCDetectError

MOST_LISTED = 50
"""So many examinations are listed, the latest first; the numbers beside the list count all of them."""

FAILED, REFUSED, GIVEN_UP = "failed", "refused", "given-up"
_WHICH = {
    FAILED: "state = 'failed'",
    REFUSED: "delivery_due IS NOT NULL AND delivery_error IS NOT NULL",
    GIVEN_UP: "delivery_due IS NULL AND delivery_error IS NOT NULL",
}
"""Examinations of which no image could be analysed, whose results were tried to be sent and wait, and wait no more."""


class Troubles:
    """The last failure of each part of the node, until that part succeeds again; for any thread.

    Parameters
    ----------
    tell
        Called with a sentence about a failure that is not the one before.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._sentences: dict[str, str] = {}

    def failed(self, part: str, error: Exception) -> None:
        """Take note that a part has failed."""
        if not isinstance(error, MCDetectError):
            error = MCDetectError(
                "internal-error",
                f"An unexpected error ({type(error).__name__}) stopped the {part} of the node.",
                "It is tried again; nothing that was acknowledged is lost.",
            )
        with self._lock:
            known = self._sentences.get(part)
            self._sentences[part] = error.message
        if known != error.message:
            self._tell(str(error))

    def over(self, part: str) -> None:
        """Take note that a part has succeeded."""
        with self._lock:
            self._sentences.pop(part, None)

    @property
    def sentences(self) -> list[str]:
        """What is wrong now."""
        with self._lock:
            return list(self._sentences.values())


def count_given_up(manifest: Manifest) -> int:
    """Return of how many examinations the results are not sent any more."""
    return int(manifest.rows(f"SELECT count(*) AS number FROM examinations WHERE {_WHICH[GIVEN_UP]}")[0]["number"])


def report(folder: Path, manifest: Manifest, wrong: list[str], away: str) -> dict[str, Any]:
    """Return what ``/health`` shows.

    Parameters
    ----------
    folder, manifest
        Of the node.
    wrong
        What is wrong with the node itself, in sentences.
    away
        Why the destination takes nothing at all, as a sentence; empty while it does. A node that waits for its
        destination is healthy: to start it again would help nobody.

    Returns
    -------
    dict
        Numbers and sentences, and examinations by the name of their folder; nothing of a patient.
    """
    try:
        numbers = {
            kind: manifest.rows(f"SELECT count(*) AS number FROM examinations WHERE {which}")[0]["number"]
            for kind, which in _WHICH.items()
        }
        waiting, listed = manifest.undelivered(), _listed(folder, manifest)
    except MCDetectError as error:
        return {"status": "failing", "reasons": [*wrong, error.message]}
    return {
        "status": "failing" if wrong else "ok",
        "reasons": wrong,
        "delivery": {
            "away": away,
            "waiting": waiting,
            "refused": numbers[REFUSED],
            "given_up": numbers[GIVEN_UP],
        },
        "failed": numbers[FAILED],
        "examinations": listed,
    }


def _listed(folder: Path, manifest: Manifest) -> list[dict[str, str]]:
    """Return the examinations that somebody should look at, the latest first."""
    parts = [
        f"SELECT name, '{kind}' AS kind, changed, {'message' if kind == FAILED else 'delivery_error'} AS reason "
        f"FROM examinations WHERE {which}"
        for kind, which in _WHICH.items()
    ]
    rows = manifest.rows(f"{' UNION ALL '.join(parts)} ORDER BY changed DESC LIMIT ?", (MOST_LISTED,))
    return [
        {"examination": row["name"], "state": row["kind"], "reason": _without_folders(row["reason"] or "", folder)}
        for row in rows
    ]


def _without_folders(sentence: str, folder: Path) -> str:
    """Return a sentence with the names of files alone: where they lie is nothing for a page without a password."""
    return re.sub(rf"{re.escape(str(folder))}\S*{re.escape(os.sep)}", "", sentence)
