"""The whole node while its parts fail, and after an update; in this process, with real workers."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pynetdicom._config
import pytest
from distributed import Client, LocalCluster
from support.cohorts import write_examination
from support.dicom_nodes import receiving, send
from support.waiting import wait_until

from MCDetect.cohort.cluster import Workers
from MCDetect.cohort.engine import Engine
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node import service
from MCDetect.cohort.node.admission import Limits
from MCDetect.cohort.node.delivery import node_at
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.node.service import Service, serve
from MCDetect.cohort.records import Processing
from MCDetect.errors import MCDetectError, ModelError


class Running:
    """A node that runs in a thread."""

    def __init__(self, wanted: Service, tell: Callable[[str], None] = lambda _: None) -> None:
        self.told: list[str] = []
        self._stop = threading.Event()

        def say(sentence: str) -> None:
            self.told.append(sentence)
            tell(sentence)

        self.error: MCDetectError | None = None

        def run() -> None:
            try:
                serve(wanted, self._stop, say)
            except MCDetectError as error:
                self.error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        wait_until(lambda: any(line.startswith("Listening") for line in self.told))
        (self._line,) = [line for line in self.told if line.startswith("Listening")]
        self.port = int(self._line.split()[5])

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def get(self, path: str) -> str:
        port = re.findall(r"metrics on port (\d+)", self._line)[0]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def health(self) -> dict[str, Any]:
        return json.loads(self.get("/health"))

    def is_done_with(self, examinations: int) -> bool:
        return f'mcdetect_examinations{{state="done"}} {examinations}.0' in self.get("/metrics")

    def end(self) -> None:
        self._stop.set()
        self._thread.join(timeout=120)
        assert not self.alive


@pytest.fixture
def running(
    cluster: LocalCluster, bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Running]]:
    """Return a function that starts a node on the workers of the tests."""

    @contextlib.contextmanager
    def borrowed(*_: object) -> Iterator[Workers]:
        with Client(cluster.scheduler_address, set_as_default=False) as client:
            yield Workers(client, {}, 1)

    monkeypatch.setattr(service, "workers", borrowed)
    monkeypatch.setattr(service, "_AFTER_FAILURE_S", 0.5)
    for name in ("STORE_RECV_CHUNKED_DATASET", "LOG_HANDLER_LEVEL"):  # the node sets them for its process
        monkeypatch.setattr(pynetdicom._config, name, getattr(pynetdicom._config, name))
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "node").mkdir()
    started: list[Running] = []

    def start(tell: Callable[[str], None] = lambda _: None, **changes: Any) -> Running:
        processing = Processing(str(bundle_folder), "cpu", "torch", formats=("cad-sr",))
        wanted = Service(tmp_path / "node", port=0, limits=Limits(free_bytes=0), views=1, monitoring=("127.0.0.1", 0))
        formats = changes.pop("formats", processing.formats)
        wanted = replace(wanted, processing=replace(processing, formats=formats), **changes)
        started.append(Running(wanted, tell))
        return started[-1]

    yield start
    for node in started:
        node.end()


@pytest.mark.parametrize(
    "error",
    [
        MCDetectError("cannot-open", "Something that may pass."),
        ModelError("other-model", "A worker runs another bundle."),
        FileNotFoundError("gone"),
    ],
)
def test_a_round_that_fails_is_shown_while_that_lasts_and_ends_nothing(running, tmp_path, monkeypatch, error):
    real_step = Engine.step
    lasts = threading.Event()
    lasts.set()
    rounds: list[None] = []

    def step(engine: Engine, patience_s: float) -> bool:
        if lasts.is_set():
            rounds.append(None)
            raise error
        return real_step(engine, patience_s)

    monkeypatch.setattr(Engine, "step", step)
    node = running()
    wait_until(lambda: node.health()["status"] == "failing")
    told = len(node.told)
    assert send(write_examination(tmp_path / "sent", 1, images=1), node.port) == [0]  # images are taken all the same
    number = len(rounds)
    wait_until(lambda: len(rounds) > number + 1)
    assert node.health()["status"] == "failing"
    assert len(node.told) == told  # once
    lasts.clear()
    wait_until(lambda: node.is_done_with(1))
    assert node.health()["reasons"] == []


def test_without_workers_for_good_the_node_ends_with_the_reason_and_the_next_goes_on(running, tmp_path, monkeypatch):
    real_step = Engine.step
    error = MCDetectError("no-workers", "The worker processes have ended and cannot be started again.")
    may_work, lost = threading.Event(), threading.Event()

    def step(engine: Engine, patience_s: float) -> bool:
        if lost.is_set():
            raise error
        return real_step(engine, patience_s) if may_work.is_set() else False

    monkeypatch.setattr(Engine, "step", step)
    node = running()
    assert send(write_examination(tmp_path / "sent", 1, images=1), node.port) == [0]
    lost.set()
    wait_until(lambda: not node.alive)
    assert node.error is error
    lost.clear()
    may_work.set()
    again = running()
    wait_until(lambda: again.is_done_with(1))


def test_a_sweep_that_fails_is_shown_and_ends_nothing(running, tmp_path, monkeypatch):
    def sweep(*_: object) -> int:
        raise PermissionError("not yours")

    monkeypatch.setattr(Inbox, "sweep", sweep)
    node = running()
    assert send(write_examination(tmp_path / "sent", 1, images=1), node.port) == [0]
    wait_until(lambda: node.is_done_with(1))
    (reason,) = node.health()["reasons"]
    assert "removal of old images" in reason


def test_it_goes_on_when_nobody_hears_what_it_says(running, tmp_path):
    def tell(sentence: str) -> None:
        if not sentence.startswith("Listening"):
            raise BrokenPipeError

    node = running(tell)
    for number in range(2):
        assert send(write_examination(tmp_path / "sent" / str(number), number, images=1), node.port) == [0]
        wait_until(lambda number=number: node.is_done_with(number + 1))
    assert node.health()["status"] == "ok"


def test_after_an_update_what_was_acknowledged_is_processed_and_what_was_finished_is_delivered(running, tmp_path):
    (first,), (second,) = (write_examination(tmp_path / str(number), number, images=1) for number in range(2))
    with receiving() as (port, taken):
        away = node_at("PACS@127.0.0.1:1", "MCDETECT")
        node = running(destination=away)
        assert send([first], node.port) == [0]
        wait_until(lambda: node.health()["delivery"]["away"])
        assert node.health()["delivery"]["waiting"] == 1
        assert node.health()["status"] == "ok"
        node.end()
        node = running(destination=away, views=4)
        assert send([second], node.port) == [0]  # waits for more images
        node.end()
        with Manifest(tmp_path / "node") as manifest, manifest.transaction() as database:
            database.execute("UPDATE facts SET value = '0.0.1' WHERE name = 'version'")
        node = running(destination=node_at(f"PACS@127.0.0.1:{port}", "MCDETECT"), formats=("cad-sr", "seg"), wait_s=0.1)
        assert "version 0.0.1 before" in node.told[0]
        assert "list of formats cad-sr before, cad-sr,seg now" in node.told[0]
        wait_until(lambda: node.is_done_with(2) and node.health()["delivery"]["waiting"] == 0)
        node.end()
    kinds = {str(one.StudyInstanceUID): [] for one in taken}
    for one in taken:
        kinds[str(one.StudyInstanceUID)].append(one.Modality)
    assert sorted(map(sorted, kinds.values())) == [["SEG", "SR"], ["SR"]]


def test_an_update_is_told_in_one_sentence_and_only_once(running):
    running().end()
    node = running(formats=("json",))
    assert sum("Other settings" in line for line in node.told) == 1
    node.end()
    assert not any("Other settings" in line for line in running(formats=("json",)).told)


def test_the_command_ends_well_though_nobody_reads_what_it_says():
    script = "from MCDetect.commands.serve import _say; input(); _say('one'); _say('two')"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(b"go\n")
    process.stdin.close()
    assert process.wait(timeout=120) == 0
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == b""
