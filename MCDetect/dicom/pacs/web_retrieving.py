"""Finding by QIDO-RS and fetching by WADO-RS (PS3.18 10.4 and 10.6)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

from pydicom.dataset import Dataset

from MCDetect.dicom.failures import DICOM_FAILURES, without_warnings
from MCDetect.dicom.pacs.back_off import BackOff, PassingError
from MCDetect.dicom.pacs.dimse_query import Listed
from MCDetect.dicom.pacs.nodes import WebNode
from MCDetect.dicom.pacs.receiving import DAMAGED, Receiver
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.dicom.pacs.web_session import media_type, web_client, web_failures
from MCDetect.errors import InputError, OutputError

if TYPE_CHECKING:
    import requests
    from dicomweb_client.web import DICOMwebClient

_Answer: TypeAlias = "dict[str, Any]"

_PAGE = 200
_AS_STORED = (("application/dicom", "*"),)
_OBJECTS = ("multipart/related", "application/dicom")
_STUDY, _SERIES, _INSTANCE, _CLASS = "0020000D", "0020000E", "00080018", "00080016"


def ask_web(node: WebNode) -> None:
    """Ask a service for one study, to see whether it answers.

    Raises
    ------
    MCDetectError
        As :func:`MCDetect.dicom.pacs.web_session.web_failures`.
    """
    with web_failures(node):
        web_client(node).search_for_studies(limit=1)


def find_studies_by_web(node: WebNode, query: StudyQuery) -> list[str]:
    """Return the Study Instance UIDs that match, in order, each once.

    Raises
    ------
    MCDetectError
        As :func:`ask_web`.
    """
    filters = {"StudyInstanceUID": query.study, "PatientID": query.patient, "AccessionNumber": query.accession}
    given = {keyword: value for keyword, value in filters.items() if value}
    with web_failures(node):
        client = web_client(node)
        return sorted(
            _all_answers(
                lambda limit, offset: client.search_for_studies(limit=limit, offset=offset, search_filters=given),
                _STUDY,
            )
        )


def search_by_web(node: WebNode, identifier: Dataset) -> list[Dataset]:
    """Return the answers to a query for studies (QIDO-RS, PS3.18 10.6).

    Raises
    ------
    MCDetectError
        As :func:`ask_web`.
    """
    asked = [element for element in identifier if element.keyword != "SpecificCharacterSet"]
    filters = {element.keyword: str(element.value) for element in asked if element.value}
    fields = [element.keyword for element in asked]
    with web_failures(node):
        client = web_client(node)
        answers = _all_answers(
            lambda limit, offset: client.search_for_studies(
                limit=limit, offset=offset, fields=fields, search_filters=filters
            ),
            _STUDY,
        )
        return [Dataset.from_json(answer) for answer in answers.values()]


def list_by_web(node: WebNode, study: str) -> list[Listed]:
    """Return the objects of a study, each once.

    Raises
    ------
    MCDetectError
        As :func:`ask_web`.
    """
    with web_failures(node):
        client = web_client(node)
        answers = _all_answers(
            lambda limit, offset: client.search_for_instances(study, limit=limit, offset=offset), _INSTANCE
        )
        listed = [Listed(uid, _value(answer, _CLASS), _value(answer, _SERIES)) for uid, answer in answers.items()]
    return [item for item in listed if item.series]  # without it there is no address to fetch from


def _all_answers(ask: Callable[[int, int], list[_Answer]], tag: str) -> dict[str, _Answer]:
    """Return the answers to a search by the identifier in an element, asking for one page after the other.

    Parameters
    ----------
    ask
        Returns the page of a limit and an offset.
    tag
        The element; answers without it are passed over.
    """
    found: dict[str, _Answer] = {}
    limit, received = _PAGE, 0
    while True:
        # Orthanc heeds the offset of some searches only beside a limit; others send the same page for ever.
        page = ask(limit, received)
        by_identifier = {_value(answer, tag): answer for answer in page}
        if page and not any(by_identifier):
            raise KeyError(tag)  # JSON, but not that of DICOM
        new = {uid: answer for uid, answer in by_identifier.items() if uid and uid not in found}
        found.update(new)
        received += len(page)
        if new:
            continue
        if len(page) < limit:
            return found
        limit *= 10  # a full page of what is known: the offset is not heeded, and there may be more


def _value(answer: _Answer, tag: str) -> str:
    values = answer.get(tag, {}).get("Value")
    return str(values[0] or "") if values else ""


def retrieve_by_web(node: WebNode, study: str, listed: list[Listed], receiver: Receiver, back_off: BackOff) -> None:
    """Fetch the objects of a study, one a request, in the transfer syntax they are stored in.

    Raises
    ------
    MCDetectError
        As :func:`ask_web`; an object that is gone, damaged or there with another content is told by the receiver, and
        the others are fetched. Nothing more is once one cannot be written.
    """
    answers: deque[requests.Response] = deque(maxlen=1)
    client = web_client(node, answers.append)
    for item in listed:
        while True:
            receiver.require_wanted()
            try:
                with web_failures(node, of_one_object=True):
                    content = _object(client, study, item, answers)
                receiver.take(content)
            except PassingError as error:
                back_off.failed(error)
                continue
            except (InputError, OutputError) as error:
                receiver.refuse(error)
                if error.code == "cannot-write":
                    return  # nor could the others be written
            back_off.succeeded()
            break


def _object(client: DICOMwebClient, study: str, item: Listed, answers: deque[requests.Response]) -> bytes:
    """Return an object in the file format; a damaged one is told as that, so that the others can be fetched."""
    import requests

    content = BytesIO()
    try:
        with without_warnings():
            dataset = client.retrieve_instance(study, item.series, item.sop_instance, media_types=_AS_STORED)
            dataset.save_as(content, enforce_file_format=True)
    except requests.RequestException:
        raise
    except DICOM_FAILURES as error:
        if answers and media_type(answers[-1]) in _OBJECTS:
            raise InputError(*DAMAGED) from error
        raise ValueError("something else than an object was sent") from error
    return content.getvalue()
