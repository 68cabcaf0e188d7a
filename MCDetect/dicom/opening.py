"""Opening DICOM files and reading their headers as a whole.

pydicom converts an element only when it is first asked for, and fails then. The header that is handed on has every
element converted once (:func:`readable_header`), so that later users of it cannot fail.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from pathlib import Path

from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from MCDetect.dicom.failures import DICOM_FAILURES, reporting, without_warnings
from MCDetect.dicom.recognition import is_part_10, looks_like_bare_dataset, read_beginning
from MCDetect.errors import InputError

LARGEST_INFLATED_BYTES = 700_000_000
"""Of a deflated file: a mammogram has 60 million bytes, a segmentation with a hundred clusters 250 million."""

_DEFLATED = DeflatedExplicitVRLittleEndian.encode("ascii")
_PREFIX_BYTES = 132
_CHUNK_BYTES = 1 << 20
_UNDEFINED_LENGTH = 0xFFFFFFFF
_COPY_AGAIN = "Copy or export the file again."


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
    if has_preamble and _DEFLATED in beginning[:512]:
        _require_sensible_size(path)
    with reporting("truncated", broken, _COPY_AGAIN):
        dataset = dcmread(path, force=not has_preamble, stop_before_pixels=True)
        complete_transfer_syntax(dataset)
        is_cut = _last_value_is_cut(dataset) or _ends_before_its_class(dataset)
    if len(dataset) == 0 and not has_preamble:
        raise InputError("not-dicom", f"{path} is not a DICOM file.", "Give DICOM mammograms, or PNG or TIFF pictures.")
    if len(dataset) == 0 or is_cut:
        raise InputError("truncated", broken, _COPY_AGAIN)
    return _with_pixels(path, has_preamble) if pixels else dataset


def _require_sensible_size(path: Path) -> None:
    """Refuse a deflated file that would fill the memory: a few megabytes may stand for thousands of times as many."""
    broken = f"{path} is cut short or damaged: it cannot be inflated."
    with reporting("truncated", broken, _COPY_AGAIN), path.open("rb") as stream:
        stream.seek(_PREFIX_BYTES)
        # The file meta information is never deflated; the stream is left where it ends.
        read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != 2)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        size = 0
        while size <= LARGEST_INFLATED_BYTES and not inflater.eof:
            compressed = inflater.unconsumed_tail or stream.read(_CHUNK_BYTES)
            if not compressed:
                break
            size += len(inflater.decompress(compressed, _CHUNK_BYTES))
    if size > LARGEST_INFLATED_BYTES:
        raise InputError("truncated", f"{path} is damaged: inflated it has more bytes than any mammogram.", _COPY_AGAIN)


def _with_pixels(path: Path, has_preamble: bool) -> Dataset:
    """Read a file whose header is whole."""
    broken = f"{path} is cut short or damaged: its DICOM header is whole, but a part of its pixels is missing."
    with reporting("truncated", broken, _COPY_AGAIN):
        dataset = dcmread(path, force=not has_preamble)
        complete_transfer_syntax(dataset)
        is_cut = len(dataset) == 0 or _last_value_is_cut(dataset)  # pydicom keeps nothing of a file cut in a fragment
    if is_cut:
        raise InputError("truncated", broken, _COPY_AGAIN)
    return dataset


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


def readable_header(dataset: Dataset, only: Collection[str] = ()) -> tuple[Dataset, tuple[str, ...]]:
    """Return a data set without its pixel data and overlays, every element converted.

    Parameters
    ----------
    dataset
        With file meta information; not changed.
    only
        Keywords of the elements that are wanted; converting a large report or segmentation takes seconds.

    Returns
    -------
    header : Dataset
        With the file meta information.
    left_out : tuple of str
        Tags of the elements that pydicom cannot convert; they are not in the header.
    """
    header = Dataset()
    left_out: list[str] = []
    wanted = {tag_for_keyword(keyword) for keyword in only}
    with without_warnings():
        for tag in sorted(dataset.keys()):
            if tag.group == 0x7FE0 or tag.group & 0xFF01 == 0x6000 or (only and tag not in wanted):
                continue
            try:
                element = dataset[tag]
                # Writing it as JSON converts every value, also those of nested sequences.
                element.to_json_dict(bulk_data_element_handler=None, bulk_data_threshold=0)
                header.add(element)
            except DICOM_FAILURES:
                left_out.append(str(tag))
    header.file_meta = dataset.file_meta
    header.set_original_encoding(*dataset.original_encoding)
    return header, tuple(left_out)


def _ends_before_its_class(dataset: Dataset) -> bool:
    """Say whether a file announces an object of a class and ends before that class and before any image."""
    is_announced = bool(dataset.file_meta.get("MediaStorageSOPClassUID"))
    return is_announced and not any(
        keyword in dataset for keyword in ("SOPClassUID", "Modality", "Rows", "DirectoryRecordSequence")
    )


def _last_value_is_cut(dataset: Dataset) -> bool:
    """Say whether the last value that was read is shorter than its element says (pydicom takes what it gets)."""
    if len(dataset) == 0:
        return False
    last: object = dataset.get_item(list(dataset.keys())[-1])
    if not isinstance(last, RawDataElement) or last.length == _UNDEFINED_LENGTH:
        return False
    return len(last.value or b"") < last.length
