"""A batch against one process, and what an examination of four views costs: the figures of a plan for an archive.

All with one thread a process. The rate counts from the moment when every worker has done its first examinations, so
the start of processes, Dask and networks is not in it; ``extra_info`` holds it in examinations a minute, and the
efficiency: the rate of a batch over that of one process, divided by the number of workers. Run it on a computer that is
idle and has as many cores as there are workers.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from support.bright_bundle import make_mammogram
from support.cohorts import study_uid
from support.examination_costs import costs
from support.largest_memory import peak_mib
from support.sample_files import mammogram_dataset

from MCDetect.cohort import cluster
from MCDetect.cohort.batch import Listener, Plan, run_batch
from MCDetect.cohort.cluster import workers
from MCDetect.cohort.examination import identify
from MCDetect.cohort.records import Examination, Order, Processing
from MCDetect.outputs import FORMATS

EXAMINATIONS, ROWS, COLUMNS = 32, 1664, 1280
LEFT_OUT = 4
"""Examinations at the beginning that do not count: each of two workers loads its networks during its first."""

SPOTS = ((750, 950), (755, 958), (752, 966), (762, 954), (760, 970))
REPEATS = 3
TESTING = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Write examinations of one view of a quarter of the size of a full-field mammogram."""
    folder = tmp_path_factory.mktemp("cohort")
    pixels = (make_mammogram(SPOTS, shape=(ROWS, COLUMNS)).pixels.clip(0, None) + 100).astype("uint16")
    for number in range(EXAMINATIONS):
        pixels[10, 10] = number
        dataset = mammogram_dataset(pixels, StudyInstanceUID=study_uid(number))
        dataset.save_as(folder / f"{number:02}.dcm", enforce_file_format=True)
    return folder


def per_minute(moments: list[float]) -> float:
    """Return the rate after the start, of the moments at which examinations were done."""
    assert len(moments) == EXAMINATIONS
    return (EXAMINATIONS - LEFT_OUT) / (moments[-1] - moments[LEFT_OUT - 1]) * 60


def processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def one_process(source: Path, output: Path) -> float:
    """Run a loop without batch in a process of its own and return its rate."""
    words = [sys.executable, "-m", "support.examination_costs", str(source), str(output), ",".join(sorted(FORMATS))]
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "1")
    paths = os.pathsep.join([str(TESTING), str(TESTING.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, **one, "PYTHONPATH": paths}
    done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    return per_minute([json.loads(line)["at"] for line in done.stdout.splitlines() if line.startswith("{")])


@pytest.fixture(scope="module")
def rate_of_one(source, tmp_path_factory):
    """Return a function that gives the rate of one process, measured once."""
    return cache(lambda: one_process(source, tmp_path_factory.mktemp("one process")))


def measured(benchmark, run):
    before = processor_seconds()
    rate = benchmark.pedantic(run, rounds=1)
    benchmark.extra_info.update(
        threads=1,
        examinations=EXAMINATIONS,
        examinations_per_minute=round(rate, 2),
        processor_seconds_with_start=round(processor_seconds() - before, 2),
    )
    return rate


@pytest.mark.benchmark(group=f"{EXAMINATIONS} examinations of one view of {ROWS} x {COLUMNS}, one thread a process")
def test_one_process(benchmark, rate_of_one):
    measured(benchmark, rate_of_one)


@pytest.mark.benchmark(group=f"{EXAMINATIONS} examinations of one view of {ROWS} x {COLUMNS}, one thread a process")
@pytest.mark.parametrize("number", [1, 2], ids=lambda number: f"{number} workers")
def test_batch(benchmark, source, tmp_path, rate_of_one, number):
    class Moments(Listener):
        def __init__(self) -> None:
            self.moments: list[float] = []

        def finished(self, examination, outcome):
            assert outcome.images
            self.moments.append(time.monotonic())

    def run() -> float:
        listener = Moments()
        processing = Processing(device="cpu", formats=tuple(sorted(FORMATS)))
        plan = Plan(source, tmp_path / "results", workers=number, processing=processing)
        run_batch(plan, listener)
        return per_minute(listener.moments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cluster, "cores", lambda: number)  # one thread for each worker
        rate = measured(benchmark, run)
    benchmark.extra_info.update(
        workers=number,
        one_process_per_minute=round(rate_of_one(), 2),
        efficiency=round(rate / (number * rate_of_one()), 3),
    )


@pytest.fixture(scope="module")
def four_views(tmp_path_factory) -> Examination:
    """Simulate an examination of four views of 3328 x 2560 pixels."""
    folder = tmp_path_factory.mktemp("examination")
    words = ["-m", "MCDetect", "simulate", "--output", str(folder), "--views", "4", "--seed", "11"]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    files = tuple(str(path) for path in sorted(folder.glob("*.dcm")))
    assert len(files) == 4
    return Examination("0" * 24, study_uid(0), "", files)


@pytest.mark.benchmark(group="an examination of four views of 3328 x 2560 by a warm worker of one thread")
@pytest.mark.parametrize("formats", [tuple(sorted(FORMATS)), ("cad-sr", "json")], ids=["all formats", "json,cad-sr"])
def test_unit_costs(benchmark, four_views, tmp_path, monkeypatch, formats):
    if not Path("/proc/self/io").exists():
        pytest.skip("bytes read and written are taken from /proc")
    monkeypatch.setattr(cluster, "cores", lambda: 1)
    processing = Processing(device="cpu", formats=formats)
    with workers(None, 1, "cpu") as crew:
        algorithm = crew.result(crew.submit(identify, processing, 1))
        order = Order(str(tmp_path), processing, algorithm, 1)
        crew.result(crew.submit(costs, four_views, Order(str(tmp_path / "warming"), processing, algorithm, 1), 1))
        every = benchmark.pedantic(lambda: crew.result(crew.submit(costs, four_views, order, REPEATS)), rounds=1)
        peak = crew.result(crew.submit(peak_mib))
    # Other programs only add to time, never to bytes: the least of some times, the middle of the bytes.
    least = {name: min(one[name] for one in every) for name in every[0] if "seconds" in name}
    sizes = {name: median(one[name] for one in every) for name in every[0] if "bytes" in name}
    kinds: dict[str, int] = {}
    for path in (tmp_path / "0").rglob("*"):
        if path.is_file():
            kind = path.name.partition("_")[0] if path.suffix == ".dcm" else path.suffix.lstrip(".")
            kinds[kind] = kinds.get(kind, 0) + path.stat().st_size
    benchmark.extra_info.update(
        threads=1,
        formats=list(formats),
        device=algorithm.device,
        bundle=algorithm.bundle_sha256[:12],
        **{name: round(value, 3) for name, value in least.items()},
        **{name: int(value) for name, value in sizes.items()},
        bytes_on_disk=sum(kinds.values()),
        bytes_on_disk_of_each_kind=kinds,
        peak_mib=round(peak, 1),
        core_hours_of_a_million=round(least["processor_seconds"] * 1e6 / 3600),
    )
