"""Opening DICOM files: every way in which pydicom can fail becomes one sentence.

pydicom converts an element only when it is first asked for, and raises many kinds of exception while it does. All
access to a header of unknown quality therefore happens inside :func:`reporting`, and the header that is handed on has
every element converted once (:func:`readable_header`), so that later users of it cannot fail.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import VR

from MCDetect.errors import InputError

DICOM_FAILURES = (
    ArithmeticError,  # decimal strings that are no numbers, overflow
    AssertionError,
    AttributeError,  # a required element is absent
    BytesLengthException,
    EOFError,
    ImportError,
    InvalidDicomError,
    LookupError,  # KeyError, IndexError, unknown character sets
    MemoryError,
    NotImplementedError,  # unknown value representations
    OSError,
    RuntimeError,  # the decoders, and recursion in nested sequences
    TypeError,
    ValueError,  # most of pydicom's own checks, and UnicodeError
    struct.error,
    zlib.error,
)
"""What pydicom 3 and the decoders behind it raise on damaged or unsupported data."""

_PREAMBLE_BYTES = 128
_FIRST_GROUPS = (0x0002, 0x0008)
_LONGEST_FIRST_ELEMENT = 1024  # a data set begins with a group length, a UID or a character set: all are short
_UNDEFINED_LENGTH = 0xFFFFFFFF
_COPY_AGAIN = "Copy or export the file again."


@contextmanager
def reporting(code: str, message: str, hint: str = "") -> Iterator[None]:
    """Turn what pydicom raises in this block into an InputError and keep its warnings off the terminal.

    The text of pydicom's own exception is not shown: it may quote values of the header, and those may name the
    patient. It stays reachable as ``__cause__``.

    Parameters
    ----------
    code, message, hint
        Of the :class:`MCDetect.errors.InputError`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except DICOM_FAILURES as error:
            raise InputError(code, message, hint) from error


def open_dataset(path: Path, *, pixels: bool = True) -> Dataset:
    """Read a DICOM file, with or without preamble and file meta information.

    Parameters
    ----------
    path
        The file.
    pixels
        False stops before the pixel data.

    Returns
    -------
    Dataset
        With a transfer syntax in its file meta information, from the encoding where the file names none.

    Raises
    ------
    InputError
        ``no-such-file``, ``is-a-folder``, ``no-permission``, ``cannot-read``, ``not-dicom`` or ``truncated``.
    """
    beginning = read_beginning(path)
    has_preamble = is_part_10(beginning)
    if not has_preamble and not looks_like_bare_dataset(beginning):
        raise InputError("not-dicom", f"{path} is not a DICOM file.", "Give DICOM mammograms, or PNG or TIFF pictures.")
    broken = f"{path} is cut short or damaged: its DICOM header cannot be read to the end."
    with reporting("truncated", broken, _COPY_AGAIN):
        dataset = dcmread(path, force=not has_preamble, stop_before_pixels=not pixels)
        complete_transfer_syntax(dataset)
        is_cut = _last_value_is_cut(dataset)
    if len(dataset) == 0 and not has_preamble:
        raise InputError("not-dicom", f"{path} is not a DICOM file.", "Give DICOM mammograms, or PNG or TIFF pictures.")
    if len(dataset) == 0 or is_cut:
        raise InputError("truncated", broken, _COPY_AGAIN)
    return dataset


def read_beginning(path: Path, count: int = 4096) -> bytes:
    """Return the first bytes of a file.

    Raises
    ------
    InputError
        ``no-such-file``, ``is-a-folder``, ``no-permission``, ``cannot-read``, or ``not-dicom`` for an empty file.
    """
    try:
        if path.is_dir():
            raise InputError(
                "is-a-folder", f"{path} is a folder, and a single file was asked for.", "Give one of its files."
            )
        with path.open("rb") as stream:
            beginning = stream.read(count)
    except FileNotFoundError as error:
        raise InputError("no-such-file", f"{path} does not exist.", "Check the path.") from error
    except PermissionError as error:
        raise InputError("no-permission", f"{path} may not be read by this user.", "Change its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise InputError("cannot-read", f"{path} cannot be read: {reason}.", "Check the path and the disk.") from error
    if not beginning:
        raise InputError("not-dicom", f"{path} is empty (0 bytes).", _COPY_AGAIN)
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
        if second is not None and first[:2] < second[:2] and second[0] < 0x0030:
            return True
    return False


def _element_at(data: bytes, offset: int, order: str) -> tuple[int, int, int, int] | None:
    """Return (group, element, length of value, offset of the next element), explicit or implicit VR, or None."""
    if offset + 12 > len(data):
        return None
    group, element = struct.unpack_from(f"{order}HH", data, offset)
    representation = data[offset + 4 : offset + 6]
    if representation in {vr.value.encode("ascii") for vr in VR if len(vr.value) == 2}:
        if representation in {
            b"OB",
            b"OW",
            b"OF",
            b"SQ",
            b"UN",
            b"UT",
            b"OD",
            b"OL",
            b"OV",
            b"UC",
            b"UR",
            b"SV",
            b"UV",
        }:
            (length,) = struct.unpack_from(f"{order}L", data, offset + 8)
            return group, element, length, offset + 12 + length
        (length,) = struct.unpack_from(f"{order}H", data, offset + 6)
    else:
        (length,) = struct.unpack_from(f"{order}L", data, offset + 4)
    return group, element, length, offset + 8 + length


def complete_transfer_syntax(dataset: Dataset) -> None:
    """Give a data set without transfer syntax the uncompressed one that its encoding says, in place."""
    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if dataset.file_meta.get("TransferSyntaxUID"):
        return
    is_implicit, is_little_endian = dataset.original_encoding
    if is_little_endian is False:
        dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    else:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian


def readable_header(dataset: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """Return a data set without its pixel data and overlays, every element converted.

    Parameters
    ----------
    dataset
        Not changed.

    Returns
    -------
    header : Dataset
        With the file meta information.
    left_out : tuple of str
        Tags of the elements that pydicom cannot convert; they are not in the header.
    """
    header = Dataset()
    left_out: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tag in sorted(dataset.keys()):
            if tag.group == 0x7FE0 or tag.group & 0xFF01 == 0x6000:
                continue
            try:
                element = dataset[tag]
                if element.VR == VR.SQ:
                    for item in element.value:
                        for nested in item.iterall():
                            repr(nested.value)
                repr(element.value)
                header.add(element)
            except DICOM_FAILURES:
                left_out.append(str(tag))
    header.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    header.set_original_encoding(*dataset.original_encoding)
    return header, tuple(left_out)


def _last_value_is_cut(dataset: Dataset) -> bool:
    """Say whether the last value that was read is shorter than its element says (pydicom takes what it gets)."""
    if len(dataset) == 0:
        return False
    last = dataset.get_item(max(dataset.keys()))
    if not isinstance(last, RawDataElement) or last.length == _UNDEFINED_LENGTH:
        return False
    return len(last.value or b"") < last.length
