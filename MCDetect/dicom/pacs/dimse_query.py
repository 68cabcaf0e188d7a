"""Finding studies and their objects by C-FIND (PS3.4 Annex C, Study Root)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from MCDetect.dicom.pacs.association import associate, lost
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.dicom.pacs.statuses import is_out_of_resources, overloaded
from MCDetect.errors import OutputError

if TYPE_CHECKING:
    from pynetdicom.association import Association

FIND = UID("1.2.840.10008.5.1.4.1.2.2.1")
"""Study Root Query/Retrieve Information Model - FIND."""

_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_PENDING = (0xFF00, 0xFF01)


@dataclass(frozen=True)
class Listed:
    """An object that a PACS says it has; ``sop_class`` is empty where it does not say."""

    sop_instance: str
    sop_class: str
    series: str


def find_studies_by_dimse(node: DicomNode, query: StudyQuery) -> list[str]:
    """Return the Study Instance UIDs that match, in order, each once.

    Raises
    ------
    MCDetectError
        As :func:`MCDetect.dicom.pacs.association.associate`; ``cannot-query`` where the peer does not answer queries,
        ``overloaded`` where it does not for now.
    """
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = query.study
    identifier.PatientID = query.patient
    identifier.AccessionNumber = query.accession
    if not (query.patient + query.accession).isascii():
        # Without it every other letter would go out as a question mark, which is a wildcard.
        identifier.SpecificCharacterSet = "ISO_IR 192"
    with associate(node, [(FIND, _SYNTAXES)]) as association:
        answers = _find(node, association, identifier)
    return sorted({str(answer.StudyInstanceUID) for answer in answers if answer.get("StudyInstanceUID")})


def search_by_dimse(node: DicomNode, identifier: Dataset) -> list[Dataset]:
    """Return the answers to a query for studies.

    Raises
    ------
    MCDetectError
        As of :func:`find_studies_by_dimse`.
    """
    identifier.QueryRetrieveLevel = "STUDY"
    with associate(node, [(FIND, _SYNTAXES)]) as association:
        return _find(node, association, identifier)


def list_by_dimse(node: DicomNode, study: str) -> list[Listed]:
    """Return the objects of a study, each once.

    Raises
    ------
    MCDetectError
        As of :func:`find_studies_by_dimse`.
    """
    listed: dict[str, Listed] = {}
    with associate(node, [(FIND, _SYNTAXES)]) as association:
        identifier = Dataset()
        identifier.QueryRetrieveLevel = "SERIES"
        identifier.StudyInstanceUID = study
        identifier.SeriesInstanceUID = ""
        for series in (answer.get("SeriesInstanceUID") for answer in _find(node, association, identifier)):
            if not series:
                continue  # what has no identifier cannot be asked for
            identifier = Dataset()
            identifier.QueryRetrieveLevel = "IMAGE"
            identifier.StudyInstanceUID = study
            identifier.SeriesInstanceUID = series
            identifier.SOPInstanceUID = ""
            identifier.SOPClassUID = ""
            for answer in _find(node, association, identifier):
                instance = str(answer.get("SOPInstanceUID") or "")
                if instance:
                    listed[instance] = Listed(instance, str(answer.get("SOPClassUID") or ""), str(series))
    return list(listed.values())


def _find(node: DicomNode, association: Association, identifier: Dataset) -> list[Dataset]:
    refused = OutputError(
        "cannot-query",
        f"The node {node.name!r} does not answer queries (C-FIND).",
        "Ask its administrator to allow them.",
    )
    if not association.accepted_contexts:
        raise refused
    found: list[Dataset] = []
    try:
        for status, answer in association.send_c_find(identifier, FIND):
            if "Status" not in status:
                raise lost(node)
            if status.Status in _PENDING:
                if answer is not None:
                    found.append(answer)
            elif is_out_of_resources(status.Status):
                raise overloaded(node, status.Status)
            elif status.Status != 0:
                raise refused
    except RuntimeError as error:  # the association has ended
        raise lost(node) from error
    except ValueError as error:
        raise refused from error
    return found
