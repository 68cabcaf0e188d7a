from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from MCDetect.errors import UsageError
from MCDetect.training import backgrounds
from MCDetect.training.backgrounds import (
    CALIBRATION_SEEDS,
    TEST_SEEDS,
    TRAINING_SEEDS,
    decode_view,
    encode_view,
    make_missing,
    prepare_backgrounds,
)


def test_encoded_views_come_back_exactly():
    random = np.random.default_rng(0)
    pixels = random.integers(0, 4096, (40, 30)).astype(np.uint16)
    mask = random.random((40, 30)) < 0.5
    unit, again = decode_view(encode_view(pixels, mask))
    np.testing.assert_array_equal(np.rint(unit * 4095).astype(np.uint16), pixels)
    np.testing.assert_array_equal(again, mask)


def test_no_view_is_used_for_two_purposes():
    purposes = [set(TRAINING_SEEDS), set(CALIBRATION_SEEDS), set(TEST_SEEDS)]
    assert len(set.union(*purposes)) == sum(len(purpose) for purpose in purposes)


def test_views_that_are_there_are_not_made_again(tmp_path):
    for seed in (3, 4):
        np.save(tmp_path / f"{seed}.npy", np.zeros((4, 4), dtype=np.uint16))
    paths = prepare_backgrounds(tmp_path, [4, 3])
    assert [path.name for path in paths] == ["4.npy", "3.npy"]
    assert np.load(paths[0]).shape == (4, 4)


def test_views_of_another_simulator_are_not_taken_for_those_of_this_one(tmp_path, monkeypatch):
    monkeypatch.setattr(backgrounds, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(backgrounds, "_make", lambda seed, path: np.save(path, np.zeros(1)))
    prepare_backgrounds(tmp_path / "views", [1])
    assert [path.name for path in prepare_backgrounds(tmp_path / "views", [1, 2])] == ["1.npy", "2.npy"]
    monkeypatch.setattr(backgrounds, "GENERATOR_VERSION", "next")
    with pytest.raises(UsageError, match="which is next now"):
        prepare_backgrounds(tmp_path / "views", [3])
    make_missing(backgrounds._make, tmp_path / "views", [3], 1, None, any_generator=True)
