"""What peers that speak the DICOM message service are asked, and what they answer that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from support.orthanc import free_port
from support.sample_files import write_mammogram

from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.client import fetch, find_studies, search_studies, send
from MCDetect.dicom.pacs.dimse_query import FIND, Listed, list_by_dimse
from MCDetect.dicom.pacs.dimse_retrieving import _listening
from MCDetect.dicom.pacs.nodes import Tls
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.dicom.pacs.study_search import StudySearch
from MCDetect.errors import MCDetectError, OutputError

GET = "1.2.840.10008.5.1.4.1.2.2.3"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"


@contextmanager
def peer(find, retrieve=lambda event: iter([0])) -> Iterator[int]:
    """Listen as a peer that answers queries and requests to send; yield its port."""
    entity = AE("ORTHANC")
    for model in (FIND, GET, MOVE):
        entity.add_supported_context(model)
    port = free_port()
    handlers = [(evt.EVT_C_FIND, find), (evt.EVT_C_GET, retrieve), (evt.EVT_C_MOVE, retrieve)]
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        yield port
    finally:
        server.shutdown()


def named(**values: str) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize("known", [{"patient": "PÄ-7"}, {"accession": "Ж1"}, {"patient": "PLAIN"}])
def test_letters_that_are_not_ascii_do_not_go_out_as_wildcards(known, node_for):
    asked = []

    def find(event):
        asked.append(event.identifier)
        yield 0, None

    with peer(find) as port:
        find_studies(node_for(port), StudyQuery(**known))
        search_studies(node_for(port), StudySearch(**known))
    (value,) = known.values()
    for identifier in asked:
        assert value in (identifier.PatientID, identifier.AccessionNumber)
        assert ("SpecificCharacterSet" in identifier) == (not value.isascii())
    assert len(asked) == 2


def test_answers_that_name_no_series_or_object_are_passed_over(node_for):
    def find(event):
        if event.identifier.QueryRetrieveLevel == "SERIES":
            yield 0xFF00, named(Modality="MG")
            yield 0xFF00, named(SeriesInstanceUID="1.5")
        else:
            yield 0xFF00, named(SOPClassUID="1.2.3")
            yield 0xFF00, named(SOPInstanceUID="1.6", SOPClassUID="1.2.3")
        yield 0, None

    with peer(find) as port:
        assert list_by_dimse(node_for(port), "1.2") == [Listed("1.6", "1.2.3", "1.5")]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_deflated_object_is_sent_inflated_where_the_user_asks_for_conversion(syntax, node_for, tmp_path):
    image = write_mammogram(tmp_path / "image.dcm")
    dataset = dcmread(image)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(image)
    taken = []
    entity = AE("ORTHANC")
    entity.add_supported_context(dataset.SOPClassUID, syntax)
    port = free_port()
    handlers = [(evt.EVT_C_STORE, lambda event: taken.append(event.dataset) or 0)]
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        assert send([image], node_for(port), convert=True).sent == (image,)
    finally:
        server.shutdown()
    assert taken == [dataset]


@pytest.mark.parametrize(("status", "kind"), [(0xA700, PassingError), (0xA900, OutputError), (0xC001, OutputError)])
def test_a_query_that_is_refused_for_lack_of_resources_may_be_asked_again(status, kind, node_for):
    def find(event):
        yield status, None

    with peer(find) as port, pytest.raises(kind) as failed:
        find_studies(node_for(port), StudyQuery(patient="A"))
    assert failed.value.code == ("overloaded" if kind is PassingError else "cannot-query")


@pytest.mark.parametrize(("status", "code", "asked"), [(0xA702, "overloaded", 3), (0xC001, "cannot-retrieve", 1)])
def test_a_peer_that_is_out_of_resources_is_asked_for_a_study_again(status, code, asked, node_for, tmp_path):
    requests = []

    def find(event):
        level = event.identifier.QueryRetrieveLevel
        keyword = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}[level]
        yield 0xFF00, named(**{keyword: "1.2.3"})
        yield 0, None

    def retrieve(event):
        requests.append(event.identifier)
        yield 1
        yield status, None

    with peer(find, retrieve) as port, pytest.raises((PassingError, OutputError)) as failed:
        fetch(node_for(port), StudyQuery(patient="A"), tmp_path)
    assert (failed.value.code, len(requests)) == (code, asked)


def test_images_do_not_come_unencrypted_from_a_node_with_encryption(node_for, tmp_path):
    node = node_for(11112, retrieve="move", listen_port=11113, tls=Tls())
    with pytest.raises(MCDetectError) as failed, _listening(node, [], None):
        pass
    assert failed.value.code == "no-certificate"
    assert "tls.certificate_file" in failed.value.hint
