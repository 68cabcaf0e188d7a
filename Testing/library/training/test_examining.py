from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from MCDetect.networks import CalcificationUNet, ShallowCNN
from MCDetect.training.calibration import mark
from MCDetect.training.calibration_fits import MarkedView
from MCDetect.training.default_bundle import write_weights
from MCDetect.training.examining import examine


def test_views_are_examined_in_order_in_other_processes(tmp_path: Path):
    torch.manual_seed(0)
    bundle = write_weights(tmp_path / "trial", CalcificationUNet(), ShallowCNN())
    views = []
    for seed in (5, 3, 4):
        pixels = np.zeros((200, 160), dtype=np.uint16)
        pixels[20:180, :100] = np.random.default_rng(seed).normal(1500, 60, (160, 100)).astype(np.uint16)
        np.save(tmp_path / f"{seed}.npy", pixels)
        clusters = [{"outline": [[0, 0], [0, 9], [9, 0]], "kind": "punctate", "count": 3, "signal_to_noise": 4.0}]
        truth = {
            "spacing_mm": 0.07,
            "laterality": "L",
            "view": "CC",
            "calcifications": [],
            "clusters": clusters if seed == 3 else [],
        }
        (tmp_path / f"{seed}.json").write_text(json.dumps(truth), encoding="utf-8")
        views.append(tmp_path / f"{seed}.npy")
    done: list[float] = []
    results = examine(bundle.folder, views, mark, processes=1, report=done.append)
    assert all(isinstance(result, MarkedView) for result in results)
    assert [result.has_clusters for result in results] == [False, True, False]
    assert done == [1 / 3, 2 / 3, 1.0]
