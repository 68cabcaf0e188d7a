"""Asking a peer to commit itself to what it stored: N-ACTION, N-EVENT-REPORT (PS3.4 Annex J, Push Model)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from MCDetect.dicom.pacs.association import application_entity, associate, lost
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.objects import StoredObject
from MCDetect.dicom.pacs.tls import server_context
from MCDetect.errors import OutputError, UsageError

if TYPE_CHECKING:
    from pynetdicom.events import Event

_PUSH_MODEL = UID("1.2.840.10008.1.20.1")
_WELL_KNOWN = UID("1.2.840.10008.1.20.1.1")
_REQUEST = 1
_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


class _Answer:
    """Waits for the report of one transaction, whichever connection brings it."""

    def __init__(self) -> None:
        self.transaction = generate_uid(prefix=None)
        self.committed: set[str] = set()
        self.refused: set[str] = set()
        self.came = threading.Event()

    def handle(self, event: Event) -> tuple[int, None]:
        information = event.event_information
        if information.get("TransactionUID") != self.transaction:
            return 0x0115, None  # of another transaction: an invalid argument value
        self.committed |= _instances(information, "ReferencedSOPSequence")
        self.refused |= _instances(information, "FailedSOPSequence")
        self.came.set()
        return 0x0000, None


def commit(node: DicomNode, objects: Sequence[StoredObject]) -> tuple[set[str], set[str]]:
    """Ask a peer to commit itself and wait for its answer.

    Parameters
    ----------
    node
        The peer; it answers over the same connection or calls ``listen_port``.
    objects
        What it stored.

    Returns
    -------
    committed, refused : set of str
        SOP Instance UIDs.

    Raises
    ------
    OutputError
        ``no-commitment`` where the peer does not offer the service; ``commitment-pending`` where it took the request
        and did not answer in time.
    MCDetectError
        As :func:`MCDetect.dicom.pacs.association.associate`.
    """
    from pynetdicom import evt

    answer = _Answer()
    handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, answer.handle)]
    entity = application_entity(node)
    entity.add_supported_context(_PUSH_MODEL, list(_SYNTAXES), scu_role=True, scp_role=True)
    tls = None if node.tls is None else server_context(node.tls, node.name)
    server = None
    if node.listen_port is not None:
        try:
            server = entity.start_server(("", node.listen_port), block=False, ssl_context=tls, evt_handlers=handlers)
        except OSError as error:
            raise UsageError(
                "cannot-listen",
                f"Port {node.listen_port}, on which the node {node.name!r} answers, cannot be used: {error.strerror}.",
                "Choose another listen_port, and tell the administrator.",
            ) from error
    try:
        with associate(node, [(_PUSH_MODEL, _SYNTAXES)], handlers=handlers) as association:
            if not association.accepted_contexts:
                raise OutputError(
                    "no-commitment",
                    f"The node {node.name!r} does not offer storage commitment.",
                    "Take storage_commitment out of the configuration.",
                )
            try:
                status, _ = association.send_n_action(_request(answer, objects), _REQUEST, _PUSH_MODEL, _WELL_KNOWN)
            except RuntimeError as error:
                raise lost(node) from error
            if "Status" not in status:
                raise lost(node)
            if status.Status != 0:
                raise OutputError(
                    "no-commitment",
                    f"The node {node.name!r} refused storage commitment (status {status.Status:04X}).",
                    "Ask its administrator what its log says.",
                )
            # It may answer at once over this connection; most call back.
            end = time.monotonic() + node.commitment_wait_s
            while time.monotonic() < end and association.is_established and not answer.came.wait(0.05):
                if server is not None and time.monotonic() > end - node.commitment_wait_s + 1:
                    break
        if not answer.came.wait(max(0.0, end - time.monotonic()) if server is not None else 0.0):
            raise OutputError(
                "commitment-pending",
                f"The node {node.name!r} stored the objects and has not yet answered whether it will keep them.",
                "Keep the files; a longer commitment_wait_s helps where it takes its time.",
            )
    finally:
        if server is not None:
            server.shutdown()
    return answer.committed, answer.refused


def _request(answer: _Answer, objects: Sequence[StoredObject]) -> Dataset:
    request = Dataset()
    request.TransactionUID = answer.transaction
    request.ReferencedSOPSequence = []
    for item in objects:
        reference = Dataset()
        reference.ReferencedSOPClassUID = item.sop_class
        reference.ReferencedSOPInstanceUID = item.sop_instance
        request.ReferencedSOPSequence.append(reference)
    return request


def _instances(information: Dataset, keyword: str) -> set[str]:
    return {str(item.ReferencedSOPInstanceUID) for item in information.get(keyword) or []}
