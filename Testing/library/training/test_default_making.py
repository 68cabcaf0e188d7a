"""The default bundle is made from nothing, end to end, on small views: trained, calibrated, scored, loaded, used."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.bundles.store import find_bundle
from MCDetect.inference.detector import Detector
from MCDetect.networks import CalcificationUNet
from MCDetect.simulation.view import simulate_view
from MCDetect.training import calibration, default, default_making, score_default
from MCDetect.training.backgrounds import CALIBRATION_SEEDS, TEST_SEEDS, TRAINING_SEEDS, encode_view
from MCDetect.training.default import VALIDATION_BACKGROUNDS, train_network
from MCDetect.training.default_install import install
from MCDetect.training.default_making import make_bundle
from MCDetect.training.recipe import Recipe, load_recipe
from MCDetect.training.recipe import TestRecipe as ScoredViews
from MCDetect.training.simulated_views import load_view, truth_document

ROWS, COLUMNS = 512, 400
VIEWS = 4
_LEFT_OUT = 100  # calibration seeds that the trainer's validation has
_FIRST_LESION_VIEW = 5000


def tiny() -> Recipe:
    recipe = load_recipe()

    def short(network):
        trainer = replace(network.trainer, steps=2, learning_rate=1e-5, validate_every=2)
        return replace(network, batch=2, minutes=None, trainer=trainer, crop=replace(network.crop, size=144))

    return replace(
        recipe,
        backgrounds=2,
        calcifications=short(recipe.calcifications),
        patches=short(recipe.patches),
        calibration=replace(recipe.calibration, normal_views=VIEWS, lesion_views=VIEWS),
        test=ScoredViews(1, 1),
    )


def write_view(folder: Path, seed: int, clusters: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    view = simulate_view(seed, laterality="L", view="CC", rows=ROWS, columns=COLUMNS, clusters=clusters)
    np.save(folder / f"{seed}.npy", view.pixels)
    (folder / f"{seed}.json").write_text(json.dumps(truth_document(view)))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out small views where the stages would simulate whole ones."""
    folder = tmp_path_factory.mktemp("work")
    for seed in (*TRAINING_SEEDS[:2], *CALIBRATION_SEEDS[:VALIDATION_BACKGROUNDS]):
        view = simulate_view(seed, laterality="L", view="CC", rows=ROWS, columns=COLUMNS, clusters=0, isolated=0)
        (folder / "backgrounds").mkdir(exist_ok=True)
        np.save(folder / "backgrounds" / f"{seed}.npy", encode_view(view.pixels, view.breast_mask))
    for clusters, first in enumerate((_LEFT_OUT, _FIRST_LESION_VIEW)):
        for seed in CALIBRATION_SEEDS[first:][:VIEWS]:
            write_view(folder / "calibration", seed, clusters=clusters)
    for number, seed in enumerate(TEST_SEEDS[:2]):
        write_view(folder / "scores", seed, clusters=number)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Start from the shipped weights, look at views in this process, and take the shipped types; return the stages.

    Two steps from nothing would find nothing, and the types need hundreds of views.
    """
    asked: list[str] = []

    def here(folder, views, task, processes, report=None, *, kind=None):
        asked.append(task.__name__)
        detector = Detector.load(folder, "cpu")
        return [task(detector, load_view(view)) for view in views]

    def from_shipped(network, *arguments, **options):
        file_name = "model.pt" if isinstance(network, CalcificationUNet) else "patch_classifier.pt"
        network.load_state_dict(torch.load(find_bundle().folder / "models" / file_name, weights_only=True))
        return train_network(network, *arguments, **options)

    def shipped_types(bundle, recipe, work, **options):
        asked.append("types")
        shutil.copy(find_bundle().folder / "configs" / "morphology.json", bundle / "configs")

    monkeypatch.setattr(calibration, "examine", here)
    monkeypatch.setattr(score_default, "examine", here)
    monkeypatch.setattr(default_making, "fit_types", shipped_types)
    monkeypatch.setattr(default, "train_network", from_shipped)
    return asked


STAGES = ["mark", "mark", "cluster", "types", "mark", "cluster", "detect_view"]


def test_all_stages_run_in_order_and_leave_a_bundle_that_detects(work: Path, quick: list[str], tmp_path: Path):
    def make() -> Path:
        return make_bundle(work, tiny(), recipe_name="tiny.yaml", command="make tiny", workers=0)

    shipped = find_bundle().sha256
    folder = make()
    assert quick == STAGES
    assert find_bundle().sha256 == shipped  # what is shipped is not touched

    record = json.loads((folder / "docs" / "training.json").read_text())
    assert (record["calcification_network"]["steps"], record["patch_network"]["steps"]) == (2, 2)
    # The small views lay there before: these stages were not timed whole.
    assert [record["seconds"][name] for name in ("backgrounds", "thresholds")] == [None, None]
    assert record["seconds"]["thresholds with types"] > 0

    bundle = find_bundle(folder)
    assert "Made by `make tiny`." in bundle.model_card
    assert "| total | not recorded |" in bundle.model_card
    assert bundle.sha256 in bundle.model_card

    detector = Detector.load(folder, "cpu")
    view = load_view(work / "calibration" / f"{CALIBRATION_SEEDS[_FIRST_LESION_VIEW]}.npy")
    assert view.clusters
    findings = detector.analyse(view.mammogram, 0.0)
    assert findings.calcifications
    assert 0.0 <= findings.score <= 1.0

    place = tmp_path / "package" / "bundles" / "default"
    shutil.copytree(find_bundle().folder, place)
    assert install(folder, place).sha256 == bundle.sha256
    assert not (place.parent.parent / ".bundle").exists()


def test_what_is_done_is_not_done_again_and_what_depends_on_a_change_is(work: Path, quick: list[str]):
    def make(recipe: Recipe) -> str:
        folder = make_bundle(work, recipe, recipe_name="tiny.yaml", command="make tiny", workers=0)
        return find_bundle(folder).sha256

    first = make(tiny())
    quick.clear()
    assert make(tiny()) == first
    assert quick == []
    # A run that was stopped while it scored goes on there.
    path = work / "stages.json"
    records = json.loads(path.read_text())
    path.write_text(json.dumps({**records, "scores": {**records["scores"], "done": False}}))
    assert make(tiny()) == first
    assert quick == ["detect_view"]
    # Other rates set all thresholds again, and nothing is trained.
    quick.clear()
    other = replace(tiny(), calibration=replace(tiny().calibration, faint_margin=1.0))
    assert make(other) != first
    assert quick == STAGES
    told = json.loads((work / "bundle" / "docs" / "training.json").read_text())
    assert told["calibration"]["faint_margin"] == 1.0
