"""Batches whose examinations lie in a PACS, here an Orthanc."""

from __future__ import annotations

import json

import pytest
from support.cohorts import study_uid, write_examination
from support.orthanc import Orthanc, free_port

from MCDetect.cohort import fetching
from MCDetect.cohort.fetching import fetch_all, read_queries
from MCDetect.command_line import main
from MCDetect.dicom.pacs import back_off
from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.errors import InputError, MCDetectError, UsageError


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(back_off, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(back_off, "LONGEST_WAIT_S", 0.2)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Return an Orthanc with three examinations."""
    folder = tmp_path_factory.mktemp("orthanc")
    server = Orthanc(folder).start()
    for number in range(3):
        write_examination(folder / "sent" / str(number), number, images=1)
    node = DicomNode("archive", host="127.0.0.1", port=server.dicom_port, ae_title="ORTHANC")
    assert not send([folder / "sent"], node).failed
    yield server
    server.kill()


def queries(*numbers: int) -> list[StudyQuery]:
    return [StudyQuery(study=study_uid(number)) for number in numbers]


def node_of(archive) -> DicomNode:
    return DicomNode("archive", host="127.0.0.1", port=archive.dicom_port, ae_title="ORTHANC", attempts=2)


@pytest.mark.parametrize("kind", ["archive", "web"])
def test_a_batch_takes_a_list_of_studies_from_a_node(archive, bundle_folder, tmp_path, capsys, kind):
    configuration = tmp_path / "nodes.toml"
    configuration.write_text(
        f'[nodes.archive]\nhost = "127.0.0.1"\nport = {archive.dicom_port}\nae_title = "ORTHANC"\n'
        f'[nodes.web]\nurl = "{archive.url}/dicom-web"\n'
    )
    wanted = tmp_path / "wanted.csv"
    wanted.write_text(f"study\n{study_uid(0)}\n{study_uid(2)}\n")
    words = ["batch", str(wanted), "--node", kind, "--config", str(configuration), "--output", str(tmp_path / "out")]
    words += ["--bundle", str(bundle_folder), "--device", "cpu", "--backend", "torch", "--workers", "1"]
    assert main([*words, "--formats", "json", "--progress", "json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["done"] for event in events if event["event"] == "fetching"] == [1, 2]
    assert sum(event["event"] == "examination" for event in events) == 2
    assert len(list((tmp_path / "out" / "fetched").rglob("*.dcm"))) == 2


def test_what_was_fetched_is_not_fetched_again(archive, tmp_path, monkeypatch):
    assert fetch_all(node_of(archive), queries(0, 1), tmp_path, lambda done: None) == ()
    asked = []
    original = fetching.fetch
    monkeypatch.setattr(fetching, "fetch", lambda *a, **k: asked.append(a[1]) or original(*a, **k))
    assert fetch_all(node_of(archive), queries(0, 1, 2), tmp_path, lambda done: None) == ()
    assert asked == queries(2)


def test_a_study_that_is_not_there_is_told_by_its_place_and_costs_no_other(archive, tmp_path):
    (problem,) = fetch_all(node_of(archive), queries(0, 7, 1), tmp_path, lambda done: None)
    assert (problem.source, problem.code) == ("query 2", "no-such-study")
    assert len(list(tmp_path.rglob("*.dcm"))) == 2


def test_a_node_that_is_away_is_told(tmp_path):
    away = DicomNode("away", host="127.0.0.1", port=free_port(), ae_title="X", attempts=1)
    with pytest.raises(MCDetectError, match="away"):
        fetch_all(away, queries(0), tmp_path, lambda done: None)


@pytest.mark.parametrize("text", ["", "study\n", "name\nA\n", "study\n\n,\n"])
def test_a_list_without_studies_is_told(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_queries(path)
    assert caught.value.code == "no-queries"


def test_a_wildcard_in_a_list_is_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("accession\n*\n")
    with pytest.raises(UsageError, match="wildcard"):
        read_queries(path)


def test_a_batch_of_nothing_is_told(tmp_path, capsys):
    assert main(["batch", "--output", str(tmp_path)]) == 2
    assert "not said what to process" in capsys.readouterr().err
