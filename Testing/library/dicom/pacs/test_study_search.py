"""Looking for studies to choose from, and stopping to fetch them."""

from __future__ import annotations

from datetime import date

import pytest
from pydicom.dataset import Dataset
from support.sample_files import write_mammogram

from MCDetect.dicom.pacs import web_retrieving
from MCDetect.dicom.pacs.client import fetch, search_studies, send
from MCDetect.dicom.pacs.reports import StoppedError, StudyQuery
from MCDetect.dicom.pacs.study_search import StudySearch, found_studies
from MCDetect.errors import MCDetectError, UsageError


@pytest.fixture(params=["get", "move", "web"])
def node(request, orthanc, node_for, web_node):
    return web_node(orthanc) if request.param == "web" else node_for(orthanc, retrieve=request.param)


def answer(uid, **values):
    dataset = Dataset()
    dataset.StudyInstanceUID = uid
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def test_what_a_pacs_says_of_a_study_is_shown(node, tmp_path):
    changes = {"PatientName": "Müller^Anna", "SpecificCharacterSet": "ISO_IR 100", "AccessionNumber": "A7"}
    send([write_mammogram(tmp_path / "1.dcm", **changes)], node)
    (study,) = search_studies(node, StudySearch(name="Müller, A", since=date(2020, 1, 1)))
    assert (study.patient_name, study.accession, study.day, study.modalities, study.objects) == (
        "Müller, Anna", "A7", "2020-03-04", ("MG",), 1,
    )  # fmt: skip
    assert study.may_be_mammography
    assert search_studies(node, StudySearch(name="Müller, B")) == []
    assert search_studies(node, StudySearch(until=date(2020, 1, 1))) == []


def test_fetching_stops_when_nothing_more_is_wanted(node, examination, tmp_path):
    send([examination], node)
    (study,) = search_studies(node, StudySearch(patient="SECRET-ID"))
    told = []
    with pytest.raises(StoppedError):
        fetch(node, StudyQuery(study=study.uid), tmp_path, tell=told.append, is_cancelled=lambda: len(told) > 1)
    came = list(tmp_path.rglob("*.dcm"))
    assert len(came) < 5
    report = fetch(node, StudyQuery(study=study.uid), tmp_path)
    assert (len(report.written), len(report.known)) == (5 - len(came), len(came))


def test_answers_are_listed_latest_first_and_each_once():
    answers = [
        answer("1.1", StudyDate="20200101"),
        answer("1.2", StudyDate="20240101", ModalitiesInStudy=["MG", "SR"]),
        answer("1.1", StudyDate="20200101"),
        answer("", StudyDate="20250101"),
        Dataset(),
    ]
    studies = found_studies(answers)
    assert [study.uid for study in studies] == ["1.2", "1.1"]
    assert [study.may_be_mammography for study in studies] == [True, True]
    assert not found_studies([answer("1.3", ModalitiesInStudy="CT")])[0].may_be_mammography


def test_an_answer_that_says_little_hides_no_other():
    studies = found_studies([answer("1.1"), answer("1.2", PatientName="A^B=C^D", StudyDate="")])
    assert [(study.patient_name, study.day, study.objects) for study in studies] == [("A, B", "", None), ("", "", None)]


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"name": "M"},
        {"name": "Mü*"},
        {"patient": " P1"},
        {"accession": "A\\B"},
        {"patient": "P" * 65},
        {"since": date(2026, 2, 1), "until": date(2026, 1, 1)},
    ],
)
def test_a_search_that_finds_too_much_or_nothing_is_refused(known):
    with pytest.raises(UsageError) as caught:
        StudySearch(**known)
    assert caught.value.code in {"no-query", "wrong-query"}


def test_a_pacs_that_is_down_is_told_at_once(node_for, web_node):
    from support.orthanc import free_port

    for node in (node_for(free_port()), web_node(f"http://127.0.0.1:{free_port()}/dicom-web")):
        with pytest.raises(MCDetectError, match=node.name):
            search_studies(node, StudySearch(patient="P1"))


@pytest.mark.parametrize("heeds_offset", [True, False])
def test_a_service_that_answers_in_pages_is_asked_until_nothing_new_comes(monkeypatch, web_node, heeds_offset):
    listed = [answer(f"1.{number}").to_json_dict() for number in range(5)]

    class Service:
        asked = 0

        def search_for_studies(self, offset, **_):
            self.asked += 1
            assert self.asked < 9, "it should not be asked for ever"
            return listed[offset : offset + 2] if heeds_offset else listed[:2]

    service = Service()
    monkeypatch.setattr(web_retrieving, "web_client", lambda node: service)
    studies = search_studies(web_node("http://127.0.0.1:1/dicom-web"), StudySearch(patient="P1", modality="MG"))
    assert sorted(study.uid for study in studies) == [f"1.{number}" for number in range(5 if heeds_offset else 2)]


def test_a_modality_alone_is_no_search_and_beside_a_day_it_is_asked_for():
    with pytest.raises(UsageError, match="not said"):
        StudySearch(modality="MG")
    assert StudySearch(since=date(2020, 1, 1), modality="MG").identifier().ModalitiesInStudy == "MG"
