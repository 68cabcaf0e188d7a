"""Results on their way to the configured node: sent until they are taken, however long that lasts."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from MCDetect.cohort.examination import OUTCOME
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import Outcome, examination_folder
from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.pacs.journal import journal_path
from MCDetect.dicom.pacs.nodes import DicomNode, Node
from MCDetect.errors import MCDetectError, UsageError

LONGEST_PAUSE_S = 600.0


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

    Parameters
    ----------
    folder, manifest
        Of the node.
    destination
        Where to.
    """

    def __init__(self, folder: Path, manifest: Manifest, destination: Node) -> None:
        self._folder, self._manifest = folder, manifest
        # The courier has its own pauses, and other examinations to deliver.
        self._destination = replace(destination, attempts=1)

    def next_round(self) -> tuple[int, int]:
        """Send what is due; return (examinations delivered, examinations to be tried again)."""
        due = self._manifest.rows(
            "SELECT name, changed, delivery_attempts FROM examinations WHERE delivery_due <= ? "
            "ORDER BY delivery_due LIMIT 50",
            (time.time(),),
        )
        delivered = failed = 0
        for row in due:
            error = self._deliver(row["name"])
            attempts = row["delivery_attempts"] + 1
            pause = min(LONGEST_PAUSE_S, 2.0**attempts)
            with self._manifest.transaction() as database:
                # Unless the examination was processed again in the meantime: then it is due again.
                database.execute(
                    "UPDATE examinations SET delivery_due = ?, delivery_attempts = ?, delivery_error = ? "
                    "WHERE name = ? AND changed = ?",
                    (time.time() + pause if error else None, attempts, error, row["name"], row["changed"]),
                )
            delivered, failed = delivered + (error is None), failed + (error is not None)
            if error is not None:
                break  # the node is not there: the others wait as well
        return delivered, failed

    def _deliver(self, name: str) -> str | None:
        folder = examination_folder(self._folder, name)
        try:
            outcome = Outcome.from_json((folder / OUTCOME).read_text(encoding="utf-8"))
            paths = [folder / file for file in outcome.files if file.endswith(".dcm")]
            if not paths:
                return None
            report = send(paths, self._destination)
            if report.failed:
                return report.failed[0].error.message
            # What was acknowledged is written down in the manifest from here on.
            journal_path(self._destination.address, paths).unlink(missing_ok=True)
        except FileNotFoundError:
            return None  # nothing could be made of it: there is nothing to send
        except MCDetectError as error:
            return error.message
        except (OSError, ValueError) as error:
            return f"The results could not be read ({type(error).__name__})."
        return None
