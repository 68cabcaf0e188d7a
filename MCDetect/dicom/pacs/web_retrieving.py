"""Finding by QIDO-RS and fetching by WADO-RS (PS3.18 10.4 and 10.6)."""

from __future__ import annotations

from io import BytesIO

from pydicom.dataset import Dataset

from MCDetect.dicom.pacs.back_off import BackOff, PassingError
from MCDetect.dicom.pacs.dimse_query import Listed
from MCDetect.dicom.pacs.nodes import WebNode
from MCDetect.dicom.pacs.receiving import Receiver
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.dicom.pacs.web_session import web_client, web_failures
from MCDetect.errors import InputError, OutputError

_PAGE = 200
_AS_STORED = (("application/dicom", "*"),)


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
    with web_failures(node):
        answers = web_client(node).search_for_studies(
            search_filters={keyword: value for keyword, value in filters.items() if value}, get_remaining=True
        )
        return sorted({str(answer["0020000D"]["Value"][0]) for answer in answers})


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
    found: dict[str, Dataset] = {}
    received = 0
    with web_failures(node):
        client = web_client(node)
        while True:
            # Orthanc heeds the offset of some searches only beside a limit; others send the same page for ever.
            page = client.search_for_studies(limit=_PAGE, offset=received, fields=fields, search_filters=filters)
            new = [answer for answer in map(Dataset.from_json, page) if answer.get("StudyInstanceUID") not in found]
            if not new:
                return list(found.values())
            received += len(page)
            found.update((answer.get("StudyInstanceUID"), answer) for answer in new)


def list_by_web(node: WebNode, study: str) -> list[Listed]:
    """Return the objects of a study, each once.

    Raises
    ------
    MCDetectError
        As :func:`ask_web`.
    """
    with web_failures(node):
        answers = web_client(node).search_for_instances(study, get_remaining=True)
        listed = [
            Listed(*(str(answer[tag]["Value"][0]) for tag in ("00080018", "00080016", "0020000E")))
            for answer in answers
        ]
    return list({item.sop_instance: item for item in listed}.values())


def retrieve_by_web(node: WebNode, study: str, listed: list[Listed], receiver: Receiver, back_off: BackOff) -> None:
    """Fetch the objects of a study, one a request, in the transfer syntax they are stored in.

    Raises
    ------
    MCDetectError
        As :func:`ask_web`; an object that is gone or cannot be written is told by the receiver, and the others are
        fetched.
    """
    client = web_client(node)
    for item in listed:
        while True:
            receiver.require_wanted()
            try:
                with web_failures(node, of_one_object=True):
                    dataset = client.retrieve_instance(study, item.series, item.sop_instance, media_types=_AS_STORED)
                    content = BytesIO()
                    dataset.save_as(content, enforce_file_format=True)
                receiver.take(content.getvalue())
            except PassingError as error:
                back_off.failed(error)
                continue
            except (InputError, OutputError) as error:
                receiver.refuse(error)
            back_off.succeeded()
            break
