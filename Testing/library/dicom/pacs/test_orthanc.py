"""A real PACS: what comes back is what was sent, by every service."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless, RLELossless
from support.orthanc import Orthanc

from MCDetect.dicom.pacs.client import echo, fetch, find_studies, send
from MCDetect.dicom.pacs.dimse_query import Listed
from MCDetect.dicom.pacs.dimse_retrieving import retrieve_by_dimse
from MCDetect.dicom.pacs.receiving import Receiver, short_digest
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.errors import InputError, UsageError


def objects_below(folder: Path) -> dict[str, Dataset]:
    datasets = [dcmread(path) for path in folder.rglob("*.dcm")]
    return {dataset.SOPInstanceUID: dataset for dataset in datasets}


def assert_same(there: dict[str, Dataset], here: dict[str, Dataset]) -> None:
    assert sorted(there) == sorted(here)
    for uid, dataset in here.items():
        assert there[uid] == dataset
        assert there[uid].get("PixelData") == dataset.get("PixelData")
        assert there[uid].file_meta.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID


@pytest.fixture(params=["get", "move", "web"])
def node(request, orthanc, node_for, web_node):
    return web_node(orthanc) if request.param == "web" else node_for(orthanc, retrieve=request.param)


def test_it_answers(node):
    assert 0 < echo(node) < 10


def test_what_comes_back_is_what_was_sent(node, orthanc, examination, tmp_path):
    sent = objects_below(examination)
    report = send([examination], node)
    assert len(report.sent) == len(sent) == 5
    assert not report.failed
    assert not report.notes
    assert report.passed_over == 2  # the findings and the picture
    assert orthanc.instances() == sorted(sent)
    study = next(iter(sent.values())).StudyInstanceUID
    fetched = fetch(node, StudyQuery(study=study), tmp_path / "fetched")
    assert not fetched.failed
    assert len(fetched.written) == len(sent)
    assert_same(objects_below(tmp_path / "fetched"), sent)
    again = fetch(node, StudyQuery(study=study), tmp_path / "fetched")
    assert (len(again.written), len(again.known), again.failed) == (0, len(sent), ())


def test_names_of_fetched_files_say_nothing_about_the_patient(node, examination, tmp_path):
    send([examination], node)
    fetch(node, StudyQuery(patient="SECRET-ID"), tmp_path / "fetched")
    names = " ".join(str(path) for path in (tmp_path / "fetched").rglob("*"))
    assert names.count(".dcm") == 5
    assert "MG_" in names
    assert not [secret for secret in ("SECRET", "Secret", "1960", "2020") if secret in names.replace(str(tmp_path), "")]


@pytest.mark.parametrize("transfer_syntax", [RLELossless, JPEGLSLossless, DeflatedExplicitVRLittleEndian])
def test_a_compressed_image_arrives_as_it_is(node, transfer_syntax, examination, tmp_path):
    dataset = dcmread(examination / "image.dcm")
    if transfer_syntax.is_compressed:
        dataset.compress(transfer_syntax, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    (tmp_path / "sent").mkdir()
    dataset.save_as(tmp_path / "sent" / "image.dcm")
    assert len(send([tmp_path / "sent"], node).sent) == 1
    fetch(node, StudyQuery(accession="SECRET-7"), tmp_path / "fetched")
    assert_same(objects_below(tmp_path / "fetched"), objects_below(tmp_path / "sent"))


def test_studies_are_found_by_each_key(node, examination):
    send([examination / "image.dcm"], node)
    study = dcmread(examination / "image.dcm").StudyInstanceUID
    for query in (StudyQuery(study=study), StudyQuery(patient="SECRET-ID"), StudyQuery(accession="SECRET-7")):
        assert find_studies(node, query) == [study]
    assert find_studies(node, StudyQuery(patient="SECRET-ID", accession="OTHER")) == []
    with pytest.raises(InputError) as refused:
        fetch(node, StudyQuery(patient="NOBODY"), Path("never"))
    assert refused.value.code == "no-such-study"


def test_a_fetched_file_never_replaces_another_content(node, examination, tmp_path):
    send([examination / "image.dcm"], node)
    (path,) = fetch(node, StudyQuery(patient="SECRET-ID"), tmp_path / "fetched").written
    path.write_bytes(b"somebody's notes")
    report = fetch(node, StudyQuery(patient="SECRET-ID"), tmp_path / "fetched")
    assert path.read_bytes() == b"somebody's notes"
    assert {failure.error.code for failure in report.failed} == {"other-content", "not-received"}
    assert not report.written


def test_paths_may_be_texts_and_a_single_one(orthanc, web_node, examination, tmp_path):
    node = web_node(orthanc)
    assert len(send(str(examination), node).sent) == 5
    assert send([str(examination / "image.dcm")], node, again=True).sent
    assert len(fetch(node, StudyQuery(accession="SECRET-7"), str(tmp_path / "fetched")).written) == 5


def test_a_second_send_does_not_repeat_what_was_acknowledged(node, examination):
    first = send([examination], node)
    second = send([examination], node)
    assert (second.sent, second.known) == ((), first.sent)
    assert send([examination], node, again=True).sent == first.sent


def test_storage_commitment_is_asked_for_and_given(orthanc, node_for, examination):
    report = send([examination], node_for(orthanc, storage_commitment=True, commitment_wait_s=20.0))
    assert report.committed == report.sent
    assert len(report.committed) == 5
    assert not report.notes


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_lost(node, examination, tmp_path):
    send([examination], node)
    study = dcmread(examination / "image.dcm").StudyInstanceUID
    blocked = tmp_path / "fetched" / f"study_{short_digest(study)}"
    blocked.parent.mkdir()
    blocked.write_text("a file where the folder of the study should be")
    report = fetch(node, StudyQuery(study=study), tmp_path / "fetched")
    assert not report.written
    assert {failure.error.code for failure in report.failed} == {"cannot-write", "not-received"}
    blocked.unlink()
    assert len(fetch(node, StudyQuery(study=study), tmp_path / "fetched").written) == 5


def test_a_password_is_asked_for_and_checked(tmp_path, web_node, examination, monkeypatch):
    server = Orthanc(tmp_path / "orthanc", AuthenticationEnabled=True, RegisteredUsers={"reader": "right"}).start()
    try:
        node = web_node(server, user="reader")
        monkeypatch.setenv("MCDETECT_PASSWORD_WEB", "wrong")
        with pytest.raises(UsageError) as refused:
            echo(node)
        assert refused.value.code == "not-authenticated"
        monkeypatch.setenv("MCDETECT_PASSWORD_WEB", "right")
        assert len(send([examination], node).sent) == 5
        assert len(fetch(node, StudyQuery(patient="SECRET-ID"), tmp_path / "fetched").written) == 5
    finally:
        server.kill()


@pytest.mark.parametrize("retrieve", ["get", "move"])
def test_objects_come_from_a_peer_that_does_not_tell_their_sop_classes(
    retrieve, orthanc, node_for, examination, tmp_path
):
    node = node_for(orthanc, retrieve=retrieve)
    send([examination], node)
    sent = objects_below(examination)
    study = next(iter(sent.values())).StudyInstanceUID
    receiver = Receiver(tmp_path / "fetched", [study], lambda _: None)
    listed = [Listed(uid, "", dataset.SeriesInstanceUID) for uid, dataset in sent.items()]
    retrieve_by_dimse(node, study, listed, receiver)
    assert_same(objects_below(tmp_path / "fetched"), sent)
