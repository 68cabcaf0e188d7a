"""A bundle that marks bright pixels and views to try it on: for tests of behaviour, not of what is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.bundles.store import seal
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.findings import SpacingSource

SETTINGS = {
    "spacing_mm": 0.07,
    "calcification_network": {"_target_": "MCDetect.networks.CalcificationUNet"},
    "patch_network": {"_target_": "MCDetect.networks.ShallowCNN"},
    "calcification_threshold": 0.0,
    "calcification_calibration": {"slope": 1.0, "intercept": 0.0},
    "clusters": {"linking_distance_mm": 5.0, "minimum_count": 3, "outline_margin_mm": 1.0},
    "cluster_score": {"intercept": -1.0, "weights": {"third_highest_logit": 0.5, "log_count": 0.2}},
    "operating_points": {"high-sensitivity": 0.1, "balanced": 0.3, "high-specificity": 0.6},
    "default_operating_point": "balanced",
}


def bright_pixel_weights() -> dict[str, Any]:
    """Return weights that make CalcificationUNet pass its input on at full resolution, times 8, less 20."""
    from MCDetect.networks import CalcificationUNet

    network = CalcificationUNet()
    for parameter in network.parameters():
        parameter.data.zero_()
    state = network.state_dict()
    for index in (0, 3):  # the encoder of the finest level copies its four channels through both convolutions
        for channel in range(4):
            state[f"encoders.0.{index}.weight"][channel, channel, 1, 1] = 1
        state[f"encoders.0.{index + 1}.weight"].fill_(1)
    for channel in range(4):  # the finest decoder copies the skipped channels, which come first
        state["decoders.0.0.weight"][channel, channel, 1, 1] = 1
        state["decoders.0.3.weight"][channel, channel, 1, 1] = 1
        state["head.weight"][channel, channel] = 8
    state["decoders.0.1.weight"].fill_(1)
    state["decoders.0.4.weight"].fill_(1)
    state["head.bias"].fill_(-20)
    return state


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory) -> Path:
    """Make a sealed bundle whose calcification network marks bright pixels."""
    import torch

    from MCDetect.networks import ShallowCNN

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bundles") / "bright"
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    (folder / "configs" / "inference.json").write_text(json.dumps(SETTINGS))
    (folder / "configs" / "metadata.json").write_text(json.dumps({"version": "1.0.0"}))
    torch.save(bright_pixel_weights(), folder / "models" / "model.pt")
    torch.save(ShallowCNN().state_dict(), folder / "models" / "patch_classifier.pt")
    seal(folder)
    return folder


@pytest.fixture
def own_bundle(bundle_folder, tmp_path) -> Path:
    """Copy the bundle, for a test that damages it."""
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


def make_mammogram(spots=(), *, shape=(512, 400), spacing_mm=0.07, seed=0, laterality="R", view="CC") -> Mammogram:
    """Return a right half-ellipse of noisy tissue with bright 3 x 3 ``spots`` at (row, column)."""
    rows, columns = shape
    row, column = np.mgrid[:rows, :columns]
    tissue = ((row - rows / 2) / (0.48 * rows)) ** 2 + ((columns - column) / (0.9 * columns)) ** 2 < 1
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 1.0)
    thickness = ndimage.gaussian_filter(tissue.astype(np.float64), 20.0)
    pixels = np.where(tissue, 300 * thickness + 20 * noise / noise.std(), 0).astype(np.float32)
    for spot_row, spot_column in spots:
        pixels[spot_row - 1 : spot_row + 2, spot_column - 1 : spot_column + 2] += 1000
    return Mammogram(
        pixels=pixels,
        valid=np.ones(shape, dtype=bool),
        spacing=Spacing(spacing_mm, spacing_mm, SpacingSource.AT_DETECTOR),
        laterality=laterality,
        view=view,
        source="made by a test",
    )
