from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.networks import CalcificationUNet, ShallowCNN
from MCDetect.preprocessing.intensity import normalise_by_local_noise
from MCDetect.training.backgrounds import decode_view, open_background
from MCDetect.training.default_bundle import write_weights
from MCDetect.training.default_data import CropDataset, CropSettings
from MCDetect.training.detection.ablations.arms import ARMS, REFERENCE, Arm, OneScaleDetector
from MCDetect.training.recipe import load_recipe

OTHERS = [arm for arm in ARMS[1:] if not arm.real]


def examples(background: Path, arm: Arm, count: int = 12) -> list:
    settings = arm.recipe(load_recipe().calcifications, 10).crop
    data = CropDataset([background], count, 3, CropSettings(**{**vars(settings), "size": 96, "lesions": 1.0}))
    return [data[index] for index in range(count)]


@pytest.fixture(scope="module")
def reference(background: Path) -> list:
    return examples(background, REFERENCE)


def test_the_reference_is_the_recipe_but_for_the_steps():
    recipe = load_recipe().calcifications
    changed = REFERENCE.recipe(recipe, 500)
    assert (changed.crop, changed.batch) == (recipe.crop, recipe.batch)
    assert changed.trainer.learning_rate == recipe.trainer.learning_rate
    assert changed.trainer.steps == 500
    assert changed.minutes is None
    assert changed.trainer.average_decay == pytest.approx(0.98)


def test_every_other_arm_leaves_out_one_part():
    recipe = load_recipe().calcifications
    for arm in OTHERS:
        crop = arm.recipe(recipe, 500).crop
        off = [name for name in ("local_noise", "distractors", "degradations") if not getattr(crop, name)]
        assert len(off) == 1
        assert vars(crop) == {**vars(recipe.crop), off[0]: False}


@pytest.mark.parametrize("arm", OTHERS, ids=lambda arm: arm.name)
def test_an_arm_changes_the_images(background: Path, reference: list, arm: Arm):
    pairs = list(zip(reference, examples(background, arm), strict=True))
    assert np.mean([not torch.equal(first[0], second[0]) for first, second in pairs]) > 0.4
    assert all(torch.isfinite(second[0]).all() for _, second in pairs)


@pytest.mark.parametrize("arm", OTHERS, ids=lambda arm: arm.name)
def test_calcifications_lie_where_they_lie_in_the_reference(background: Path, reference: list, arm: Arm):
    """How many of them can be seen may differ; none lies where the reference has tissue only."""
    overlaps = []
    for first, second in zip(reference, examples(background, arm), strict=True):
        here, there = first[1] > 0, second[1] > 0
        smaller = min(int(here.sum()), int(there.sum()))
        if smaller:
            overlaps.append(float((here & there).sum()) / smaller)
    assert len(overlaps) > 6
    assert np.mean(overlaps) > 0.9


def test_without_degradations_and_hard_negatives_a_crop_is_the_background_itself(background: Path):
    unit, mask = decode_view(open_background(background))
    whole = normalise_by_local_noise(unit, mask)
    settings = CropSettings(size=96, lesions=0.0, zoomed=0.0, distractors=False, degradations=False)
    image = CropDataset([background], 5, 1, settings)[4][0][0].numpy()
    turned = [np.rot90(image, turns)[:, ::step] for turns in range(4) for step in (1, -1)]
    # Normalised with its margin, a crop is nearly the same as cut from the normalised view.
    rows, columns = (size - 96 for size in whole.shape)
    windows = np.lib.stride_tricks.sliding_window_view(whole, (96, 96))[: rows + 1, : columns + 1]
    centres = windows[:, :, 48, 48]
    best = 0.0
    for candidate in turned:
        near = np.argwhere(np.abs(centres - candidate[48, 48]) < 0.05)
        for row, column in near[:: max(1, len(near) // 4000)]:
            best = max(
                best, float(np.corrcoef(windows[row, column, ::8, ::8].ravel(), candidate[::8, ::8].ravel())[0, 1])
            )
    assert best > 0.9


def test_one_scale_detects_what_it_was_trained_on(background: Path, tmp_path: Path):
    """A view as a detector prepares it, and crops of it as the training does, have the same scale."""
    torch.manual_seed(0)
    bundle = write_weights(tmp_path / "trial", CalcificationUNet(), ShallowCNN())
    encoded = open_background(background)
    unit, mask = decode_view(encoded)
    pixels = (unit * 4095).astype(np.float32)
    everywhere = np.ones(pixels.shape, dtype=np.bool_)
    detector = OneScaleDetector.load(str(bundle.folder), "cpu")
    prepared = detector._prepare(pixels, everywhere, mask, (0.07, 0.07))
    settings = CropSettings(size=96, lesions=0.0, zoomed=0.0, local_noise=False, distractors=False, degradations=False)
    data = CropDataset([background], 12, 2, settings)
    crops = np.stack([data[index][0][0].numpy() for index in range(12)])
    inside = prepared.normalised[120:540, 60:240]
    assert np.median(np.abs(crops)) == pytest.approx(np.median(np.abs(inside)), rel=0.3)
    # A robust deviation of 1 before the inverse hyperbolic sine.
    assert 1.4826 * np.median(np.abs(np.sinh(prepared.normalised[mask]))) == pytest.approx(1.0, abs=0.02)
