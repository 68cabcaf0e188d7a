from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from MCDetect.training.backgrounds import CALIBRATION_SEEDS, TEST_SEEDS, TRAINING_SEEDS
from MCDetect.training.detection import frozen_set
from MCDetect.training.detection.truths import read_view_truth
from MCDetect.training.simulated_views import load_view

PLANS = [frozen_set.plan(number) for number in range(frozen_set.EXAMINATIONS)]


def test_the_set_has_at_least_200_views_of_seeds_that_nothing_else_uses():
    seeds = frozen_set.view_seeds()
    assert len(seeds) >= 200
    assert not any(set(seeds) & set(other) for other in (TRAINING_SEEDS, CALIBRATION_SEEDS, TEST_SEEDS))


def test_every_view_has_a_hash():
    assert set(frozen_set.frozen_hashes()) == {str(seed) for seed in frozen_set.view_seeds()}


def test_a_plan_depends_on_its_number_alone():
    assert frozen_set.plan(7) == PLANS[7]
    assert frozen_set.plan(7) != PLANS[8]


def test_morphologies_and_densities_take_turns():
    kinds = Counter(kind for plan in PLANS for breast in plan.kinds.values() for kind in breast)
    assert len(kinds) == 7
    assert min(kinds.values()) >= 4
    assert set(Counter(plan.density for plan in PLANS).values()) <= set(range(11, 16))


def test_a_third_of_the_examinations_hold_no_cluster():
    assert sum(not any(plan.kinds.values()) for plan in PLANS) == -(-len(PLANS) // 3)


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a view of the smallest format, with a cluster."""
    number = next(p.number for p in PLANS if p.rows == 2294 and p.kinds["R"])
    return frozen_set.prepare(tmp_path_factory.mktemp("frozen"), [frozen_set.FIRST_SEED + 4 * number], 1)[0]


def test_the_truth_holds_the_hash_of_the_grey_values(smallest):
    # Whether it is the frozen one depends on the processor's last bits; the benchmark counts and tells it.
    digest = hashlib.sha256(np.load(smallest).astype("<u2").tobytes()).hexdigest()
    assert json.loads(smallest.with_suffix(".json").read_text())["sha256"] == digest


def test_the_truth_of_a_view_says_what_is_in_it(smallest):
    truth = read_view_truth(smallest)
    planned = PLANS[frozen_set.examination_of(truth.seed)]
    assert truth.examination == str(planned.number)
    assert truth.density == planned.density
    assert [cluster.kind for cluster in truth.clusters] == [kind.value for kind in planned.kinds["R"]]
    for cluster in truth.clusters:
        assert len(cluster.members) >= 3
    assert all(c.detectability is not None and c.detectability > 0 for c in truth.calcifications)


def test_a_view_can_be_looked_at_as_those_of_calibration(smallest):
    view = load_view(smallest)
    assert view.mammogram.spacing.row_mm == pytest.approx(0.0941)
    assert len(view.clusters) == len(read_view_truth(smallest).clusters)
