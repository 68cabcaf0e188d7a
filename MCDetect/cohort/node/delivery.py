"""Results on their way to the configured node: sent until they are taken, however long that lasts."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from MCDetect.cohort.examination import OUTCOME
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import Outcome, examination_folder
from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.pacs.journal import journal_path
from MCDetect.dicom.pacs.nodes import DicomNode, Node
from MCDetect.errors import MCDetectError, OutputError, UsageError

LONGEST_PAUSE_S = 600.0
_IN_A_ROUND = 50


def node_at(text: str, calling: str) -> DicomNode:
    """Return the node of ``TITLE@HOST:PORT``, for those that no configuration names.

    Raises
    ------
    UsageError
        ``wrong-destination``.
    """
    title, separator, place = text.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not (separator and colon and 0 < len(title) <= 16 and host and port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(
            "wrong-destination", f"{text!r} is no TITLE@HOST:PORT.", "Write for example PACS@pacs.example.org:104."
        )
    return DicomNode(text, host.strip("[]"), int(port), title, calling_ae_title=calling)


class Courier:
    """Sends what the manifest says is due.

    A destination that does not answer is tried again after 2 s, 4 s, 8 s and so on, at most 10 minutes, with one
    examination, however many wait. An examination that is refused has such pauses of its own; the others go on.

    Parameters
    ----------
    folder, manifest
        Of the node.
    destination
        Where to.

    Attributes
    ----------
    away
        Why the destination takes nothing at all, as a sentence; empty while it does.
    """

    def __init__(self, folder: Path, manifest: Manifest, destination: Node) -> None:
        self._folder, self._manifest = folder, manifest
        # The courier has its own pauses, and other examinations to deliver.
        self._destination = replace(destination, attempts=1)
        self._failures_in_a_row, self._again_at = 0, 0.0
        self.away = ""

    def next_round(self) -> tuple[int, int]:
        """Send what is due; return (examinations delivered, examinations to be tried again)."""
        if self.away and time.monotonic() < self._again_at:
            return 0, 0
        due = self._manifest.rows(
            "SELECT name, changed, delivery_attempts FROM examinations WHERE delivery_due <= ? "
            "ORDER BY delivery_due LIMIT ?",
            (time.time(), _IN_A_ROUND),
        )
        delivered = failed = 0
        for row in due:
            paths, error = self._deliver(row["name"])
            attempts = row["delivery_attempts"] + 1
            with self._manifest.transaction() as database:
                # Unless the examination was processed again in the meantime: then it is due again.
                database.execute(
                    "UPDATE examinations SET delivery_due = ?, delivery_attempts = ?, delivery_error = ? "
                    "WHERE name = ? AND changed = ?",
                    (
                        None if error is None else time.time() + _pause(attempts),
                        *(attempts, error and error.message, row["name"], row["changed"]),
                    ),
                )
            if error is None and paths:
                # The manifest knows from here on what was acknowledged.
                journal_path(self._destination.address, paths).unlink(missing_ok=True)
            delivered, failed = delivered + (error is None), failed + (error is not None)
            self._note(error, was_sent=bool(paths))
            if self.away:
                break
        return delivered, failed

    def _deliver(self, name: str) -> tuple[list[Path], MCDetectError | None]:
        """Return what was to be sent of an examination, and why that did not succeed."""
        folder = examination_folder(self._folder, name)
        try:
            outcome = Outcome.from_json((folder / OUTCOME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return [], None  # nothing could be made of it: there is nothing to send
        except (OSError, ValueError) as error:
            return [], _unreadable(error)
        paths = [folder / file for file in outcome.files if file.endswith(".dcm")]
        if not paths:
            return [], None
        try:
            report = send(paths, self._destination)
        except MCDetectError as error:
            return paths, error
        except (OSError, ValueError) as error:
            return paths, _unreadable(error)
        return paths, report.failed[-1].error if report.failed else None

    def _note(self, error: MCDetectError | None, *, was_sent: bool) -> None:
        """Tell a destination that takes nothing from an examination that it does not take."""
        if isinstance(error, PassingError | UsageError):
            self._failures_in_a_row += 1
            self._again_at = time.monotonic() + _pause(self._failures_in_a_row)
            self.away = error.message
        elif was_sent:
            self._failures_in_a_row, self.away = 0, ""


def _pause(attempts: int) -> float:
    """Return the seconds to wait after so many failures."""
    return float(min(LONGEST_PAUSE_S, 2.0 ** min(attempts, 32)))


def _unreadable(error: Exception) -> MCDetectError:
    return OutputError(
        "cannot-read",
        f"The results could not be read ({type(error).__name__}).",
        "Look at the disk; they are sent when they can be read.",
    )
