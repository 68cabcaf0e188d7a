"""The two ways to talk to a node, DICOM messages and DICOMweb, behind one interface: no other place tells them apart.

Their packages are imported when something is asked of a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from MCDetect.dicom.pacs.nodes import DicomNode, Node, WebNode
from MCDetect.dicom.pacs.requirements import require

if TYPE_CHECKING:
    from MCDetect.dicom.pacs.back_off import BackOff
    from MCDetect.dicom.pacs.course import Course
    from MCDetect.dicom.pacs.dimse_query import Listed
    from MCDetect.dicom.pacs.objects import StoredObject
    from MCDetect.dicom.pacs.receiving import Receiver
    from MCDetect.dicom.pacs.reports import StudyQuery
    from MCDetect.dicom.pacs.study_search import FoundStudy, StudySearch


class Talk(Protocol):
    """What can be asked of a node; each raises an MCDetectError that says why the node does not do it."""

    @property
    def commits(self) -> bool:
        """Whether the node is to be asked to commit itself to what it stored."""

    def echo(self) -> None:
        """Ask whether it answers."""

    def find(self, query: StudyQuery) -> list[str]:
        """Return the Study Instance UIDs that match a query."""

    def search(self, search: StudySearch) -> list[FoundStudy]:
        """Return studies to choose from, latest first."""

    def list_objects(self, study: str) -> list[Listed]:
        """Return what a study has."""

    def retrieve(self, study: str, listed: list[Listed], receiver: Receiver, back_off: BackOff) -> None:
        """Hand the objects of a study to ``receiver``."""

    def send(self, waiting: Sequence[StoredObject], course: Course) -> None:
        """Send objects, telling ``course`` of each."""

    def commit(self, sent: Sequence[StoredObject]) -> tuple[set[str], set[str]]:
        """Return the SOP Instance UIDs that the node commits itself to keep, and those that it does not."""


def talk_to(node: Node) -> Talk:
    """Return how to talk to a node.

    Raises
    ------
    MCDetectError
        If the packages for its protocol are not installed.
    """
    if isinstance(node, DicomNode):
        require("pynetdicom", "platformdirs")
        return _ByMessages(node)
    require("dicomweb_client", "requests", "platformdirs")
    return _ByWeb(node)


@dataclass(frozen=True)
class _ByMessages:
    """C-ECHO, C-FIND, C-GET or C-MOVE, C-STORE and storage commitment."""

    node: DicomNode

    @property
    def commits(self) -> bool:
        return self.node.storage_commitment

    def echo(self) -> None:
        from MCDetect.dicom.pacs.dimse_echo import echo_by_dimse

        echo_by_dimse(self.node)

    def find(self, query: StudyQuery) -> list[str]:
        from MCDetect.dicom.pacs.dimse_query import find_studies_by_dimse

        return find_studies_by_dimse(self.node, query)

    def search(self, search: StudySearch) -> list[FoundStudy]:
        from MCDetect.dicom.pacs.dimse_query import search_by_dimse
        from MCDetect.dicom.pacs.study_search import found_studies

        return found_studies(search_by_dimse(self.node, search.identifier()))

    def list_objects(self, study: str) -> list[Listed]:
        from MCDetect.dicom.pacs.dimse_query import list_by_dimse

        return list_by_dimse(self.node, study)

    def retrieve(self, study: str, listed: list[Listed], receiver: Receiver, back_off: BackOff) -> None:
        from MCDetect.dicom.pacs.dimse_retrieving import retrieve_by_dimse

        retrieve_by_dimse(self.node, study, listed, receiver)

    def send(self, waiting: Sequence[StoredObject], course: Course) -> None:
        from MCDetect.dicom.pacs.dimse_sending import send_by_dimse

        send_by_dimse(self.node, waiting, course)

    def commit(self, sent: Sequence[StoredObject]) -> tuple[set[str], set[str]]:
        from MCDetect.dicom.pacs.commitment import commit

        return commit(self.node, sent)


@dataclass(frozen=True)
class _ByWeb:
    """QIDO-RS, WADO-RS and STOW-RS."""

    node: WebNode

    @property
    def commits(self) -> bool:
        return False

    def echo(self) -> None:
        from MCDetect.dicom.pacs.web_retrieving import ask_web

        ask_web(self.node)

    def find(self, query: StudyQuery) -> list[str]:
        from MCDetect.dicom.pacs.web_retrieving import find_studies_by_web

        return find_studies_by_web(self.node, query)

    def search(self, search: StudySearch) -> list[FoundStudy]:
        from MCDetect.dicom.pacs.study_search import found_studies
        from MCDetect.dicom.pacs.web_retrieving import search_by_web

        studies = found_studies(search_by_web(self.node, search.identifier(only_plain=True)))
        return [study for study in studies if search.fits(study)]

    def list_objects(self, study: str) -> list[Listed]:
        from MCDetect.dicom.pacs.web_retrieving import list_by_web

        return list_by_web(self.node, study)

    def retrieve(self, study: str, listed: list[Listed], receiver: Receiver, back_off: BackOff) -> None:
        from MCDetect.dicom.pacs.web_retrieving import retrieve_by_web

        retrieve_by_web(self.node, study, listed, receiver, back_off)

    def send(self, waiting: Sequence[StoredObject], course: Course) -> None:
        from MCDetect.dicom.pacs.web_sending import send_by_web

        send_by_web(self.node, waiting, course)

    def commit(self, sent: Sequence[StoredObject]) -> tuple[set[str], set[str]]:
        return set(), set()
