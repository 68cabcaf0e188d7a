"""The frozen injected set: made once from given mammograms, never mixed, and known by hashes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.errors import InputError
from MCDetect.findings import SpacingSource
from MCDetect.training.detection import injected_set
from MCDetect.training.detection.injected_set import as_frozen, frozen_hashes, grey_values_hash


def mammogram(grey: float) -> Mammogram:
    pixels = np.zeros((900, 700), dtype=np.float32)
    rows, columns = np.mgrid[:900, :700]
    breast = np.hypot((rows - 450) / 430, columns / 600) < 1
    noise = np.random.default_rng(0).normal(0, 20, pixels.shape)
    pixels[breast] = np.rint(grey + noise[breast])
    valid = np.ones(pixels.shape, dtype=np.bool_)
    return Mammogram(pixels, valid, Spacing(0.1, 0.1, SpacingSource.AT_DETECTOR), "L", "CC", "made")


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    grey = {"value": 1000.0}
    monkeypatch.setattr(injected_set, "read_mammogram", lambda path: mammogram(grey["value"]))
    monkeypatch.setattr(injected_set, "COPIES", 1)
    return grey


def test_every_view_of_the_set_has_a_hash():
    hashes = frozen_hashes()
    assert len(hashes) == 4 * (injected_set.COPIES + 1)
    assert {len(value) for value in hashes.values()} == {64}


def test_a_mammogram_as_it_is_keeps_its_grey_values(tmp_path: Path, source: dict[str, float]):
    plain, injected = injected_set.prepare(tmp_path, [Path("one.dcm")])
    assert np.array_equal(np.load(plain[0]), mammogram(1000.0).pixels)
    kept = json.loads(plain[0].with_suffix(".json").read_text())["sha256"]
    assert kept == grey_values_hash(mammogram(1000.0).pixels)
    assert json.loads(injected[0].with_suffix(".json").read_text())["sha256"] != kept


def test_the_same_mammograms_are_taken_again_and_others_are_refused(tmp_path: Path, source: dict[str, float]):
    made = injected_set.prepare(tmp_path, [Path("one.dcm")])
    before = made[1][0].stat().st_mtime_ns
    assert injected_set.prepare(tmp_path, [Path("renamed.dcm")]) == made
    assert made[1][0].stat().st_mtime_ns == before
    source["value"] = 1200.0
    with pytest.raises(InputError, match=r"other mammograms than one\.dcm") as caught:
        injected_set.prepare(tmp_path, [Path("one.dcm")])
    assert caught.value.code == "other-mammograms"


def test_views_of_other_mammograms_are_told_from_the_frozen_ones(
    tmp_path: Path, source: dict[str, float], monkeypatch: pytest.MonkeyPatch
):
    plain, injected = injected_set.prepare(tmp_path, [Path("one.dcm")])
    assert as_frozen(plain, injected) == {"mammograms as they were frozen": 0, "views as they were frozen": 0}
    hashes = {plain[0].stem: grey_values_hash(mammogram(1000.0).pixels)}
    monkeypatch.setattr(injected_set, "frozen_hashes", lambda: hashes)
    assert as_frozen(plain, injected) == {"mammograms as they were frozen": 1, "views as they were frozen": 0}
