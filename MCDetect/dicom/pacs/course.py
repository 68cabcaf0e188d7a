"""How objects are to be sent, and who is told of each; the same for both protocols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from MCDetect.dicom.pacs.back_off import BackOff
from MCDetect.dicom.pacs.objects import StoredObject
from MCDetect.errors import MCDetectError


@dataclass(frozen=True)
class Course:
    """The course of a send.

    Attributes
    ----------
    convert
        Whether an object whose transfer syntax the peer does not accept may be sent uncompressed, where that changes no
        value.
    stored
        Called when an object was acknowledged, with what the peer remarked about it.
    refused
        Called when an object was refused for good.
    back_off
        Waits between attempts.
    """

    convert: bool
    stored: Callable[[StoredObject, str], None]
    refused: Callable[[StoredObject, MCDetectError], None]
    back_off: BackOff
