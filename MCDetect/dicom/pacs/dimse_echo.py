"""Asking a peer whether it answers: C-ECHO (PS3.4 Annex A)."""

from __future__ import annotations

from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from MCDetect.dicom.pacs.association import associate, lost
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.errors import OutputError

_VERIFICATION = UID("1.2.840.10008.1.1")


def echo_by_dimse(node: DicomNode) -> None:
    """Send a C-ECHO.

    Raises
    ------
    OutputError
        ``no-echo`` where the peer connects and does not answer it.
    MCDetectError
        As :func:`MCDetect.dicom.pacs.association.associate`.
    """
    with associate(node, [(_VERIFICATION, (ExplicitVRLittleEndian, ImplicitVRLittleEndian))]) as association:
        try:
            status = association.send_c_echo() if association.accepted_contexts else None
        except RuntimeError as error:  # the association has ended
            raise lost(node) from error
    if status is not None and "Status" not in status:
        raise lost(node)
    if status is None or status.Status != 0:
        raise OutputError(
            "no-echo", f"The node {node.name!r} connects and refuses C-ECHO.", "Sending may work nevertheless."
        )
