"""Findings of four views of real size in, files out: each format by itself, and all that are written by default."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pytest
from support.timing import least_seconds

import MCDetect
from MCDetect.dicom.reading import read_mammogram
from MCDetect.findings import Findings
from MCDetect.outputs import FORMATS, OPTIONAL_FORMATS
from MCDetect.results import ResultWriter

NAMES = {(name,): name for name in (*FORMATS, *OPTIONAL_FORMATS)} | {FORMATS: "all by default"}


@pytest.fixture(scope="module")
def found(examination) -> Findings:
    return MCDetect.detect(examination, device="cpu", backend="torch")


@pytest.fixture(scope="module")
def write(found) -> Callable[[Path, Collection[str]], ResultWriter]:
    """Return a function that writes what was found into a folder."""
    mammograms = [read_mammogram(Path(image.source)) for image in found.images]
    # A map of probabilities is stored uncompressed, whatever it holds.
    probability = np.random.default_rng(0).random(mammograms[0].shape, dtype=np.float32)

    def write_all(folder: Path, formats: Collection[str]) -> ResultWriter:
        writer = ResultWriter(folder, found.algorithm, formats)
        for mammogram, image in zip(mammograms, found.images, strict=True):
            writer.add(mammogram, image, probability)
        writer.finish()
        return writer

    return write_all


@pytest.mark.benchmark(group="writing the results of four 3328 x 2560 views")
@pytest.mark.parametrize("formats", NAMES, ids=NAMES.get)
def test_writing(benchmark, found, write, tmp_path, formats):
    writer = benchmark.pedantic(write, (tmp_path, formats), rounds=2, warmup_rounds=1)
    assert writer.problems == []
    benchmark.extra_info.update(
        seconds=least_seconds(lambda: write(tmp_path, formats), 3)._asdict(),
        bytes_written=sum(path.stat().st_size for path in writer.files),
        files=len(writer.files),
        views=len(found.images),
        clusters=sum(len(image.clusters) for image in found.images),
        calcifications=sum(len(image.calcifications) for image in found.images),
    )
