from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from MCDetect.inference.cluster_score import FEATURES
from MCDetect.inference.detector import Detector
from MCDetect.networks import CalcificationUNet, ShallowCNN
from MCDetect.training.default_bundle import provisional_settings, read_settings, write_settings, write_weights


def test_a_written_bundle_is_loaded_with_the_same_weights(tmp_path: Path):
    torch.manual_seed(1)
    network = CalcificationUNet().eval().to(memory_format=torch.channels_last)
    bundle = write_weights(tmp_path / "trial", network, ShallowCNN())
    loaded = bundle.load_network("calcification_network", "model.pt", torch.device("cpu"))
    image = torch.randn(1, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(image), network(image), rtol=1e-4, atol=1e-5)
    assert bundle.metadata["checksums"].keys() == {"models/model.pt", "models/patch_classifier.pt"}


def test_a_detector_works_with_a_bundle_that_is_not_calibrated_yet(tmp_path: Path):
    torch.manual_seed(1)
    write_weights(tmp_path / "trial", CalcificationUNet(), ShallowCNN())
    detector = Detector.load(tmp_path / "trial", "cpu")
    pixels = np.random.default_rng(0).random((50, 70)).astype(np.float32)
    probability = detector.probability_map(pixels, 0.07)
    assert probability.shape == (50, 70)
    assert set(detector.operating_points) == {"high-sensitivity", "balanced", "high-specificity"}


def test_other_settings_make_another_bundle(tmp_path: Path):
    torch.manual_seed(1)
    bundle = write_weights(tmp_path / "trial", CalcificationUNet(), ShallowCNN())
    before = bundle.sha256
    settings = read_settings(bundle.folder)
    assert settings == provisional_settings()
    settings["calcification_threshold"] = 1.25
    write_settings(bundle.folder, settings)
    assert type(bundle)(bundle.name, bundle.folder).sha256 != before


def test_provisional_settings_name_every_feature_of_the_cluster_score():
    assert tuple(provisional_settings()["cluster_score"]["weights"]) == FEATURES


def test_equal_weights_give_an_equal_bundle(tmp_path: Path):
    torch.manual_seed(1)
    networks = CalcificationUNet(), ShallowCNN()
    first, second = (write_weights(tmp_path / name, *networks) for name in ("one", "two"))
    assert first.sha256 == second.sha256
