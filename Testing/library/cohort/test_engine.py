"""What is tried again, when, and in whose company: with workers that fail as they are told, and a clock of our own.

Examinations whose worker died are tried again one at a time: then it is known which of them kills workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from MCDetect.cohort import engine
from MCDetect.cohort.engine import Engine
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import FileRecord, ImageRow, Order, Outcome, Processing
from MCDetect.findings import Algorithm, Refusal

ALGORITHM = Algorithm("MCDetect", "1", "b", "0" * 64, "balanced", 0.3, "cpu (PyTorch, fp32)")
IMAGE = ImageRow("1.2", "R", "CC", 0.5, 1, 3, 2.0, 0)


class KilledWorker(Exception):  # noqa: N818 (as Dask calls it)
    pass


@dataclass
class Future:
    """What a worker will say: that it died if it is to, else that all is well."""

    crew: Crew
    examination: Any
    dies: bool

    @property
    def status(self):
        return "error" if self.dies else "finished"

    def exception(self):
        self.crew.open -= 1
        return KilledWorker()

    def add_done_callback(self, call):
        call(self)


class Crew:
    """Workers that die of the ``deadly`` examinations, and take all others down that are with them at that moment."""

    def __init__(self, slots, deadly):
        self.slots, self.deadly = slots, deadly
        self.open = 0
        self.company: dict[str, list[int]] = {}  # how many others were there at each attempt

    def submit(self, function, examination, order, key):
        self.company.setdefault(examination.study, []).append(self.open)
        self.open += 1
        first = len(self.company[examination.study]) == 1
        return Future(self, examination, examination.study in self.deadly or (first and bool(self.deadly)))

    def result(self, future):
        self.open -= 1
        return Outcome(future.examination.signature, "x", ALGORITHM, (IMAGE,))

    def require_scheduler(self):
        pass


@pytest.mark.parametrize(("number", "slots"), [(3, 1), (60, 8)])
def test_those_that_died_together_are_tried_alone_and_the_deadly_one_is_listed(tmp_path, monkeypatch, number, slots):
    monkeypatch.setattr(engine, "PAUSES_S", (0.01, 0.02))
    studies = [f"1.2.{index}" for index in range(number)]
    with Manifest(tmp_path) as manifest:
        manifest.take_files([FileRecord(f"/{study}", 1, 1, study) for study in studies], 1)
        manifest.group(1)
        crew = Crew(slots, deadly={studies[1]})
        order = Order(str(tmp_path), Processing(), ALGORITHM)
        repeated: list[str] = []
        worker: Any = crew
        running = Engine(worker, manifest, order, repeated=lambda examination, _: repeated.append(examination.study))
        running.run()
        assert (running.state.done, running.state.failed) == (number - 1, 1)
        listed = manifest.rows("SELECT study, code FROM examinations WHERE state = 'failed'")
        assert [tuple(row) for row in listed] == [(studies[1], "worker-died")]
    assert any(company[0] for company in crew.company.values()), "at first several should have been handed out"
    for study, company in crew.company.items():
        assert company[1:] == [0] * (engine.MOST_ATTEMPTS - 1 if study == studies[1] else 1)
    assert sorted(repeated) == sorted([*studies, studies[1]])


def test_without_deaths_nothing_is_handed_out_alone_or_twice(tmp_path):
    studies = [f"1.2.{index}" for index in range(30)]
    with Manifest(tmp_path) as manifest:
        manifest.take_files([FileRecord(f"/{study}", 1, 1, study) for study in studies], 1)
        manifest.group(1)
        crew = Crew(4, deadly=set())
        worker: Any = crew
        Engine(worker, manifest, Order(str(tmp_path), Processing(), ALGORITHM)).run()
        assert manifest.counts() == {"done": 30}
    assert all(len(company) == 1 for company in crew.company.values())
    assert max(company[0] for company in crew.company.values()) == 11, "three for each worker"


UNREADABLE = Refusal("", "cannot-read", "It cannot be read.", "Check the disk.")


class Clock:
    """Time that passes only while it is waited for."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    def time_ns(self):
        return int(self.now * 1e9)

    def sleep(self, seconds):
        self.now += seconds


class FailingDisk(Crew):
    """Workers that cannot read some examinations so many times."""

    def __init__(self, clock, failures):
        super().__init__(slots=1, deadly=set())
        self.clock, self.failures = clock, failures
        self.moments: dict[str, list[float]] = {}

    def submit(self, function, examination, order, key):
        self.moments.setdefault(examination.study, []).append(self.clock.now)
        return super().submit(function, examination, order, key)

    def result(self, future):
        outcome = super().result(future)
        study = future.examination.study
        if len(self.moments[study]) <= self.failures.get(study, 0):
            return Outcome(outcome.signature, "x", ALGORITHM, refused=(UNREADABLE,))
        return outcome


def run_on_failing_disk(folder, monkeypatch, number, failures):
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)
    studies = [f"1.2.{index:03}" for index in range(number)]
    with Manifest(folder) as manifest:
        manifest.take_files([FileRecord(f"/{study}", 1, 1, study) for study in studies], 1)
        manifest.group(1)
        crew = FailingDisk(clock, failures)
        worker: Any = crew
        running = Engine(worker, manifest, Order(str(folder), Processing(), ALGORITHM))
        running.run()
        return crew, running.state


def test_an_attempt_comes_after_two_and_then_after_ten_seconds_and_nobody_waits_for_it(tmp_path, monkeypatch):
    crew, state = run_on_failing_disk(tmp_path, monkeypatch, 20, {"1.2.000": 2})
    assert (state.done, state.failed) == (20, 0)
    assert crew.moments.pop("1.2.000") == pytest.approx([100.0, 102.0, 112.0])
    assert all(moments == [100.0] for moments in crew.moments.values())


def test_an_examination_is_given_up_after_three_attempts(tmp_path, monkeypatch):
    crew, state = run_on_failing_disk(tmp_path, monkeypatch, 2, {"1.2.000": 9})
    assert (state.done, state.failed) == (1, 1)
    assert len(crew.moments["1.2.000"]) == engine.MOST_ATTEMPTS == 3


def test_when_so_many_fail_at_once_that_the_disk_is_away_the_others_are_kept_for_later(tmp_path, monkeypatch):
    crew, state = run_on_failing_disk(tmp_path, monkeypatch, 60, {f"1.2.{index:03}": 1 for index in range(12)})
    assert (state.done, state.failed) == (60, 0)
    begun = [study for study, moments in crew.moments.items() if moments[0] == 100.0]
    assert 8 <= len(begun) < 30, "about as many as are handed out at once"
