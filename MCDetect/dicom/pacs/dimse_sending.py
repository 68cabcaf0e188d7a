"""Sending by C-STORE (PS3.4 Annex B)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydicom.uid import UID

from MCDetect.dicom.opening import open_dataset
from MCDetect.dicom.pacs.association import MOST_CONTEXTS, associate, lost
from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.course import Course
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.objects import StoredObject
from MCDetect.dicom.pacs.statuses import is_stored, refusal, remark
from MCDetect.dicom.pacs.transfer_syntaxes import UNCOMPRESSED, can_convert, decompressed, name_of
from MCDetect.errors import InputError, MCDetectError, OutputError

if TYPE_CHECKING:
    from pynetdicom.association import Association

_Context = tuple[UID, UID]

_NO_SUCH_CLASS = 3
"""The result of a presentation context whose abstract syntax is not supported (PS3.8 Table 9-18)."""


def send_by_dimse(node: DicomNode, objects: Sequence[StoredObject], course: Course) -> None:
    """Send objects; ``course`` is told of each, unless the peer cannot be reached.

    The files are sent byte for byte. A lost connection is made again and goes on with the object that was not
    acknowledged.

    Raises
    ------
    MCDetectError
        As :func:`MCDetect.dicom.pacs.association.associate`; objects that were not told of were not acknowledged.
    """
    for batch in _batches(objects, course.convert):
        remaining = list(batch)
        while remaining:
            try:
                _send_batch(node, remaining, course)
            except PassingError as error:
                course.back_off.failed(error)


def _send_batch(node: DicomNode, remaining: list[StoredObject], course: Course) -> None:
    """Send over one association, taking from ``remaining`` whatever is done with."""
    contexts = [(sop_class, [syntax]) for sop_class, syntax in _contexts(remaining, course.convert)]
    with associate(node, contexts) as association:
        accepted = {(UID(cx.abstract_syntax or ""), cx.transfer_syntax[0]) for cx in association.accepted_contexts}
        while remaining:
            item = remaining[0]
            try:
                if not _can_go(item, accepted, course.convert):
                    raise _not_accepted(node, item, association, course.convert)
                said = _send(node, association, item, accepted)
            except PassingError:
                raise
            except MCDetectError as error:
                course.refused(item, error)
            else:
                course.stored(item, said)
            course.back_off.succeeded()
            del remaining[0]


def _can_go(item: StoredObject, accepted: set[_Context], convert: bool) -> bool:
    """Say whether an object can be sent, as it is or converted."""
    if (item.sop_class, item.transfer_syntax) in accepted:
        return True
    is_convertible = convert and can_convert(item.transfer_syntax)
    return is_convertible and any((item.sop_class, syntax) in accepted for syntax in UNCOMPRESSED)


def _send(node: DicomNode, association: Association, item: StoredObject, accepted: set[_Context]) -> str:
    from pynetdicom import _config

    as_it_is = (item.sop_class, item.transfer_syntax) in accepted
    # From the file itself, so that every byte arrives as it is there and no image is in memory as a whole.
    _config.STORE_SEND_CHUNKED_DATASET = True
    dataset = None if as_it_is and item.is_complete else open_dataset(item.path)
    if dataset is not None and not as_it_is:
        dataset = decompressed(dataset, str(item.path))
    try:
        answer = association.send_c_store(item.path if dataset is None else dataset)
    except RuntimeError as error:  # the association ended since the last object
        raise lost(node) from error
    except (AttributeError, ValueError, OSError) as error:
        raise InputError(
            "cannot-send", f"{item.path} could not be encoded for sending.", "It may have changed; send again."
        ) from error
    if "Status" not in answer:
        raise lost(node)
    if not is_stored(answer.Status):
        raise refusal(answer.Status, str(item.path), node)
    return remark(answer.Status)


def _not_accepted(node: DicomNode, item: StoredObject, association: Association, convert: bool) -> OutputError:
    name = name_of(item.transfer_syntax)
    answers = {cx.result for cx in association.rejected_contexts if cx.abstract_syntax == item.sop_class}
    if _NO_SUCH_CLASS in answers:
        return OutputError(
            "sop-class-not-accepted",
            f"The node {node.name!r} does not accept {item.path}: it takes no {item.sop_class.name}.",
            "Ask its administrator to accept this SOP class.",
        )
    hint = "Ask its administrator to accept this transfer syntax"
    if not convert and can_convert(item.transfer_syntax):
        hint += ", or let it be converted without loss by --convert"
    return OutputError(
        "transfer-syntax-not-accepted",
        f"The node {node.name!r} does not accept the transfer syntax {name} of {item.path}.",
        f"{hint}.",
    )


def _contexts(objects: Sequence[StoredObject], convert: bool) -> list[_Context]:
    """Return one context for each pair of SOP class and transfer syntax: the answer tells which are accepted."""
    wanted = dict.fromkeys((item.sop_class, item.transfer_syntax) for item in objects)
    if convert:
        convertible = {item.sop_class for item in objects if can_convert(item.transfer_syntax)}
        wanted.update(dict.fromkeys((uid, syntax) for uid in sorted(convertible) for syntax in UNCOMPRESSED))
    return list(wanted)


def _batches(objects: Sequence[StoredObject], convert: bool) -> list[list[StoredObject]]:
    """Return the objects in groups whose contexts fit into one association."""
    batches: list[list[StoredObject]] = []
    for item in objects:
        if not batches or len(_contexts([*batches[-1], item], convert)) > MOST_CONTEXTS:
            batches.append([])
        batches[-1].append(item)
    return batches
