"""Faulty workers are replaced or retired, and their examinations are done by others."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import dask
import pytest
from support.cohorts import write_cohort

from MCDetect.cohort import engine, retiring
from MCDetect.cohort.batch import Listener
from MCDetect.cohort.cluster import Workers
from MCDetect.cohort.device_faults import DEVICE_FAILED, WorkerFaultError
from MCDetect.cohort.engine import Engine
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import FileRecord, ImageRow, Order, Outcome, Processing
from MCDetect.cohort.retiring import Retirement
from MCDetect.command_line import main
from MCDetect.errors import MCDetectError
from MCDetect.findings import Algorithm

ALGORITHM = Algorithm("MCDetect", "1", "b", "0" * 64, "balanced", 0.3, "cpu (PyTorch, fp32)")
IMAGE = ImageRow("1.2", "R", "CC", 0.5, 1, 3, 2.0, 0)


@dataclass
class Future:
    """What the worker at an address says of an examination."""

    crew: Crew
    examination: Any
    address: str

    def __post_init__(self):
        self.error = self.crew.fault(self.address, self.examination)

    @property
    def status(self):
        return "finished" if self.error is None else "error"

    def exception(self):
        return self.error

    def add_done_callback(self, call):
        call(self)


class Crew:
    """Workers of which the first has least to do, as one that fails at once; ``fault`` says what each does."""

    def __init__(self, number, fault, *, nannies=True):
        self.present = {f"tcp://{index}": f"tcp://nanny-{index}" if nannies else "" for index in range(number)}
        self.fault_code = fault
        self.attempts: list[tuple[str, str]] = []
        self.replaced: list[str] = []
        self.retired: list[str] = []
        self.sound: set[str] = set()

    def fault(self, address, examination):
        code = self.fault_code(self.present.get(address, ""), examination.study)
        if code is None:
            self.sound.add(address)
            return None
        return WorkerFaultError(code, "It cannot.", "Repair it.", address, has_worked=address in self.sound)

    @property
    def slots(self):
        return len(self.present)

    def nannies(self):
        return dict(self.present)

    def submit(self, function, examination, order, key):
        address = next(iter(self.present))
        self.attempts.append((examination.study, self.present[address]))
        return Future(self, examination, address)

    def result(self, future):
        return Outcome(future.examination.signature, "x", ALGORITHM, (IMAGE,))

    def replace(self, address):
        self.replaced.append(self.present[address])
        self.present = {f"{name}'" if name == address else name: nanny for name, nanny in self.present.items()}

    def retire(self, address, fault):
        self.retired.append(address)
        del self.present[address]
        if not self.present:
            raise AssertionError("the last one should not have been retired")

    def require_scheduler(self):
        pass


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Return a function that has a crew process examinations; it returns them by state, and what was said."""
    monkeypatch.setattr(engine, "PAUSES_S", (0.01, 0.02))

    def run(crew, number):
        studies = [f"1.2.{index}" for index in range(number)]
        said: list[str] = []
        with Manifest(tmp_path) as manifest:
            manifest.take_files([FileRecord(f"/{study}", 1, 1, study) for study in studies], 1)
            manifest.group(1)
            order = Order(str(tmp_path), Processing(), ALGORITHM)
            Engine(crew, manifest, order, retirement=Retirement(crew, said.append)).run()
            rows = manifest.rows("SELECT study, state, code, attempts FROM examinations")
        return {row["study"]: (row["state"], row["code"], row["attempts"]) for row in rows}, said

    return run


@pytest.mark.parametrize("code", ["no-cuda", "no-bf16", "no-backend"])
def test_a_worker_that_lacks_something_is_retired_and_costs_no_examination_an_attempt(process, code):
    crew = Crew(2, lambda nanny, study: code if nanny in ("tcp://nanny-0", "") else None)
    rows, said = process(crew, 30)
    assert set(rows.values()) == {("done", None, 1)}
    assert (crew.retired, crew.replaced) == (["tcp://0"], [])
    assert said == ["The worker at tcp://0 gets no more work: It cannot. Repair it."]


def test_a_worker_whose_gpu_failed_once_is_started_again_and_its_examination_done(process):
    failed = []

    def fault(nanny, study):
        if failed:
            return None
        failed.append(study)
        return DEVICE_FAILED

    crew = Crew(1, fault)
    rows, said = process(crew, 20)
    assert Counter(rows.values()) == {("done", None, 1): 19, ("done", None, 2): 1}
    assert (crew.replaced, crew.retired) == (["tcp://nanny-0"], [])
    assert said == ["The worker at tcp://0 is started again: It cannot."]


def test_a_gpu_that_fails_with_one_examination_after_the_other_is_given_up(process):
    crew = Crew(2, lambda nanny, study: DEVICE_FAILED if nanny == "tcp://nanny-0" else None)
    rows, _ = process(crew, 40)
    assert {state for state, _, _ in rows.values()} == {"done"}
    assert set(crew.replaced) == {"tcp://nanny-0"}
    assert 2 <= len(crew.replaced) <= 4
    assert len(crew.retired) == 1
    assert set(crew.present) == {"tcp://1"}


def test_without_a_nanny_it_is_given_up_at_once(process):
    crew = Crew(2, lambda nanny, study: DEVICE_FAILED if "tcp://0" in crew.present else None, nannies=False)
    rows, _ = process(crew, 10)
    assert {state for state, _, _ in rows.values()} == {"done"}
    assert (crew.replaced, crew.retired) == ([], ["tcp://0"])


