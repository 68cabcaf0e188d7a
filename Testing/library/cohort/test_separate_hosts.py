"""Workers in network namespaces: hosts of their own as far as the network goes; one is torn out in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.cohorts import write_cohort

from MCDetect.cohort.batch import Listener, Plan, run_batch
from MCDetect.cohort.examination import OUTCOME
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import Processing, examination_folder

PORT = 18786
_LONGEST_S = 240.0


def run(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class Network:
    """Two namespaces that reach this one over a bridge, and the addresses on it: ``address`` of 1 is here."""

    hosts: list[str]
    address: str


@pytest.fixture
def network() -> Iterator[Network]:
    """Make a network of its own: one that a killed run has left behind is in nobody's way."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and the command ip")
    mark = uuid.uuid4().hex[:6]
    bridge, names = f"mcb{mark}", [f"mcd{mark}{number}" for number in (1, 2)]
    address = f"10.{int(mark[:2], 16)}.{int(mark[2:4], 16)}." + "{}"
    try:
        if not run("ip", "link", "add", bridge, "type", "bridge"):
            pytest.skip("this system lets nobody make a network bridge")
        run("ip", "addr", "add", address.format(1) + "/24", "dev", bridge)
        run("ip", "link", "set", bridge, "up")
        for number, name in enumerate(names, start=2):
            ends = (f"v{mark}{number}a", f"v{mark}{number}b")
            made = (
                run("ip", "netns", "add", name)
                and run("ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1], "netns", name)
                and run("ip", "link", "set", ends[0], "master", bridge, "up")
                and run("ip", "-n", name, "addr", "add", address.format(number) + "/24", "dev", ends[1])
                and run("ip", "-n", name, "link", "set", ends[1], "up")
                and run("ip", "-n", name, "link", "set", "lo", "up")
            )
            if not made:
                pytest.skip("this system lets nobody make network namespaces")
        yield Network(names, address)
    finally:
        for name in names:
            run("ip", "netns", "del", name)
        run("ip", "link", "del", bridge)


def start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


@pytest.mark.slow
def test_a_host_torn_out_of_the_network_loses_nothing(network, bundle_folder, tmp_path):
    hosts, here = network.hosts, network.address.format(1)
    source = write_cohort(tmp_path / "source", 8, images=1)
    address = f"tcp://{here}:{PORT}"
    scheduler = start(
        *(sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", here),
        *("--port", str(PORT), "--no-dashboard"),
    )
    crew = [
        start(
            *("ip", "netns", "exec", name, sys.executable, "-m", "distributed.cli.dask_worker", address),
            *("--nthreads", "1", "--no-dashboard", "--memory-limit", "0"),
        )
        for name in hosts
    ]

    def written(name: str) -> int:
        return (examination_folder(tmp_path / "results", name) / OUTCOME).stat().st_mtime_ns

    class TearsOutAHost(Listener):
        def __init__(self) -> None:
            self.workers: set[str] = set()
            self.torn = False
            self.computed: dict[str, tuple[str, int]] = {}

        def finished(self, examination, outcome):
            assert examination.name not in self.computed
            self.computed[examination.name] = outcome.worker, written(examination.name)
            self.workers.add(outcome.worker)
            if len(self.workers) == 2 and not self.torn:
                self.torn = True
                run("ip", "-n", hosts[0], "link", "set", f"v{hosts[0][3:9]}2b", "down")
                os.killpg(crew[0].pid, signal.SIGKILL)

    listener = TearsOutAHost()
    # A batch waits for workers as long as it takes; a test does not.
    patience = threading.Timer(_LONGEST_S, os.killpg, (scheduler.pid, signal.SIGKILL))
    patience.start()
    try:
        processing = Processing(str(bundle_folder), "cpu", "torch", formats=("json",))
        plan = Plan(source, tmp_path / "results", scheduler=address, processing=processing)
        report = run_batch(plan, listener)
    finally:
        patience.cancel()
        for process in (*crew, scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert listener.torn, "both hosts should have worked"
    assert (report.state.done, report.state.failed) == (8, 0)
    with Manifest(tmp_path / "results") as manifest:
        rows = manifest.rows("SELECT name, worker, attempts FROM examinations")
    # By whom it was computed is what it was when it was told, its results were not written again, and one attempt did.
    assert {row["name"]: (row["worker"], written(row["name"])) for row in rows} == listener.computed
    assert {row["attempts"] for row in rows} == {1}
    assert {row["worker"] for row in rows} == listener.workers
