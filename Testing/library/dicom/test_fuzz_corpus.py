"""The corpus of the fuzz target, cut and changed: everything is read or refused, quickly and in little memory."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from support.reading_of_anything import outcome

CORPUS = sorted((Path(__file__).resolve().parents[2] / "fuzz" / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_input_of_the_corpus_is_read_or_refused(path: Path) -> None:
    assert outcome(path) in {"read", "no-spacing"}


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_file_cut_at_the_border_of_any_element_is_refused(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    cut = tmp_path / "cut.dcm"
    begins = [element.value_tell for element in dcmread(path)._dict.values() if hasattr(element, "value_tell")]
    assert len(begins) > 10
    for begin in begins:
        for header_bytes in (8, 12):
            cut.write_bytes(content[: begin - header_bytes])
            assert outcome(cut) != "read", begin


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_random_changes_cost_neither_time_nor_memory(path: Path, tmp_path: Path) -> None:
    content = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(1)
    damaged_file = tmp_path / "damaged.dcm"
    for _ in range(15):
        damaged = content.copy()
        where = random.integers(132, damaged.size, random.integers(1, 12))
        damaged[where] = random.integers(0, 256, where.size)
        damaged_file.write_bytes(damaged.tobytes())
        begin = time.perf_counter()
        outcome(damaged_file)
        assert time.perf_counter() - begin < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * 1024**2  # kilobytes
