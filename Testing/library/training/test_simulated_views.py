from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from MCDetect.findings import Calcification
from MCDetect.training.simulated_views import ViewWithTruth, load_view, prepare_views

MARK = Calcification(id=1, row=0.0, column=0.0, area_mm2=0.1, diameter_mm=0.3, score=0.5, runs=((0, 0, 1),))


@pytest.fixture
def view(tmp_path: Path) -> ViewWithTruth:
    np.save(tmp_path / "12.npy", np.full((50, 40), 7, dtype=np.uint16))
    truth = {
        "spacing_mm": 0.1,
        "laterality": "L",
        "view": "MLO",
        "calcifications": [[20.0, 10.0, 0.4, 6.0], [30.0, 30.0, 1.0, 2.0]],
        "clusters": [
            {
                "outline": [[10.0, 5.0], [10.0, 35.0], [40.0, 35.0]],
                "kind": "punctate",
                "count": 3,
                "signal_to_noise": 4.0,
            }
        ],
    }
    (tmp_path / "12.json").write_text(json.dumps(truth), encoding="utf-8")
    return load_view(tmp_path / "12.npy")


def test_a_view_is_read_as_a_mammogram_with_its_truth(view: ViewWithTruth):
    assert view.seed == 12
    assert view.mammogram.pixels.dtype == np.float32
    assert view.mammogram.pixels.shape == (50, 40)
    assert view.mammogram.spacing.millimetres == (0.1, 0.1)
    assert view.mammogram.label == "L_MLO"
    assert view.clusters[0].count == 3


def test_a_mark_is_right_within_half_a_millimetre_of_a_calcification(view: ViewWithTruth):
    assert view.is_right(replace(MARK, row=20.0, column=16.9))  # 0.2 mm radius + 0.49 mm
    assert not view.is_right(replace(MARK, row=20.0, column=17.1))
    assert view.is_right(replace(MARK, row=30.0, column=20.1))
    assert not view.is_right(MARK)
    assert not replace(view, calcifications=()).is_right(MARK)


def test_a_cluster_below_the_noise_does_not_count(view: ViewWithTruth):
    assert view.clusters[0].as_truth(4.0).counted
    assert not view.clusters[0].as_truth(4.1).counted


def test_views_that_are_there_are_not_made_again(view: ViewWithTruth, tmp_path: Path):
    assert prepare_views(tmp_path, [12], with_clusters=True) == [tmp_path / "12.npy"]
    assert load_view(tmp_path / "12.npy").clusters == view.clusters
