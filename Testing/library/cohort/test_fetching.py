"""Batches whose examinations lie in a PACS, here an Orthanc."""

from __future__ import annotations

import json
import threading
from datetime import date

import pytest
from pydicom import dcmread
from support.cohorts import study_uid, write_examination
from support.orthanc import Orthanc, free_port
from support.sample_files import write_mammogram

from MCDetect.cohort import fetching
from MCDetect.cohort.batch import Listener
from MCDetect.cohort.fetching import Archive, put_in_place, read_queries
from MCDetect.cohort.querying import studies_of_days
from MCDetect.command_line import main
from MCDetect.dicom.pacs import back_off
from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.pacs.nodes import DicomNode, WebNode
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.dicom.pacs.study_search import StudySearch
from MCDetect.errors import InputError, MCDetectError, OutputError, UsageError


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(back_off, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(back_off, "LONGEST_WAIT_S", 0.2)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Return an Orthanc with three examinations, one a month from January 2020 on, one refused, one no mammogram."""
    folder = tmp_path_factory.mktemp("orthanc")
    server = Orthanc(folder).start()
    for number in range(3):
        write_examination(folder / "sent" / str(number), number, images=1, StudyDate=f"20200{number + 1}15")
    write_examination(folder / "sent" / "chest", 9, images=1, StudyDate="20200215", Modality="CR")
    raw = {"StudyDate": "20200415", "PresentationIntentType": "FOR PROCESSING"}
    write_examination(folder / "sent" / "raw", 8, images=1, **raw)
    node = DicomNode("archive", host="127.0.0.1", port=server.dicom_port, ae_title="ORTHANC")
    assert not send([folder / "sent"], node).failed
    yield server
    server.kill()


def queries(*numbers: int) -> tuple[StudyQuery, ...]:
    return tuple(StudyQuery(study=study_uid(number)) for number in numbers)


def node_of(archive) -> DicomNode:
    return DicomNode("archive", host="127.0.0.1", port=archive.dicom_port, ae_title="ORTHANC", attempts=2)


@pytest.fixture
def fetch_batch(batch, tmp_path):
    """Return a function that runs a batch of what a node has."""

    def run(archive: Archive, listener=None, **changes):
        return batch(tmp_path / "results" / "fetched", listener, archive=archive, formats=("json",), **changes)

    return run


def fetched(tmp_path):
    return sorted((tmp_path / "results" / "fetched").rglob("*.dcm"))


@pytest.fixture
def command(archive, bundle_folder, tmp_path, capsys):
    """Return a function that runs the command on a node of a kind and returns its exit code and events."""
    configuration = tmp_path / "nodes.toml"
    configuration.write_text(
        f'[nodes.archive]\nhost = "127.0.0.1"\nport = {archive.dicom_port}\nae_title = "ORTHANC"\n'
        f'[nodes.web]\nurl = "{archive.url}/dicom-web"\n'
    )

    def run(kind, *words):
        words = ["batch", *words, "--node", kind, "--config", str(configuration), "--output", str(tmp_path / "results")]
        words += ["--bundle", str(bundle_folder), "--device", "cpu", "--backend", "torch", "--workers", "1"]
        code = main([*words, "--formats", "json", "--progress", "json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.mark.parametrize("kind", ["archive", "web"])
def test_a_batch_takes_a_list_of_studies_from_a_node(command, tmp_path, kind):
    wanted = tmp_path / "wanted.csv"
    wanted.write_text(f"study\n{study_uid(0)}\n{study_uid(2)}\n")
    code, events = command(kind, str(wanted))
    assert code == 0
    told = [event for event in events if event["event"] == "fetching"]
    assert [(event["done"], event["total"]) for event in told] == [(0, 2), (1, 2), (2, 2)]
    assert [event["per_hour"] is None for event in told] == [True, False, False]
    assert told[1]["seconds_left"] == pytest.approx(3600 / told[1]["per_hour"])
    assert told[2]["seconds_left"] == 0
    assert sum(event["event"] == "examination" for event in events) == 2
    assert len(fetched(tmp_path)) == 2


def test_a_batch_takes_the_mammography_of_days_from_a_node(command, tmp_path):
    code, events = command("web", "--from", "2020-02-01", "--to", "2020-03-15")
    assert code == 0
    asked = [(event["done"], event["total"]) for event in events if event["event"] == "asking"]
    assert asked[-1] == (44, 44)
    assert sum(event["event"] == "examination" for event in events) == 2
    assert len(fetched(tmp_path)) == 2


@pytest.mark.parametrize("kind", ["archive", "web"])
def test_days_are_asked_for_one_by_one_and_other_modalities_left_out(archive, kind):
    node = node_of(archive) if kind == "archive" else WebNode("web", url=f"{archive.url}/dicom-web")

    def found(**known):
        return studies_of_days(node, StudySearch(**known), lambda days, total: None, today=date(2020, 3, 20))

    assert found(since=date(2020, 1, 14), until=date(2020, 1, 16)) == list(queries(0))
    assert found(since=date(2020, 2, 15), until=date(2020, 2, 15)) == list(queries(1))
    assert found(since=date(2020, 3, 10)) == list(queries(2))
    assert found(since=date(2020, 3, 10), patient="SECRET-ID") == list(queries(2))
    for known in ({"since": date(2020, 3, 16)}, {"since": date(2020, 3, 10), "patient": "NOBODY"}):
        with pytest.raises(InputError, match="no mammography"):
            found(**known)
    for known in ({"until": date(2020, 3, 16)}, {"since": date(2020, 3, 21)}):
        with pytest.raises(UsageError, match="beginning"):
            found(**known)


def test_days_beside_studies_are_refused(command, tmp_path, capsys):
    for words in (["--from", "2020-01-01", "--study", "1.2"], [str(tmp_path), "--from", "2020-01-01"]):
        code, _ = command("web", *words)
        assert code == 2


@pytest.mark.parametrize("word", ["2020-13-01", "01/02/2020", ""])
def test_a_day_that_is_none_is_refused(command, word, capsys):
    with pytest.raises(SystemExit):
        command("web", "--from", word)
    assert "not a day" in capsys.readouterr().err


def test_what_was_fetched_is_not_fetched_again(archive, fetch_batch, monkeypatch):
    assert fetch_batch(Archive(node_of(archive), queries(0, 1))).state.done == 2
    asked = []
    original = fetching.fetch
    monkeypatch.setattr(fetching, "fetch", lambda *a, **k: asked.append(a[1]) or original(*a, **k))
    report = fetch_batch(Archive(node_of(archive), queries(0, 1, 2)))
    assert (report.state.done, report.state.computed) == (3, 1)
    assert asked == list(queries(2))


def test_examinations_are_processed_while_others_are_fetched(archive, fetch_batch, monkeypatch):
    processed, original = threading.Event(), fetching.fetch

    def fetch(node, query, *rest, **more):
        if query == queries(1)[0]:
            assert processed.wait(240), "the first examination should have been processed before the second came"
        return original(node, query, *rest, **more)

    class Tells(Listener):
        def finished(self, examination, outcome):
            processed.set()

    monkeypatch.setattr(fetching, "fetch", fetch)
    assert fetch_batch(Archive(node_of(archive), queries(0, 1)), Tells()).state.done == 2


def test_fetched_files_are_dropped_when_their_examination_is_done(archive, fetch_batch, tmp_path, monkeypatch):
    report = fetch_batch(Archive(node_of(archive), queries(0, 1, 8), drop=True))
    assert (report.state.done, report.state.failed, report.passed_over) == (2, 1, 0)
    (left,) = fetched(tmp_path)
    assert str(dcmread(left, stop_before_pixels=True).StudyInstanceUID) == study_uid(8), "what was refused is kept"
    monkeypatch.setattr(fetching, "fetch", lambda *a, **k: pytest.fail("it was fetched before"))
    again = fetch_batch(Archive(node_of(archive), queries(0, 1, 8), drop=True), recheck=True)
    assert (again.state.done, again.state.failed, again.state.computed) == (2, 1, 0)
    assert len(list((tmp_path / "results" / "examinations").glob("*/*/findings.json"))) == 3


def test_fetched_files_of_examinations_done_before_are_dropped_at_the_start(archive, batch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "fetched"
    batch(folder, archive=Archive(node_of(archive), queries(0, 1)), formats=("json",))
    assert len(fetched(tmp_path)) == 2
    dropping = Archive(node_of(archive), queries(0, 1), drop=True)
    report = batch(folder.relative_to(tmp_path), archive=dropping, formats=("json",))
    assert (report.state.done, report.state.computed, fetched(tmp_path)) == (2, 0, [])


def test_a_study_that_is_not_there_is_told_by_its_place_and_costs_no_other(archive, fetch_batch):
    report = fetch_batch(Archive(node_of(archive), queries(0, 7, 1)))
    (problem,) = report.problems
    assert (problem.source, problem.code) == ("query 2", "no-such-study")
    assert report.state.done == 2


def test_a_node_that_is_away_is_told(fetch_batch):
    away = DicomNode("away", host="127.0.0.1", port=free_port(), ae_title="X", attempts=1)
    with pytest.raises(MCDetectError, match="away"):
        fetch_batch(Archive(away, queries(0)))


def test_what_came_is_put_beside_what_lies_there_and_never_over_it(tmp_path):
    arrived, place = tmp_path / "arriving" / "study", tmp_path / "study"
    for content in (b"one", b"two"):
        arrived.mkdir(parents=True)
        (arrived / "1.dcm").write_bytes(b"one")
        (arrived / f"{content.decode()}.dcm").write_bytes(content)
        put_in_place(arrived, place)
        assert not arrived.exists()
    assert sorted(path.name for path in place.iterdir()) == ["1.dcm", "one.dcm", "two.dcm"]
    arrived.mkdir()
    (arrived / "1.dcm").write_bytes(b"another")
    with pytest.raises(OutputError, match="another content"):
        put_in_place(arrived, place)
    assert (place / "1.dcm").read_bytes() == b"one"


def test_what_came_again_with_other_file_meta_information_is_the_same(tmp_path):
    arrived, place = tmp_path / "arriving" / "study", tmp_path / "study"
    for folder, writer in ((arrived, "ANOTHER_1"), (place, "ONE_1")):
        folder.mkdir(parents=True)
        image = write_mammogram(folder / "1.dcm", StudyInstanceUID="1.2", SOPInstanceUID="1.3")
        dataset = dcmread(image)
        dataset.file_meta.ImplementationVersionName = writer
        dataset.save_as(image)
    assert put_in_place(arrived, place) == [place / "1.dcm"]
    assert dcmread(place / "1.dcm").file_meta.ImplementationVersionName == "ONE_1"


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
