"""What the benchmarks measure on: as many threads as processors, and a view of real size."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.bundles.store import find_bundle

ROWS, COLUMNS = 3328, 2560


def pytest_configure(config):
    """Know the mark of pytest-benchmark where it is not installed: tests of a GPU are asked for without it too."""
    if not config.pluginmanager.hasplugin("benchmark"):
        config.addinivalue_line("markers", "benchmark: needs pytest-benchmark")


def pytest_runtest_setup(item):
    """Skip benchmarks, before anything is made for them, where nothing could measure them."""
    if not item.config.pluginmanager.hasplugin("benchmark"):
        pytest.skip("pytest-benchmark, of the extra benchmark, is not installed")


@pytest.fixture(scope="session", autouse=True)
def _all_processors():
    """Use all processors: a test runs on one thread, a benchmark runs alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(int(os.environ.get("MCDETECT_BENCHMARK_THREADS", len(os.sched_getaffinity(0)))))
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def view():
    """Return noise of the size of a full-field view."""
    return np.random.default_rng(0).normal(0, 0.5, (ROWS, COLUMNS)).astype(np.float32)


@pytest.fixture(scope="session")
def examination(tmp_path_factory) -> Path:
    """Simulate an examination of four views of 3328 x 2560 pixels with clusters, and return its folder."""
    folder = tmp_path_factory.mktemp("examination")
    words = ["-m", "MCDetect", "simulate", "--output", str(folder), "--views", "4", "--seed", "11"]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return folder


@pytest.fixture(autouse=True)
def _conditions(benchmark):
    """Keep with each result what it was measured on."""
    benchmark.extra_info.update(
        threads=torch.get_num_threads(), torch=torch.__version__, python=platform.python_version()
    )


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config, machine_info):
    """Leave out the name of the computer; say which bundle was measured."""
    machine_info.pop("node", None)
    machine_info["bundle"] = find_bundle().sha256[:12]
