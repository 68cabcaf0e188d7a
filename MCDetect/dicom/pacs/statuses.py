"""What the status of a C-STORE means (PS3.4 Table B.2-1, PS3.7 Annex C)."""

from __future__ import annotations

from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.errors import MCDetectError, OutputError

DUPLICATE = 0x0111
_WARNINGS = {
    0xB000: "changed values to fit its own rules",
    0xB006: "left out elements",
    0xB007: "found that the data set does not match its SOP class",
}
_REASONS = {
    0x0110: "it failed to process it",
    0x0112: "it does not know this instance",
    0x0115: "a value is invalid",
    0x0117: "its SOP Instance UID is invalid",
    0x0118: "it does not know the SOP class",
    0x0122: "it does not take objects of this SOP class",
    0x0124: "we are not authorised",
    0x0210: "the message was sent twice",
}


def is_stored(status: int) -> bool:
    """Say whether the peer has the object: success, a warning, or that it had it before."""
    return status in (0, DUPLICATE) or status in _WARNINGS or status == 1


def remark(status: int) -> str:
    """Return what the peer did with an object that it stored with a warning; empty where it stored it as it is."""
    if status == DUPLICATE:
        return "had an object of this identifier already and kept it"
    return _WARNINGS.get(status, "")


def is_out_of_resources(status: int) -> bool:
    """Say whether a peer lacks memory, space or time (PS3.4 Tables B.2-1, C.4-1, C.4-2 and C.4-3): it may pass."""
    return status & 0xFF00 == 0xA700


def overloaded(node: Node, status: int) -> PassingError:
    """Return that a peer does not find or send anything for now."""
    return PassingError(
        "overloaded", f"The node {node.name!r} is out of resources (status {status:04X}).", "Try again later."
    )


def refusal(status: int, what: str, node: Node) -> MCDetectError:
    """Return why a peer did not store an object.

    Parameters
    ----------
    status
        Neither success nor warning.
    what
        The file, as the user knows it.
    node
        The peer.
    """
    if is_out_of_resources(status):
        return PassingError(
            "no-room",
            f"The node {node.name!r} has no room for {what} (status {status:04X}).",
            "Ask its administrator to free space on its disk, then send again.",
        )
    if status & 0xFF00 == 0xA900:
        reason = "the data set does not match its SOP class"
    elif status & 0xF000 == 0xC000:
        reason = "it cannot understand it"
    else:
        reason = _REASONS.get(status, "it does not say why")
    return OutputError(
        "not-stored",
        f"The node {node.name!r} did not store {what}: {reason} (status {status:04X}).",
        "Ask its administrator what its log says.",
    )
