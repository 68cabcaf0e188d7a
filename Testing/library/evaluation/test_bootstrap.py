from __future__ import annotations

import numpy as np
import pytest

from MCDetect.evaluation.bootstrap import bootstrap_interval


def test_the_interval_of_a_mean_agrees_with_the_normal_one():
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    interval = bootstrap_interval(lambda chosen: float(values[chosen].mean()), range(400), repeats=2000)
    half = 1.96 * values.std() / 20
    assert interval.estimate == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.03)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.03)


def test_images_of_one_examination_are_drawn_together():
    examinations = ["a", "a", "b", "b", "c"]
    seen: list[tuple[int, int]] = []

    def statistic(chosen: np.ndarray) -> float:
        counts = np.bincount(chosen, minlength=5)
        assert counts[0] == counts[1]
        assert counts[2] == counts[3]
        seen.append((int(counts[0]), int(counts[4])))
        return 0.0

    bootstrap_interval(statistic, examinations, repeats=50)
    assert len(set(seen)) > 3


def test_strata_keep_their_sizes():
    strata = [True] * 3 + [False] * 7

    def statistic(chosen: np.ndarray) -> float:
        assert np.count_nonzero(chosen < 3) == 3
        return float(chosen.mean())

    bootstrap_interval(statistic, range(10), strata=strata, repeats=50)


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(20.0)
    intervals = [
        bootstrap_interval(lambda c: float(values[c].mean()), range(20), repeats=100, seed=s) for s in (3, 3, 4)
    ]
    assert intervals[0] == intervals[1] != intervals[2]


def test_undefined_resamples_are_left_out_and_nothing_but_undefined_is_refused():
    interval = bootstrap_interval(lambda c: 1.0 if 0 in c else float("nan"), range(4), repeats=100)
    assert (interval.low, interval.high) == (1.0, 1.0)
    with pytest.raises(ValueError, match="undefined"):
        bootstrap_interval(lambda c: float("nan"), range(4), repeats=10)
    with pytest.raises(ValueError, match="nothing"):
        bootstrap_interval(lambda c: 0.0, [])
