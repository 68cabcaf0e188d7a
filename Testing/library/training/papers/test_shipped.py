"""The shipped bundle beside the papers' classifiers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from MCDetect.errors import InputError
from MCDetect.inference.detector import Detector
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.recipe import PaperRecipe
from MCDetect.training.papers.shipped import (
    NOT_TRAINED,
    probability_of_a_cluster,
    score_shipped_on_real_patches,
    score_shipped_on_test_part,
)
from MCDetect.training.papers.training import train_paper

NAMES = ["default, patch network", "default, calcification network"]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load("default", "cpu")


def test_three_calcifications_make_a_cluster():
    # Poisson: 1 - exp(-m) (1 + m + m^2 / 2).
    assert probability_of_a_cluster(0.0) == 0.0
    assert probability_of_a_cluster(1.0) == pytest.approx(1 - np.exp(-1) * 2.5)
    assert probability_of_a_cluster(3.0) == pytest.approx(1 - np.exp(-3) * 8.5)


def test_the_shipped_networks_are_judged_on_the_patches_that_test_a_recipe(
    detector: Detector, tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    found = score_shipped_on_test_part(detector, tiny_recipe, index, tmp_path / "cache")
    trained = train_paper(tiny_recipe, index, tmp_path)
    assert trained is not None
    assert [one.name for one in found] == NAMES
    for one in found:
        assert [(p.image, p.label) for p in one.predictions] == [(p.image, p.label) for p in trained.predictions]
        assert all(sum(p.probabilities) == pytest.approx(1) for p in one.predictions)
        assert one.about is not None
        assert (one.about["split"], one.about["dataset"]) == (NOT_TRAINED, index.name)


def test_real_patches_with_calcifications_are_told_from_those_without(detector: Detector, tmp_path: Path):
    rows, columns = np.mgrid[:60, :60]
    for label in (0, 1):
        (tmp_path / str(label)).mkdir()
        patch = np.random.default_rng(label).normal(120, 3, (60, 60))
        for number in range(8 * label):
            centre = 12 + 12 * (number // 4), 12 + 12 * (number % 4)
            patch += 45 * np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / 2.5)
        Image.fromarray(np.clip(patch, 0, 255).astype(np.uint8)).save(tmp_path / str(label) / f"case{label}_1.pgm")
    _, calcifications = score_shipped_on_real_patches(detector, tmp_path)
    assert [p.patient for p in calcifications.predictions] == ["case0", "case1"]
    assert calcifications.predictions[0].probabilities[1] < 0.5 < calcifications.predictions[1].probabilities[1]
    with pytest.raises(InputError, match="holds no patches"):
        score_shipped_on_real_patches(detector, tmp_path / "1")
