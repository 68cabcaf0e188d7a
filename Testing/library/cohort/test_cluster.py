from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import dask
import pytest
from distributed import Client
from support.cohorts import write_cohort

from MCDetect.cohort import cluster
from MCDetect.cohort.cluster import GPU, SchedulerLostError, Workers, workers
from MCDetect.cohort.engine import Engine
from MCDetect.cohort.examination import identify
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import Order, Processing
from MCDetect.cohort.searching import search
from MCDetect.cohort.source import Source
from MCDetect.errors import MCDetectError


def test_what_goes_wrong_because_the_scheduler_died_is_told_as_that(scheduler):
    process, address = scheduler

    def stumble():
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise MemoryError("half a message from a dying scheduler, read as a length")

    with pytest.raises(SchedulerLostError, match="lost"), workers(address, None, "cpu"):
        stumble()


def test_what_goes_wrong_otherwise_is_not_taken_for_that(scheduler):
    with pytest.raises(MemoryError, match="really"), workers(scheduler[1], None, "cpu"):
        raise MemoryError("really")


def test_workers_of_our_own_that_do_not_return_end_the_wait(scheduler, monkeypatch):
    with Client(scheduler[1], set_as_default=False) as client:
        for own in (0, 1):
            crew = Workers(client, {}, None, own=own)
            crew.require_scheduler()  # workers of others may still come
            crew.require_scheduler()
        monkeypatch.setattr(cluster, "_LONGEST_WITHOUT_S", 0.0)
        with pytest.raises(MCDetectError, match="cannot be started again"):
            crew.require_scheduler()


def test_a_cluster_of_this_computer_never_gives_a_worker_up_for_restarting_slowly():
    with workers(None, 1, "cpu"):
        assert dask.config.get("distributed.deploy.lost-worker-timeout") > 1e6


@pytest.fixture
def tagged_and_plain(scheduler):
    """Start two workers, one with two threads and the tag of a GPU worker; return their processes."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler[1], "--no-nanny", "--no-dashboard"]
    words = (["--nthreads", "2", "--resources", f"{GPU}=1"], ["--nthreads", "1"])
    started = [
        subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for more in words
    ]
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_work_for_gpus_goes_to_workers_with_that_tag_alone(scheduler, tagged_and_plain, bundle_folder, tmp_path):
    source = write_cohort(tmp_path / "source", 6, images=1)
    output = tmp_path / "results"
    output.mkdir()
    processing = Processing(str(bundle_folder), "cpu", "torch", formats=("json",))  # there need not be a GPU
    outcomes = []
    with workers(scheduler[1], None, "cuda") as crew, Manifest(output) as manifest:
        crew.client.wait_for_workers(2, timeout=120)
        assert crew.slots == 1
        algorithm = crew.result(crew.submit(identify, processing, None))
        search(Source(source, output), manifest, crew, lambda files: None)
        engine = Engine(
            crew, manifest, Order(str(output), processing, algorithm), lambda _, done: outcomes.append(done)
        )
        engine.run()
        assert engine.state.done == 6
    tagged, plain = tagged_and_plain
    assert {outcome.worker for outcome in outcomes} == {f"{socket.gethostname()}:{tagged.pid}"}
    assert plain.poll() is None, "the other worker should have been there all the time"


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_other_work_goes_to_all_workers_whatever_their_tags(scheduler, tagged_and_plain, device):
    with workers(scheduler[1], None, device) as crew:
        crew.client.wait_for_workers(2, timeout=120)
        assert (crew.slots, crew.resources) == (3, {})
