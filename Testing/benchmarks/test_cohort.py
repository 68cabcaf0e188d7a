"""Examinations one after the other in one process, and as a batch; read the ratio between the rows.

``extra_info`` holds the seconds of processors, which say what a batch costs even on a computer that others use:
its overhead is (processor seconds of the batch) / (processor seconds of one process) - 1, start of workers included.
Views have the size of full-field mammograms and go through the default detector.
"""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from support.bright_bundle import make_mammogram
from support.cohorts import study_uid
from support.sample_files import mammogram_dataset

from MCDetect.cohort.batch import Listener, Plan, run_batch
from MCDetect.cohort.records import Processing
from MCDetect.inference.detector import Detector
from MCDetect.inference.pipeline import detect_each
from MCDetect.results import ResultWriter

EXAMINATIONS, ROWS, COLUMNS = 6, 3328, 2560
FORMATS = ("json", "cad-sr", "seg", "png")
SPOTS = ((1500, 1900), (1510, 1910), (1505, 1922), (1522, 1905), (1518, 1930))


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    pixels = (make_mammogram(SPOTS, shape=(ROWS, COLUMNS)).pixels.clip(0, None) + 100).astype("uint16")
    for number in range(EXAMINATIONS):
        pixels[10, 10] = number
        dataset = mammogram_dataset(pixels, StudyInstanceUID=study_uid(number))
        dataset.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    return folder


def processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measured(benchmark, run) -> None:
    before = processor_seconds()
    benchmark.pedantic(run, rounds=1)
    benchmark.extra_info["processor seconds"] = round(processor_seconds() - before, 2)
    print(benchmark.extra_info)


@pytest.mark.benchmark(group="six examinations of one full view")
def test_one_process(benchmark, source, tmp_path):
    def run() -> None:
        detector = Detector.load("default", "cpu")
        for number in range(EXAMINATIONS):
            writer = ResultWriter(tmp_path / str(number), detector.algorithm(), FORMATS)
            for result in detect_each([source / f"{number}.dcm"], detector):
                writer.add(*result)
            writer.finish()

    measured(benchmark, run)


@pytest.mark.benchmark(group="six examinations of one full view")
@pytest.mark.parametrize("workers", [1, 2])
def test_batch(benchmark, source, tmp_path, workers):
    plan = Plan(source, tmp_path / "results", workers=workers, processing=Processing(device="cpu", formats=FORMATS))
    measured(benchmark, lambda: run_batch(plan, Listener()))
