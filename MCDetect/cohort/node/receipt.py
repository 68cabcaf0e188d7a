"""A received file becomes an image of the inbox, or is turned away with a status of C-STORE."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydicom import dcmread
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLETransferSyntaxes,
    UncompressedTransferSyntaxes,
)

from MCDetect.cohort.node.admission import Limits, Told
from MCDetect.dicom.failures import DICOM_FAILURES, without_warnings
from MCDetect.errors import MCDetectError

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

    from MCDetect.cohort.node.inbox import Inbox

SUCCESS, SOP_CLASS_NOT_SUPPORTED, NOT_AUTHORISED = 0x0000, 0x0122, 0x0124
OUT_OF_RESOURCES, MISMATCH, CANNOT_UNDERSTAND, TRANSFER_SYNTAX_NOT_SUPPORTED = 0xA700, 0xA900, 0xC000, 0xC122
"""Status codes of C-STORE (PS3.4 table B.2-1, PS3.7 annex C), failure reasons of STOW-RS (PS3.18 section 10.5.3)."""

READABLE = (
    *UncompressedTransferSyntaxes,
    *JPEGTransferSyntaxes,
    *JPEGLSTransferSyntaxes,
    *(JPEG2000Lossless, JPEG2000),
    *(HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K),
    *RLETransferSyntaxes,
)
"""Transfer syntaxes whose pixels can be decoded; what comes in another one could only be refused afterwards."""

logger = logging.getLogger(__name__)


class Receipt(NamedTuple):
    """A status, and the UIDs in the header as far as it could be read."""

    status: int
    sop_class: str = ""
    instance: str = ""


def receive(
    path: Path,
    inbox: Inbox,
    limits: Limits,
    told: Told,
    *,
    sop_class: str | None = None,
    instance: str | None = None,
    study: str | None = None,
) -> Receipt:
    """Keep the file at ``path`` for good, or remove it; what is given must be what its header says."""
    started = time.perf_counter()
    receipt = Receipt(CANNOT_UNDERSTAND)
    try:
        if not limits.has_room(inbox.incoming):
            told.turned_away("disk")
            return Receipt(OUT_OF_RESOURCES)
        size = path.stat().st_size
        try:
            with without_warnings():
                header = dcmread(path, stop_before_pixels=True)
                names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID")
                found = [str(header.get(name) or "") for name in names]
        except DICOM_FAILURES:
            told.turned_away("damaged")
            return receipt
        receipt = Receipt(SUCCESS, found[0], found[1])
        objection = _objection(header, found, (sop_class, instance, study))
        if objection is not None:
            told.turned_away(objection[1])
            return receipt._replace(status=objection[0])
        new = inbox.take(path, found[2], found[1])
    except MCDetectError:
        logger.debug("An image could not be kept.", exc_info=True)
        told.turned_away("disk")
        return receipt._replace(status=OUT_OF_RESOURCES)
    finally:
        path.unlink(missing_ok=True)
    told.received(size, time.perf_counter() - started, new=new)
    return receipt


def _objection(header: FileDataset, found: list[str], wanted: tuple[str | None, ...]) -> tuple[int, str] | None:
    """Return the status and the reason why an object is not taken: its class, instance or study, None being any."""
    sop_class, instance, study = wanted
    if sop_class not in (None, found[0]):
        return SOP_CLASS_NOT_SUPPORTED, "no mammogram"
    if header.file_meta.get("TransferSyntaxUID", READABLE[0]) not in READABLE:
        return TRANSFER_SYNTAX_NOT_SUPPORTED, "transfer syntax"
    if instance not in (None, found[1]) or study not in (None, found[2]) or not UID(found[2]).is_valid:
        return MISMATCH, "mismatch"
    return None
