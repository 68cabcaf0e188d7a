"""Telling from its first bytes whether a file is DICOM, a DICOMDIR, a picture or something else."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from pydicom.uid import MediaStorageDirectoryStorage, SegmentationStorage
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, STANDARD_VR

from MCDetect.errors import InputError
from MCDetect.files import telling_why_unread

_PREAMBLE_BYTES = 128
_FIRST_GROUPS = (0x0002, 0x0008)
_LONGEST_FIRST_ELEMENT = 1024  # a data set begins with a group length, a UID or a character set: all are short
_GROUPS_BEHIND = 0x0030  # a data set does not go from its first element to this group or a later one
_EXPLICIT = frozenset(str(vr).encode("ascii") for vr in STANDARD_VR)
_EXPLICIT_LONG = frozenset(str(vr).encode("ascii") for vr in EXPLICIT_VR_LENGTH_32)
_PICTURE_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def read_beginning(path: Path, count: int = 4096) -> bytes:
    """Return the first bytes of a file.

    Raises
    ------
    InputError
        ``no-such-file``, ``is-a-folder``, ``no-permission``, ``cannot-read``, or ``not-dicom`` for an empty file.
    """
    with telling_why_unread(path):
        if path.is_dir():
            os.scandir(path).close()  # one that may not be searched is told as such
            raise InputError(
                "is-a-folder", f"{path} is a folder, and a single file was asked for.", "Give one of its files."
            )
        with path.open("rb") as stream:
            beginning = stream.read(count)
    if not beginning:
        raise InputError("not-dicom", f"{path} is empty (0 bytes).", "Copy or export the file again.")
    return beginning


def is_part_10(beginning: bytes) -> bool:
    """Say whether a file begins with the preamble and prefix of DICOM PS3.10 section 7.1."""
    return beginning[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"DICM"


def looks_like_bare_dataset(beginning: bytes) -> bool:
    """Say whether a file without preamble begins like a DICOM data set.

    The first element must belong to group 0002 or 0008, in either byte order, and be short; the element that follows
    it must have a higher tag in the same group or a following one below 0x0030.
    """
    if len(beginning) < 16:
        return False
    for order in ("<", ">"):
        first = _element_at(beginning, 0, order)
        if first is None or first[0] not in _FIRST_GROUPS or first[2] > _LONGEST_FIRST_ELEMENT:
            continue
        second = _element_at(beginning, first[3], order)
        if second is not None and first[:2] < second[:2] and second[0] < _GROUPS_BEHIND:
            return True
    return False


def _element_at(data: bytes, offset: int, order: str) -> tuple[int, int, int, int] | None:
    """Return (group, element, length of value, offset of the next element), explicit or implicit VR, or None."""
    if offset + 12 > len(data):
        return None
    group, element = struct.unpack_from(f"{order}HH", data, offset)
    representation = data[offset + 4 : offset + 6]
    if representation in _EXPLICIT:
        if representation in _EXPLICIT_LONG:
            (length,) = struct.unpack_from(f"{order}L", data, offset + 8)
            return group, element, length, offset + 12 + length
        (length,) = struct.unpack_from(f"{order}H", data, offset + 6)
    else:
        (length,) = struct.unpack_from(f"{order}L", data, offset + 4)
    return group, element, length, offset + 8 + length


def is_dicomdir(beginning: bytes) -> bool:
    """Say whether a file is the directory of a DICOM medium (PS3.10 section 8)."""
    return is_part_10(beginning) and MediaStorageDirectoryStorage.encode("ascii") in beginning[:512]


def is_segmentation(beginning: bytes) -> bool:
    """Say whether the file meta information of a file names a segmentation; the data set itself may be large."""
    named = b"\x02\x00\x02\x00UI" + struct.pack("<H", len(SegmentationStorage)) + SegmentationStorage.encode("ascii")
    return is_part_10(beginning) and named in beginning[:512]


def is_picture(beginning: bytes) -> bool:
    """Say whether a file is PNG or TIFF; a DICOM file whose preamble is the beginning of a TIFF is DICOM."""
    return beginning.startswith(_PICTURE_SIGNATURES) and not is_part_10(beginning)
