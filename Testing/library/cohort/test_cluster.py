from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from MCDetect.cohort.cluster import SchedulerLostError, workers


@pytest.fixture
def scheduler():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--no-dashboard"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    for _ in range(300):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield process, f"tcp://127.0.0.1:{port}"
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
