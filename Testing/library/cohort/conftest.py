from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster
from support.bright_bundle import bundle_folder

from MCDetect.cohort.batch import Listener, Plan, Report, run_batch
from MCDetect.cohort.records import Processing

__all__ = ["bundle_folder"]

RunBatch = Callable[..., Report]


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """Start two worker processes behind a scheduler; their detectors stay warm from test to test."""
    # A worker that a test kills may take long to start again on a computer that is busy.
    with dask.config.set({"distributed.deploy.lost-worker-timeout": 1e8}):
        made = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0)
        yield made
        with suppress(TimeoutError, asyncio.TimeoutError):  # nor to end
            made.close()


@pytest.fixture
def scheduler() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a scheduler without workers; return its process and address."""
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


@pytest.fixture
def batch(cluster: LocalCluster, bundle_folder: Path, tmp_path: Path) -> RunBatch:
    """Return a function that runs a batch on the workers."""

    def run(source: Path, listener: Listener | None = None, **changes: Any) -> Report:
        values: dict[str, Any] = {
            "output": tmp_path / "results",
            "scheduler": cluster.scheduler_address,
            "bundle": str(bundle_folder),
            "device": "cpu",
            "backend": "torch",
            "formats": ("json", "cad-sr"),
            **changes,
        }
        processing = Processing(
            **{field.name: values.pop(field.name) for field in fields(Processing) if field.name in values}
        )
        return run_batch(Plan(source, processing=processing, **values), listener or Listener())

    return run
