"""Results on their way to a destination that is there, is away, comes back, or refuses."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.cohorts import study_uid
from support.dicom_nodes import receiving
from support.sample_files import bright_pixels, write_mammogram

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node import delivery
from MCDetect.cohort.node.delivery import LONGEST_PAUSE_S, Courier, node_at
from MCDetect.cohort.records import Examination, ImageRow, Outcome, examination_folder, examination_name
from MCDetect.errors import UsageError
from MCDetect.findings import Algorithm

REFUSED = 0xC000


class Clock:
    """The time as the courier knows it; the tests move it."""

    def __init__(self) -> None:
        self.now = 1.8e9

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Clock:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Clock()
    monkeypatch.setattr(delivery, "time", made)
    return made


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Give a port on which nobody else can begin to listen."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def manifest(tmp_path: Path) -> Iterator[Manifest]:
    with Manifest(tmp_path) as made:
        yield made


@pytest.fixture
def courier_to(manifest: Manifest) -> Callable[[int], Courier]:
    """Return a function that makes a courier to a port."""
    return lambda port: Courier(manifest.path.parent, manifest, node_at(f"PACS@127.0.0.1:{port}", "MCDETECT"))


@pytest.fixture
def processed(tmp_path: Path, manifest: Manifest, clock: Clock) -> Callable[[int], str]:
    """Return a function that puts the results of an examination there, to be delivered; it returns their identifier."""

    def put(number: int) -> str:
        name = examination_name(study_uid(number))
        folder = examination_folder(tmp_path, name)
        folder.mkdir(parents=True)
        pixels = bright_pixels(seed=number)[:32, :32]
        write_mammogram(folder / "result.dcm", pixels, StudyInstanceUID=study_uid(number))
        row = ImageRow("1.2", "R", "CC", 0.5, 0, 0, 0.0, 0)
        algorithm = Algorithm("1", "bundle", "1", "0" * 64, "balanced", 0.5, "cpu")
        outcome = Outcome("signature", "", algorithm, (row,), files=("result.dcm",))
        (folder / "outcome.json").write_text(outcome.to_json())
        with manifest.transaction() as database:
            database.execute(
                "INSERT INTO examinations (name, study, state, signature) VALUES (?, ?, 'pending', 'signature')",
                (name, study_uid(number)),
            )
        manifest.finish(Examination(name, study_uid(number), "signature", ()), outcome, deliver=True)
        with manifest.transaction() as database:
            database.execute("UPDATE examinations SET delivery_due = ? WHERE name = ?", (clock.now, name))
        return study_uid(number)

    return put


def test_a_destination_that_was_away_gets_everything_when_it_is_back(
    courier_to, manifest, processed, clock, closed_port
):
    studies = {processed(number) for number in range(3)}
    courier = courier_to(closed_port)
    assert courier.next_round() == (0, 1)
    assert "Nothing listens" in courier.away
    assert manifest.undelivered() == 3
    with receiving(closed_port) as (_, taken):
        assert courier.next_round() == (0, 0)  # not before its time
        assert not taken
        clock.now += 2.1
        assert courier.next_round() == (3, 0)
        assert {str(one.StudyInstanceUID) for one in taken} == studies
        clock.now += 10_000
        assert courier.next_round() == (0, 0)
    assert len(taken) == 3
    assert (courier.away, manifest.undelivered()) == ("", 0)


def test_a_destination_that_stays_away_is_tried_ever_less_often_however_much_waits(
    courier_to, processed, clock, closed_port, monkeypatch
):
    for number in range(4):
        processed(number)
    tried = []

    def send(paths, node):
        tried.append(clock.now)
        return real_send(paths, node)

    real_send = delivery.send
    monkeypatch.setattr(delivery, "send", send)
    courier = courier_to(closed_port)
    begin = clock.now
    while clock.now < begin + 3600:  # as the service does, but quicker
        courier.next_round()
        clock.now += 0.5
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, *[LONGEST_PAUSE_S] * (len(pauses) - 9)]
    assert len(tried) < 20


def test_an_examination_that_is_refused_does_not_hold_up_the_others(courier_to, manifest, processed, clock):
    refused, *others = (processed(number) for number in range(3))

    def status(dataset):
        return REFUSED if dataset.StudyInstanceUID == refused else 0

    with receiving(status=status) as (port, taken):
        courier = courier_to(port)
        assert courier.next_round() == (2, 1)
        assert not courier.away
        assert [str(one.StudyInstanceUID) for one in taken] == [refused, *others]
        moments = []
        begin = clock.now
        while clock.now < begin + 60:
            if courier.next_round() != (0, 0):
                moments.append(clock.now - begin)
            clock.now += 0.5
        assert moments == [2, 6, 14, 30]
    (row,) = manifest.rows("SELECT delivery_error FROM examinations WHERE delivery_due IS NOT NULL")
    assert "did not store" in row["delivery_error"]


def test_what_was_processed_again_while_it_was_sent_is_sent_again(courier_to, manifest, processed, monkeypatch):
    processed(1)
    with receiving() as (port, taken):
        courier = courier_to(port)
        real_send = delivery.send

        def send(paths, node):
            with manifest.transaction() as database:
                database.execute("UPDATE examinations SET changed = changed + 1")
            return real_send(paths, node)

        monkeypatch.setattr(delivery, "send", send)
        courier.next_round()
        assert manifest.undelivered() == 1
        monkeypatch.setattr(delivery, "send", real_send)
        courier.next_round()
    assert manifest.undelivered() == 0
    assert taken


def test_an_examination_that_stays_refused_is_given_up_and_said_so(manifest, processed, clock):
    study = processed(1)
    told: list[str] = []
    with receiving(status=lambda _: REFUSED) as (port, taken):
        destination = node_at(f"PACS@127.0.0.1:{port}", "MCDETECT")
        courier = Courier(manifest.path.parent, manifest, destination, told.append, give_up_s=100)
        begin = clock.now
        while clock.now < begin + 3600:
            courier.next_round()
            clock.now += 1
    assert len(taken) == 7  # after 0, 2, 6, 14, 30, 62 and 126 seconds
    assert manifest.undelivered() == 0
    (row,) = manifest.rows("SELECT * FROM examinations")
    assert "did not store" in row["delivery_error"]
    assert row["changed"] == pytest.approx(begin + 126, abs=2)  # kept from then on
    (sentence,) = told
    assert f"examination {examination_name(study)} are not sent any more" in sentence


def test_no_examination_is_given_up_because_the_destination_is_away(manifest, processed, clock, closed_port):
    for number in range(3):
        processed(number)
    destination = node_at(f"PACS@127.0.0.1:{closed_port}", "MCDETECT")
    courier = Courier(manifest.path.parent, manifest, destination, give_up_s=100)
    for _ in range(50):
        courier.next_round()
        clock.now += LONGEST_PAUSE_S + 1
    assert manifest.undelivered() == 3
    with receiving(closed_port, status=lambda _: REFUSED):
        courier.next_round()
    assert manifest.undelivered() == 3  # the first refusal is not the last attempt
    with receiving(closed_port) as (_, taken):
        clock.now += LONGEST_PAUSE_S
        courier.next_round()
        assert len(taken) == 3
    assert manifest.undelivered() == 0


def test_results_of_another_version_are_sent(courier_to, manifest, processed):
    study = processed(1)
    outcome = examination_folder(manifest.path.parent, examination_name(study)) / "outcome.json"
    document = json.loads(outcome.read_text())
    outcome.write_text(json.dumps({**document, "of_another_version": True}))
    with receiving() as (port, taken):
        assert courier_to(port).next_round() == (1, 0)
    assert [str(one.StudyInstanceUID) for one in taken] == [study]


@pytest.mark.parametrize("text", ["", "PACS", "PACS@host", "@host:104", "PACS@host:0", "P" * 17 + "@host:104"])
def test_a_wrong_destination_is_told(text):
    with pytest.raises(UsageError, match="TITLE@HOST:PORT"):
        node_at(text, "MCDETECT")


@pytest.mark.parametrize("title", ["PÄCS", "P\\CS", "  "])
def test_a_destination_or_title_that_no_association_can_name_is_told(title):
    with pytest.raises(UsageError) as refused:
        node_at(f"{title}@host:104", "MCDETECT")
    assert refused.value.code == "wrong-destination"
    with pytest.raises(UsageError) as refused:
        node_at("PACS@host:104", title)
    assert refused.value.code == "wrong-title"
