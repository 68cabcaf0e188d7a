from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from MCDetect.simulation.view import GENERATOR_VERSION
from MCDetect.training.backgrounds import CALIBRATION_SEEDS, TEST_SEEDS, TRAINING_SEEDS
from MCDetect.training.detection import frozen_set
from MCDetect.training.detection.truths import read_view_truth
from MCDetect.training.simulated_views import load_view

REMADE = (400_040, 400_042)
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


def test_the_generator_is_the_one_that_the_set_was_frozen_with():
    # A new version of the simulator makes other views: then the set is frozen again, and all scores with it.
    assert frozen_set.frozen_generator_version() == GENERATOR_VERSION


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Make two views of the smallest format, CC and MLO, with a cluster and a fold of skin."""
    return dict(zip(REMADE, frozen_set.prepare(tmp_path_factory.mktemp("frozen"), REMADE, 2), strict=True))


@pytest.fixture
def smallest(made: dict[int, Path]) -> Path:
    return made[REMADE[0]]


def is_as_frozen(pixels: np.ndarray, seed: int) -> bool:
    """Return whether a view is the frozen one, but for the last bits, which depend on processor and libraries.

    Every 37th pixel of every 37th row is kept beside this file. Noise is drawn for each pixel, so that a simulator that
    was changed makes all of them others.
    """
    if hashlib.sha256(pixels.astype("<u2").tobytes()).hexdigest() == frozen_set.frozen_hashes()[str(seed)]:
        return True
    kept = json.loads(Path(__file__).with_name("frozen_samples.json").read_text())[str(seed)]
    if list(pixels.shape) != kept["shape"]:
        return False
    values, frozen = pixels[::37, ::37].ravel().astype(int), np.array(kept["values"])
    inside = (values > 0) | (frozen > 0)
    return bool(np.mean(np.abs(values - frozen)[inside] <= 2) > 0.99)


@pytest.mark.parametrize("seed", REMADE)
def test_a_view_that_is_made_again_is_the_one_that_was_frozen(made, seed):
    assert is_as_frozen(np.load(made[seed]), seed)


def test_a_view_that_differs_a_little_from_the_frozen_one_is_told(smallest):
    pixels, seed = np.load(smallest), REMADE[0]
    last_bits = pixels.copy()
    last_bits[pixels > 0] += np.random.default_rng(0).integers(-1, 2, np.count_nonzero(pixels)).astype(np.uint16)
    assert is_as_frozen(last_bits, seed)
    assert not is_as_frozen(np.roll(pixels, 1, axis=0), seed)
    stronger = np.rint(pixels * 1.005).astype(np.uint16)
    assert not is_as_frozen(stronger, seed)


def test_the_truth_holds_the_hash_of_the_grey_values(made):
    for path in made.values():
        digest = hashlib.sha256(np.load(path).astype("<u2").tobytes()).hexdigest()
        assert json.loads(path.with_suffix(".json").read_text())["sha256"] == digest


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
