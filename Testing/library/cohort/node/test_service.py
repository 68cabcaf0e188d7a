"""The node as a process of its own, killed and started again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from support.bright_bundle import bundle_folder
from support.cohorts import write_examination
from support.dicom_nodes import receiving, send
from support.waiting import wait_until

__all__ = ["bundle_folder"]


class Node:
    """``mcdetect serve`` with one worker; ``wait`` are the seconds after which it takes fewer than two views."""

    def __init__(self, folder: Path, bundle: Path, destination: int, wait: int = 2) -> None:
        words = [sys.executable, "-m", "MCDetect", "serve", "--output", str(folder), "--bundle", str(bundle)]
        words += ["--device", "cpu", "--backend", "torch", "--workers", "1", "--port", "0", "--metrics-port", "0"]
        words += ["--stow-port", "0"]
        words += ["--views", "2", "--wait", str(wait), "--least-free", "0", "--formats", "seg,cad-sr"]
        words += ["--send-to", f"PACS@127.0.0.1:{destination}"]
        environment = {**os.environ, "XDG_STATE_HOME": str(folder.parent / "state")}
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        assert line[:1] == ["Listening"], line
        self.port, self.monitoring_port = int(line[5]), int(line[-1].rstrip("."))
        self.stow_port = int(line[line.index("STOW-RS") + 3].rstrip(","))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitoring_port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def store(self, path: Path, *, stow: bool) -> bool:
        """Send an image; say whether its receipt was acknowledged."""
        if not stow:
            return send([path], self.port) == [0]
        client = DICOMwebClient(f"http://127.0.0.1:{self.stow_port}")
        try:
            return "ReferencedSOPSequence" in client.store_instances([dcmread(path)])
        except requests.RequestException:
            return False

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=90)


@pytest.mark.slow
def test_a_node_killed_at_random_moments_loses_nothing_that_it_acknowledged(bundle_folder, tmp_path):
    chance = random.Random(5)
    cohort = [write_examination(tmp_path / "sent" / str(number), number) for number in range(6)]
    open_images = {path for paths in cohort for path in paths}
    with receiving() as (destination, taken):
        for life in range(3):
            node = Node(tmp_path / "node", bundle_folder, destination)
            try:
                killer = threading.Timer(chance.uniform(0.0, 1.5), node.process.kill)
                if life < 2:
                    killer.start()
                # As a modality does: what was not acknowledged is sent again.
                for number, path in enumerate(sorted(open_images)):
                    if node.store(path, stow=number % 2 == 1):
                        open_images.discard(path)
                    if node.process.poll() is not None:
                        break
                if life < 2:
                    assert node.process.wait(timeout=60) == -signal.SIGKILL
                    continue
                assert not open_images
                deadline = time.monotonic() + 400
                while len({str(r.StudyInstanceUID) for r in taken if r.Modality == "SR"}) < 6:
                    assert time.monotonic() < deadline, "not all results arrived"
                    time.sleep(0.2)
                while 'mcdetect_examinations{state="done"} 6.0' not in node.get("/metrics"):
                    assert time.monotonic() < deadline, node.get("/metrics")
                    time.sleep(0.2)
                health = json.loads(node.get("/health"))
                assert (health["status"], health["reasons"], health["examinations"]) == ("ok", [], [])
                assert node.end(signal.SIGTERM) == 0
            finally:
                node.process.kill()
    # Each report speaks of both views of its examination, and each view has its segmentation.
    assert len({str(r.SOPInstanceUID) for r in taken if r.Modality == "SEG"}) == 12
    complete = {
        str(r.StudyInstanceUID)
        for r in taken
        if r.Modality == "SR" and len(r.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence) == 2
    }
    assert len(complete) == 6


@contextlib.contextmanager
def served(*arguments: Any, **settings: Any) -> Iterator[Node]:
    """Run a node, and kill it if it runs still."""
    node = Node(*arguments, **settings)
    try:
        yield node
    finally:
        node.process.kill()
        node.process.wait()


class Pipe:
    """A file that can be read only as far as the test goes; at the end it is again what it was."""

    def __init__(self, path: Path) -> None:
        self._path, self._original = path, path.with_suffix(".original")
        self._writer = -1
        path.rename(self._original)
        os.mkfifo(path)

    def let_read(self, content: bool) -> None:
        """Wait until somebody reads it; give all content, or nothing, while it stays open."""
        wait_until(self._is_being_read)
        if content:
            os.set_blocking(self._writer, True)
            os.write(self._writer, self._original.read_bytes())
            self.close()

    def _is_being_read(self) -> bool:
        try:
            self._writer = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        return True

    def close(self) -> None:
        os.close(self._writer)

    def restore(self) -> None:
        self._original.replace(self._path)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_node_killed_while_it_processes_and_while_it_sends_delivers_everything_once(bundle_folder, tmp_path):
    first, second = write_examination(tmp_path / "sent", 1)
    unacknowledged, killed = threading.Event(), threading.Event()

    def status(_: Any) -> int:
        if len(taken) == 2:
            unacknowledged.set()
            assert killed.wait(600)
        return 0

    with receiving(status=status) as (destination, taken):
        settings = (tmp_path / "node", bundle_folder, destination, 3600)
        with served(*settings) as node:  # killed while a worker reads the second image
            assert node.store(first, stow=False)
            (kept,) = (tmp_path / "node" / "inbox").rglob("*.dcm")
            pipe = Pipe(kept)
            assert node.store(second, stow=False)
            pipe.let_read(content=True)
            wait_until(lambda: list((tmp_path / "node" / "examinations").glob("*/.unfinished-*")))
            pipe.let_read(content=False)
            node.process.kill()
            node.process.wait()
            pipe.close()
        pipe.restore()
        assert not taken
        with served(*settings) as node:  # killed while the second of three objects is not acknowledged yet
            assert unacknowledged.wait(600)
            node.process.kill()
            node.process.wait()
            killed.set()
        with served(*settings) as node:
            wait_until(lambda: "mcdetect_undelivered 0.0" in node.get("/metrics"))
            assert 'mcdetect_examinations{state="done"} 1.0' in node.get("/metrics")
            assert node.end(signal.SIGTERM) == 0
    results = {str(dcmread(path).SOPInstanceUID) for path in (tmp_path / "node" / "examinations").rglob("*.dcm")}
    times = Counter(str(one.SOPInstanceUID) for one in taken)
    assert set(times) == results
    assert len(results) == 3
    # What was not acknowledged comes again, and is the same, so that a PACS has it once; all else comes once.
    assert times[taken[0].SOPInstanceUID] == 1
    again = [one for one in taken if one.SOPInstanceUID == taken[1].SOPInstanceUID]
    assert len(again) >= 2
    assert all(one == again[0] for one in again)
