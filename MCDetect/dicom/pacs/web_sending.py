"""Sending by STOW-RS (PS3.18 10.5)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from MCDetect.dicom.opening import open_dataset
from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.course import Course
from MCDetect.dicom.pacs.nodes import WebNode
from MCDetect.dicom.pacs.objects import StoredObject
from MCDetect.dicom.pacs.statuses import is_stored, refusal, remark
from MCDetect.dicom.pacs.transfer_syntaxes import UNCOMPRESSED, can_convert, decompressed, name_of
from MCDetect.dicom.pacs.web_session import media_type, no_dicomweb, status_of, web_client, web_failures
from MCDetect.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    import requests

_SYNTAX_REFUSALS = (0x0122, 0xC122)
"""SOP class not supported, and transfer syntax not supported (PS3.18 Table I.2-2)."""

_SAYS_WHAT_WAS_STORED = ("RetrieveURL", "ReferencedSOPSequence", "FailedSOPSequence", "OtherFailuresSequence")
"""An answer to STOW-RS holds at least one of these (PS3.18 Table I.2-1)."""


def send_by_web(node: WebNode, objects: Sequence[StoredObject], course: Course) -> None:
    """Send objects, one a request; as :func:`MCDetect.dicom.pacs.dimse_sending.send_by_dimse`.

    Raises
    ------
    MCDetectError
        As :func:`MCDetect.dicom.pacs.web_session.web_failures`, where it concerns all objects.
    """
    service = _Service(node)
    for item in objects:
        while True:
            try:
                said = _send(node, service, item, course.convert)
            except PassingError as error:
                course.back_off.failed(error)
                continue
            except (InputError, OutputError) as error:
                course.refused(item, error)
            else:
                course.stored(item, said)
            course.back_off.succeeded()
            break


class _Service:
    """Stores objects and looks at the answers: the client takes all that it cannot read for an empty one."""

    def __init__(self, node: WebNode) -> None:
        self._node = node
        self._answers: deque[requests.Response] = deque(maxlen=1)
        self._client = web_client(node, self._note)

    def store(self, dataset: Dataset) -> Dataset:
        """Return what the service says of an object, empty where it took it and says nothing."""
        self._answers.clear()
        answer = self._client.store_instances([dataset])
        response = self._answers[-1]
        if not 200 <= response.status_code < 300:
            raise UsageError(
                "redirected",
                f"The node {self._node.name!r} sends us to another address instead of storing "
                f"({response.status_code}).",
                "Check url in the configuration, and whether its web server wants a user to log in.",
            )
        if not response.content.strip():
            return Dataset()
        if not any(keyword in answer for keyword in _SAYS_WHAT_WAS_STORED):
            raise no_dicomweb(self._node)
        return answer

    def _note(self, response: requests.Response) -> None:
        # The client reads only what has no parameters; many services add the character set.
        response.headers["Content-Type"] = media_type(response)
        self._answers.append(response)


def _send(node: WebNode, service: _Service, item: StoredObject, convert: bool) -> str:
    dataset = _in_file_format(open_dataset(item.path))
    try:
        return _store(node, service, dataset, item)
    except _SyntaxRefusedError:
        compressed = item.transfer_syntax not in UNCOMPRESSED
        if not (compressed and can_convert(item.transfer_syntax)):
            raise
        if not convert:
            raise OutputError(
                "transfer-syntax-not-accepted",
                f"The node {node.name!r} does not accept {item.path}, whose transfer syntax is "
                f"{name_of(item.transfer_syntax)}.",
                "Ask its administrator to accept it, or let it be converted without loss by --convert.",
            ) from None
    return _store(node, service, decompressed(dataset, str(item.path)), item)


class _SyntaxRefusedError(OutputError):
    """The service takes no objects of this SOP class or transfer syntax."""


def _store(node: WebNode, service: _Service, dataset: Dataset, item: StoredObject) -> str:
    import requests

    with web_failures(node, str(item.path)):
        try:
            answer = service.store(dataset)
        except requests.HTTPError as error:
            if status_of(error) == 415:
                raise _SyntaxRefusedError(*_refused(node, item, "415")) from error
            if status_of(error) not in (400, 409):
                raise
            answer = _answer(error.response)
            if "FailedSOPSequence" not in answer:
                raise
    for failure in [*(answer.get("FailedSOPSequence") or ()), *(answer.get("OtherFailuresSequence") or ())]:
        status = int(failure.get("FailureReason") or 0x0110)
        if status in _SYNTAX_REFUSALS:
            raise _SyntaxRefusedError(*_refused(node, item, f"{status:04X}"))
        if not is_stored(status):
            raise refusal(status, str(item.path), node)
    warnings = [int(done.get("WarningReason") or 0) for done in answer.get("ReferencedSOPSequence") or []]
    return next((remark(status) for status in warnings if remark(status)), "")


def _refused(node: WebNode, item: StoredObject, status: str) -> tuple[str, str, str]:
    return (
        "not-stored",
        f"The node {node.name!r} does not take {item.path}: {item.sop_class.name} as {name_of(item.transfer_syntax)} "
        f"({status}).",
        "Ask its administrator to accept it.",
    )


def _answer(response: requests.Response | None) -> Dataset:
    """Return what a service says about the objects it did not store, empty where it says nothing."""
    try:
        return Dataset.from_json(json.loads(response.content if response is not None else b""))
    except Exception:  # noqa: BLE001 - whatever the body is, the status says enough
        return Dataset()


def _in_file_format(dataset: Dataset) -> Dataset:
    """Complete what PS3.10 wants before the object, where the file had none."""
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.preamble = getattr(dataset, "preamble", None) or b"\0" * 128
    return dataset
