"""A finished bundle gets its cluster score and operating points again; everything else of it stays."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from MCDetect.bundles.store import find_bundle
from MCDetect.inference.cluster_score import FEATURES
from MCDetect.training import calibration, recalibrate
from MCDetect.training.calibration_fits import ClusteredView, MarkedView
from MCDetect.training.recipe import load_recipe


def found(values: list[float], right: bool) -> tuple[MarkedView, ClusteredView]:
    features = tuple(dict.fromkeys(FEATURES, value) for value in values)
    answers = (right,) * len(values)
    return MarkedView(tuple(values), answers, right), ClusteredView(features, answers, right)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    shutil.copytree(find_bundle().folder, folder)
    return folder


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have no view simulated and none looked at; return what the detector would have been asked to do."""
    asked: list[str] = []

    def examine(folder, views, task, processes, report=None, *, kind=None):
        asked.append(task.__name__)
        settings = json.loads((folder / "configs" / "inference.json").read_text())
        assert settings["faint_calcification_threshold"] < 0
        # All marks are wanted; faint groups depend on which of them are clear.
        for kind_of_mark in ("clear", "single"):
            assert (f"{kind_of_mark}_calcification_threshold" in settings) == (task.__name__ == "cluster")
        both = [found([5.0, 4.0], right=True)] * 20 + [found([3.0, 2.5, 1.0, 0.5], right=False)] * 20
        return [one[task.__name__ == "cluster"] for one in both]

    monkeypatch.setattr(calibration, "examine", examine)
    monkeypatch.setattr(calibration, "prepare_views", lambda folder, seeds, **options: [folder / str(s) for s in seeds])
    return asked


def test_scores_are_fitted_again_and_nothing_else_changes(bundle: Path, examined: list[str], tmp_path: Path) -> None:
    path = bundle / "configs" / "inference.json"
    before = json.loads(path.read_text())
    assert recalibrate.main(["--bundle", str(bundle), "--work", str(tmp_path / "work")]) == 0
    after = json.loads(path.read_text())
    assert examined == ["mark", "cluster"]
    assert after["clear_calcification_threshold"] == pytest.approx(1.75)  # two false marks a view are above it
    assert after["single_calcification_threshold"] == pytest.approx(3.0, abs=0.001)  # a quarter: above all of them
    recipe, threshold = load_recipe().calibration, before["calcification_threshold"]
    assert after["faint_calcification_threshold"] == pytest.approx(threshold - recipe.faint_margin)
    assert after["strewn_calcification_threshold"] == pytest.approx(threshold + recipe.strewn_margin)
    assert after["member_calcification_threshold"] == pytest.approx(threshold + recipe.member_margin)
    changed = {name for name in after if after[name] != before.get(name)}
    thresholds = {f"{kind}_calcification_threshold" for kind in ("faint", "strewn", "clear", "single", "member")}
    assert changed <= {"cluster_score", "clusters", "operating_points", *thresholds}
    assert after["cluster_score"] != before["cluster_score"]
    assert find_bundle(str(bundle)).sha256 != find_bundle().sha256
    told = json.loads((bundle / "docs" / "training.json").read_text())
    assert told["calibration"] == json.loads(json.dumps(asdict(recipe)))
    assert told["seconds"]["thresholds with types"] >= 0


def test_a_bundle_that_is_not_there_is_told_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert recalibrate.main(["--bundle", str(tmp_path / "none"), "--work", str(tmp_path)]) == 3
    assert str(tmp_path / "none") in " ".join(capsys.readouterr().err.split())
