"""Results on their way to the configured node: sent until they are taken, however long that lasts."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from MCDetect.cohort.examination import OUTCOME
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import Outcome, examination_folder
from MCDetect.errors import MCDetectError, UsageError

LONGEST_PAUSE_S = 600.0
_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Destination:
    """Where results go: ``TITLE@HOST:PORT``."""

    title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Return the destination of ``TITLE@HOST:PORT``.

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
        return cls(title, host.strip("[]"), int(port))


def send_objects(
    paths: Sequence[Path], destination: Destination, title: str, tls: ssl.SSLContext | None = None
) -> None:
    """Send DICOM files with C-STORE; all of them were taken when this returns.

    Raises
    ------
    MCDetectError
        ``no-association`` or ``not-stored``; codes of the answer, never of a patient, are named.
    """
    from pydicom import dcmread
    from pynetdicom import AE

    datasets = [dcmread(path) for path in paths]
    entity = AE(ae_title=title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _TIMEOUT_S
    entity.connection_timeout = _TIMEOUT_S
    for sop_class, syntax in {(d.SOPClassUID, d.file_meta.TransferSyntaxUID) for d in datasets}:
        entity.add_requested_context(sop_class, syntax)
    association = entity.associate(
        destination.host,
        destination.port,
        ae_title=destination.title,
        tls_args=None if tls is None else (tls, destination.host),
    )
    if not association.is_established:
        why = "rejected the association" if association.is_rejected else "does not answer"
        raise MCDetectError(
            "no-association",
            f"The node {destination.title} at {destination.host}:{destination.port} {why}.",
            "Check its address, its titles and that it runs.",
        )
    try:
        for dataset in datasets:
            try:
                status = association.send_c_store(dataset)
            except (RuntimeError, ValueError) as error:
                raise MCDetectError(
                    "not-stored", f"The node {destination.title} does not take {dataset.SOPClassUID.name}."
                ) from error
            code = status.get("Status")
            # PS3.4 table B.2-1: success, or stored with a warning
            if code is None or not (code == 0 or code >> 12 == 0xB):
                told = "gave no answer to" if code is None else f"answered 0x{code:04X} to"
                raise MCDetectError("not-stored", f"The node {destination.title} {told} a result.")
    finally:
        association.release()


class Courier:
    """Sends what the manifest says is due.

    Parameters
    ----------
    folder, manifest
        Of the node.
    destination, title, tls
        Where to, and as whom.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, destination: Destination, title: str, tls: ssl.SSLContext | None = None
    ) -> None:
        self._folder, self._manifest, self._destination = folder, manifest, destination
        self._title, self._tls = title, tls

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
            if paths:
                send_objects(paths, self._destination, self._title, self._tls)
        except FileNotFoundError:
            return None  # nothing could be made of it: there is nothing to send
        except MCDetectError as error:
            return error.message
        except (OSError, ValueError) as error:
            return f"The results could not be read ({type(error).__name__})."
        return None