def test_an_examination_with_which_every_gpu_fails_is_listed_and_ends_no_worker_for_good(process):
    deadly = {f"1.2.{index}" for index in (3, 9, 15, 21)}
    crew = Crew(1, lambda nanny, study: DEVICE_FAILED if study in deadly else None)
    rows, _ = process(crew, 25)
    for study, (state, code, attempts) in rows.items():
        if study in deadly:
            assert (state, code, attempts) == ("failed", DEVICE_FAILED, engine.MOST_ATTEMPTS)
        else:
            assert (state, code) == ("done", None)


def test_when_for_long_nothing_but_faults_has_come_it_is_told(monkeypatch):
    crew: Any = Crew(300, lambda nanny, study: "no-cuda")
    now = [100.0]
    monkeypatch.setattr(retiring.time, "monotonic", lambda: now[0])
    retirement = Retirement(crew, lambda _: None)

    def fails(index):
        retirement.take(WorkerFaultError("no-cuda", "It cannot.", "Repair it.", f"tcp://{index}"), "x")

    for index in range(61):
        fails(index)
        now[0] += 10
    with pytest.raises(MCDetectError, match="Of the last one: It cannot"):
        fails(61)
    retirement.succeeded()
    fails(62)
    assert len(crew.retired) == 63


def test_faults_with_a_quiet_time_between_them_are_not_one_long_failure(monkeypatch):
    crew: Any = Crew(300, lambda nanny, study: "no-cuda")
    now = [100.0]
    monkeypatch.setattr(retiring.time, "monotonic", lambda: now[0])
    retirement = Retirement(crew, lambda _: None)
    for index in range(5):
        retirement.take(WorkerFaultError("no-cuda", "It cannot.", "Repair it.", f"tcp://{index}"), "x")
        now[0] += 1800  # nothing came to be computed
    assert len(crew.retired) == 5


class Client:
    """A scheduler of which all workers were retired."""

    status = "running"
    scheduled: dict[str, Any] = {}  # noqa: RUF012

    def scheduler_info(self, n_workers):
        return {"workers": self.scheduled}

    def retire_workers(self, addresses, close_workers):
        assert close_workers


@pytest.mark.parametrize(("own", "waits"), [(1, False), (2, True), (0, True)])
def test_when_none_is_left_that_can_it_is_told_with_the_reason(monkeypatch, own, waits):
    now = [100.0]
    monkeypatch.setattr("MCDetect.cohort.cluster.time.monotonic", lambda: now[0])
    client: Any = Client()
    crew = Workers(client, {}, None, own=own)
    crew.require_scheduler()
    crew.retire("tcp://0", WorkerFaultError("no-cuda", "There is no CUDA.", "Install a driver.", "tcp://0"))
    if waits:  # others may have died and come back, or be brought by a queue of jobs
        crew.require_scheduler()
        now[0] += 29
        crew.require_scheduler()
        now[0] += 2
    with pytest.raises(MCDetectError) as caught:
        crew.require_scheduler()
    assert caught.value.code == "no-workers"
    assert "There is no CUDA. Install a driver. Then start again: what is complete is kept." in str(caught.value)


FAULTY = """
import os
from MCDetect.cohort import examination
from MCDetect.cohort.device_faults import WorkerFaultError, _address
from MCDetect.errors import DeviceError

def is_chosen():  # the first process that computes, and no other
    marker = "MARKER"
    try:
        os.write(os.open(marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY), str(os.getpid()).encode())
    except FileExistsError:
        pass
    with open(marker) as file:
        return file.read() == str(os.getpid())

def fails(*arguments):
    if is_chosen():
        FAULT
    return sound(*arguments)

if examination.PLACE.__module__ == examination.__name__:  # a worker may load this twice
    sound, examination.PLACE = examination.PLACE, fails
"""
LACKS = 'raise DeviceError("no-cuda", "PyTorch finds no CUDA here.", "Install a driver.")'
BREAKS = 'raise WorkerFaultError("device-failed", "The GPU does not work.", "Look at it.", _address())'


class Notes(Listener):
    def __init__(self):
        self.notes = []

    def note(self, sentence):
        self.notes.append(sentence)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "fault", "words"),
    [
        ("_warm_detector", LACKS, ["gets no more work", "finds no CUDA here"]),
        ("_detect", LACKS, ["gets no more work", "finds no CUDA here"]),
        ("_detect", BREAKS, ["is started again", "The GPU does not work"]),
    ],
)
def test_a_batch_goes_on_without_its_faulty_worker(batch, tmp_path, place, fault, words):
    code = tmp_path / "faulty.py"
    text = FAULTY.replace("MARKER", str(tmp_path / "marker")).replace("FAULT", fault)
    code.write_text(text.replace("PLACE", place))
    source = write_cohort(tmp_path / "source", 4, images=1)
    listener = Notes()
    with dask.config.set({"distributed.worker.preload": [str(code)]}):
        report = batch(source, listener, scheduler=None, workers=2, formats=("json",))
    assert (report.state.done, report.state.failed, report.failed) == (4, 0, 0)
    (note,) = listener.notes
    assert "The worker at tls://127.0.0.1:" in note
    assert all(part in note for part in words)


def test_what_all_workers_lack_ends_the_batch_at_once_with_one_sentence(bundle_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    source = write_cohort(tmp_path / "source", 3, images=1)
    words = ["batch", str(source), "--output", str(tmp_path / "results"), "--bundle", str(bundle_folder)]
    code = main([*words, "--device", "cuda", "--workers", "2", "--progress", "json"])
    told = capsys.readouterr()
    assert code not in (0, 1)
    assert told.err.count("\n") <= 2
    assert "PyTorch finds none on this computer" in told.err
    events = [json.loads(line)["event"] for line in told.out.splitlines()]
    assert not {"examination", "searching", "note"} & set(events)
    with Manifest(tmp_path / "results") as manifest:
        assert manifest.counts() == {}
