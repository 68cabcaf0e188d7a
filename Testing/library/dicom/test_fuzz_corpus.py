"""The corpus of the fuzz target, cut and changed, and pydicom's files: read or refused, quickly, in little memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from support.element_borders import element_borders
from support.largest_memory import growth_of_memory
from support.reading_of_anything import outcome

CHANGES_OF_RESULTS = int(os.environ.get("MCDETECT_DAMAGES", "50"))
"""Random changes of each result: few for everyday, 2,000 when it matters (``MCDETECT_DAMAGES=2000 pytest ...``)."""

CHANGES_OF_A_MAMMOGRAM = 2000

_MOST_MEMORY = 256
"""MiB over what the process had: a length that a damaged header promises must not be taken at its word."""

CORPUS = sorted((Path(__file__).resolve().parents[2] / "fuzz" / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_input_of_the_corpus_is_read_or_refused(path: Path) -> None:
    assert outcome(path) in {"read", "no-spacing"}


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_file_cut_at_the_border_of_any_element_is_refused(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    cut = tmp_path / "cut.dcm"
    borders = list(element_borders(content))
    assert len(borders) > 30
    for border in borders:
        cut.write_bytes(content[:border])
        assert outcome(cut) != "read", border


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_random_changes_cost_neither_time_nor_memory(path: Path, tmp_path: Path) -> None:
    content = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(1)
    damaged_file = tmp_path / "damaged.dcm"
    with growth_of_memory() as growth:
        for _ in range(CHANGES_OF_A_MAMMOGRAM if path.stem == "mammogram" else CHANGES_OF_RESULTS):
            damaged = content.copy()
            where = random.integers(132, damaged.size, random.integers(1, 12))
            damaged[where] = random.integers(0, 256, where.size)
            damaged_file.write_bytes(damaged.tobytes())
            # The time of the processor: a hang that waits for nothing is one, and a busy computer is none.
            begin = time.process_time()
            outcome(damaged_file)
            assert time.process_time() - begin < 10
    assert growth.mebibytes < _MOST_MEMORY


def test_every_file_that_ships_with_pydicom_is_refused_quickly_in_one_sentence() -> None:
    paths = [path for path in sorted(Path(pydicom.__file__).parent.glob("data/**/*")) if path.is_file()]
    assert len(paths) > 100
    with growth_of_memory() as growth:
        for path in paths:
            begin = time.process_time()
            assert outcome(path) in {"not-dicom", "not-a-result", "truncated"}, path.name
            assert time.process_time() - begin < 10
    assert growth.mebibytes < _MOST_MEMORY
