"""An arm is trained and calibrated once, and its bundle is whole or absent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.errors import ModelError
from MCDetect.inference.cluster_score import FEATURES
from MCDetect.training import calibration, examining
from MCDetect.training.calibration_fits import ClusteredView, MarkedView
from MCDetect.training.default_data import CropSettings
from MCDetect.training.detection.ablations.arms import ARMS, REFERENCE, OneScaleDetector
from MCDetect.training.detection.ablations.training import Effort, TrainingViews, about, bundle_of
from MCDetect.training.recipe import Recipe, load_recipe

EFFORT = Effort(steps=2, workers=0, processes=1)
PLAIN = next(arm for arm in ARMS if arm.detector is OneScaleDetector)


@pytest.fixture
def recipe() -> Recipe:
    recipe = load_recipe()
    return replace(recipe, calcifications=replace(recipe.calcifications, batch=1, crop=CropSettings(size=48)))


@pytest.fixture
def views(background: Path) -> TrainingViews:
    return TrainingViews([background], [background], [background])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, type | None]]:
    """Have no view looked at; return what was asked for, and of which detector."""
    asked: list[tuple[str, type | None]] = []

    def examine(folder, views, task, processes, report=None, *, kind=None):
        asked.append((task.__name__, kind))
        marked = [MarkedView((2.0, 3.0), (False, True), False), MarkedView((4.0,), (True,), True)]
        if task.__name__ == "mark":
            return marked
        rows = [dict.fromkeys(FEATURES, value) | {"patch_logit": 0.0} for value in (1.0, 5.0)]
        return [ClusteredView((rows[0],), (False,), False), ClusteredView((rows[1],), (True,), True)]

    monkeypatch.setattr(calibration, "examine", examine)
    return asked


def test_a_bundle_is_made_once(tmp_path: Path, recipe: Recipe, views: TrainingViews, asked: list):
    told: list[str] = []
    bundle = bundle_of(PLAIN, recipe, views, tmp_path, EFFORT, report=lambda text, done: told.append(text))
    assert asked == [("mark", OneScaleDetector), ("mark", OneScaleDetector), ("cluster", OneScaleDetector)]
    assert told
    assert not (bundle.folder.parent / "unfinished").exists()
    record = about(bundle)
    assert record["steps"] == 2
    assert record["cluster_score"]["weights"]["patch_logit"] == 0
    again = bundle_of(PLAIN, recipe, views, tmp_path, EFFORT, report=lambda text, done: None)
    assert again.sha256 == bundle.sha256
    assert len(asked) == 3


def test_the_second_stage_says_nothing(tmp_path: Path, recipe: Recipe, views: TrainingViews, asked: list):
    bundle = bundle_of(REFERENCE, recipe, views, tmp_path, EFFORT, report=lambda text, done: None)
    network = bundle.load_network("patch_network", "patch_classifier.pt", torch.device("cpu"))
    with torch.inference_mode():
        assert network(torch.randn(2, 1, 144, 144)).tolist() == [0.0, 0.0]


def test_arms_begin_with_the_same_weights_and_lie_apart(
    tmp_path: Path, recipe: Recipe, views: TrainingViews, asked: list
):
    """After no training to speak of, what differs by the arm is in the examples alone."""
    still = replace(
        recipe,
        calcifications=replace(
            recipe.calcifications, trainer=replace(recipe.calcifications.trainer, learning_rate=0.0)
        ),
    )
    bundles = [bundle_of(arm, still, views, tmp_path, EFFORT, report=lambda text, done: None) for arm in ARMS[:2]]
    assert bundles[0].folder != bundles[1].folder
    states = [bundle.load_network("calcification_network", "model.pt", torch.device("cpu")) for bundle in bundles]
    for first, second in zip(*(network.parameters() for network in states), strict=True):
        assert torch.equal(first, second)


def test_another_number_of_steps_is_another_training(tmp_path: Path, recipe: Recipe, views: TrainingViews, asked: list):
    folders = {
        bundle_of(
            REFERENCE, recipe, views, tmp_path, replace(EFFORT, steps=steps), report=lambda text, done: None
        ).folder
        for steps in (1, 2)
    }
    assert len(folders) == 2


def test_an_arm_that_finds_nothing_leaves_no_bundle(
    tmp_path: Path, recipe: Recipe, views: TrainingViews, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(calibration, "examine", lambda *_, **__: [MarkedView((1.0,), (False,), False)])
    with pytest.raises(ModelError, match="Train longer"):
        bundle_of(REFERENCE, recipe, views, tmp_path, EFFORT, report=lambda text, done: None)
    assert not list(tmp_path.glob("*/bundle"))


def test_views_are_looked_at_by_the_detector_of_the_arm(
    tmp_path: Path, recipe: Recipe, views: TrainingViews, asked: list, monkeypatch: pytest.MonkeyPatch
):
    bundle = bundle_of(PLAIN, recipe, views, tmp_path, EFFORT, report=lambda text, done: None)
    monkeypatch.setattr(examining, "_detectors", {})
    threads = torch.get_num_threads()
    examining._load(str(bundle.folder), PLAIN.detector)
    torch.set_num_threads(threads)
    assert type(examining._detectors["loaded"]) is OneScaleDetector
    assert np.isfinite(bundle.settings["calcification_threshold"])
