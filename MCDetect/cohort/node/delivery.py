"""Results on their way to the configured node: sent until they are taken, however long it is away.

What it refuses although it takes others is given up after a while, and listed.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from MCDetect.cohort.examination import OUTCOME
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import examination_folder
from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.pacs.configuration import ae_title, own_title
from MCDetect.dicom.pacs.journal import journal_path
from MCDetect.dicom.pacs.nodes import DicomNode, Node
from MCDetect.errors import MCDetectError, OutputError, UsageError

LONGEST_PAUSE_S = 600.0
GIVE_UP_S = 7 * 86400.0
_IN_A_ROUND = 50
_AWAY = (PassingError, UsageError)
"""A failure of this kind is one of the destination or the way to it, and not of what is sent."""


def node_at(text: str, calling: str) -> DicomNode:
    """Return the node of ``TITLE@HOST:PORT``, for those that no configuration names.

    Raises
    ------
    UsageError
        ``wrong-destination``; ``wrong-title`` where ``calling`` is no AE title.
    """
    title, separator, place = text.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not (separator and colon and 0 < len(title) <= 16 and host and port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(
            "wrong-destination", f"{text!r} is no TITLE@HOST:PORT.", "Write for example PACS@pacs.example.org:104."
        )
    try:
        title = ae_title(title)
    except ValueError as error:
        raise UsageError(
            "wrong-destination", f"{title!r} in {text!r} is {error}.", "Write it as the PACS is configured."
        ) from None
    return DicomNode(text, host.strip("[]"), int(port), title, calling_ae_title=own_title(calling))


class Courier:
    """Sends what the manifest says is due.

    A destination that does not answer is tried again after 2 s, 4 s, 8 s and so on, at most 10 minutes, with one
    examination, however many wait. An examination that is refused has such pauses of its own; the others go on. Once
    these pauses make ``give_up_s`` together it is given up; the time for which the destination took nothing at all
    does not count.

    Parameters
    ----------
    folder, manifest
        Of the node.
    destination
        Where to.
    tell
        Called with a sentence about an examination that is given up.
    give_up_s
        How long results that are refused are tried again.

    Attributes
    ----------
    away
        Why the destination takes nothing at all, as a sentence; empty while it does.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        destination: Node,
        tell: Callable[[str], None] = lambda sentence: None,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        self._folder, self._manifest = folder, manifest
        self._tell, self._give_up_s = tell, give_up_s
        # The courier has its own pauses, and other examinations to deliver.
        self._destination = replace(destination, attempts=1)
        self._failures_in_a_row, self._again_at = 0, 0.0
        self.away = ""

    def next_round(self) -> tuple[int, int]:
        """Send what is due; return (examinations delivered, examinations not taken)."""
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
            # An examination is not blamed for a destination that takes none.
            blamed = not (self.away and isinstance(error, _AWAY))
            self._write_down(row, error, row["delivery_attempts"] + blamed, may_give_up=blamed)
            if error is None and paths:
                # The manifest knows from here on what was acknowledged.
                journal_path(self._destination.address, paths).unlink(missing_ok=True)
            delivered, failed = delivered + (error is None), failed + (error is not None)
            self._note(error, was_sent=bool(paths))
            if self.away:
                break
        return delivered, failed

    def _write_down(self, row: sqlite3.Row, error: MCDetectError | None, attempts: int, *, may_give_up: bool) -> None:
        """Write down what became of an examination, unless it was processed again meanwhile: then it is due again."""
        now = time.time()
        gives_up = error is not None and may_give_up and _tried_for(attempts) >= self._give_up_s
        with self._manifest.transaction() as database:
            written = database.execute(
                "UPDATE examinations SET delivery_due = ?, delivery_attempts = ?, delivery_error = ?, changed = ? "
                "WHERE name = ? AND changed = ?",
                (
                    None if error is None or gives_up else now + _pause(max(1, attempts)),
                    *(attempts, error and error.message),
                    now if gives_up else row["changed"],  # it is listed, and its results kept, from now on
                    *(row["name"], row["changed"]),
                ),
            )
        if gives_up and error is not None and written.rowcount:
            self._tell(f"The results of examination {row['name']} are not sent any more: {error.message} {error.hint}")

    def _deliver(self, name: str) -> tuple[list[Path], MCDetectError | None]:
        """Return what was to be sent of an examination, and why that did not succeed."""
        folder = examination_folder(self._folder, name)
        try:
            # No more of it is looked at than is needed: another version may have written it.
            files = json.loads((folder / OUTCOME).read_text(encoding="utf-8"))["files"]
            paths = [folder / file for file in files if file.endswith(".dcm")]
        except FileNotFoundError:
            return [], None  # nothing could be made of it: there is nothing to send
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            return [], _unreadable(error)
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
        if isinstance(error, _AWAY):
            self._failures_in_a_row += 1
            self._again_at = time.monotonic() + _pause(self._failures_in_a_row)
            self.away = error.message
        elif was_sent:
            self._failures_in_a_row, self.away = 0, ""


def _pause(attempts: int) -> float:
    """Return the seconds to wait after so many failures."""
    return float(min(LONGEST_PAUSE_S, 2.0 ** min(attempts, 32)))


def _tried_for(attempts: int) -> float:
    """Return the seconds between the first and the last of so many attempts."""
    return sum(map(_pause, range(1, attempts)))


def _unreadable(error: Exception) -> MCDetectError:
    return OutputError(
        "cannot-read",
        f"The results could not be read ({type(error).__name__}).",
        "Look at the disk.",
    )
