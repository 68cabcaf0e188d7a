from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from support.miniature_datasets import write_simulated

from MCDetect.bundles.store import find_bundle
from MCDetect.command_line import main
from MCDetect.training.papers.real_patches import fitted
from MCDetect.training.papers.recipe import _HOME, ExampleSettings


@pytest.fixture(scope="module")
def examinations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_simulated(tmp_path_factory.mktemp("examinations"), 6)


@pytest.fixture(scope="module")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = yaml.safe_load((_HOME / "lunalozoya2023.yaml").read_text("utf-8"))
    document["examples"] |= {"rows": 48, "columns": 48}
    document["stages"][0] |= {"epochs": 1, "batch": 16}
    path = tmp_path_factory.mktemp("recipe") / "small.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def train(recipe: object, data: Path, output: Path, *more: str) -> int:
    words = ["--dataset", "simulated", "--data", str(data), "--output", str(output), "--device", "cpu"]
    return main(["train", str(recipe), *words, *more])


def test_a_recipe_is_trained_and_reported(examinations: Path, small_recipe: Path, tmp_path: Path, capsys):
    assert train(small_recipe, examinations, tmp_path / "run") == 0
    told = capsys.readouterr()
    assert "starts from scratch" in told.err
    assert str(tmp_path / "run" / "bundle") in told.out
    assert main(["evaluate", str(tmp_path / "run"), "--output", str(tmp_path / "report"), "--repeats", "20"]) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["runs"][0]["about"]["dataset"] == "simulated"
    assert (tmp_path / "report" / "report.html").is_file()
    assert "report.html" in capsys.readouterr().out


@pytest.fixture(scope="module")
def run(examinations: Path, small_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run")
    assert train(small_recipe, examinations, output) == 0
    return output


def test_a_classifier_of_a_paper_is_no_detector(run: Path, examinations: Path, tmp_path: Path, capsys):
    words = ["detect", str(examinations), "--output", str(tmp_path / "found"), "--bundle", str(run / "bundle")]
    assert main(words) == 3
    assert "cannot detect in whole mammograms" in capsys.readouterr().err


def test_a_patch_classifier_is_judged_on_other_patches(run: Path, tmp_path: Path, capsys):
    random = np.random.default_rng(0)
    for label in (0, 1):
        (tmp_path / "patches" / str(label)).mkdir(parents=True)
        for number in range(4):
            pixels = random.integers(90, 120, (60, 60)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "patches" / str(label) / f"{number}_a.pgm")
    words = ["evaluate", str(run), "--output", str(tmp_path / "report"), "--repeats", "20", "--patches"]
    assert main([*words, str(tmp_path / "patches")]) == 0
    (found,) = json.loads((tmp_path / "report" / "report.json").read_text())["runs"]
    assert (found["examples"], found["patients"]) == (8, 4)
    assert (found["about"]["dataset"], found["about"]["trained on"]) == ("real patches", "simulated")
    assert found["published on other data"] == {}
    assert main([*words, str(tmp_path)]) == 3
    assert "holds no patches" in capsys.readouterr().err


def test_a_patch_is_mirrored_at_its_edges_or_cut_to_the_size_of_the_recipe():
    patch = np.arange(60 * 60).reshape(60, 60).astype(np.uint8)
    wide = fitted(patch, ExampleSettings("grid", ("a", "b"), rows=100, columns=60))
    assert wide.shape == (100, 60)
    assert (wide[20:80] == patch).all()
    assert (wide[:20] == patch[19::-1]).all()
    assert (fitted(patch, ExampleSettings("grid", ("a", "b"), rows=20, columns=20)) == patch[20:40, 20:40]).all()
    finer = fitted(patch, ExampleSettings("grid", ("a", "b"), rows=144, columns=144, spacing_mm=0.07))
    assert finer.shape == (144, 144)


def test_all_folds_are_trained_in_turn_and_judged_as_one(examinations: Path, small_recipe: Path, tmp_path: Path):
    document = yaml.safe_load(small_recipe.read_text())
    document["split"] = {"training": 0.34, "validation": 0.33, "test": 0.33, "folds": 3}
    document["examples"]["balanced"] = False
    recipe = tmp_path / "folds.yaml"
    recipe.write_text(yaml.safe_dump(document, sort_keys=False))
    assert train(recipe, examinations, tmp_path / "run", "--fold", "all") == 0
    folders = [str(tmp_path / "run" / f"fold-{fold}") for fold in range(3)]
    assert main(["evaluate", *folders, "--output", str(tmp_path / "report"), "--repeats", "20"]) == 0
    *single, together = json.loads((tmp_path / "report" / "report.json").read_text())["runs"]
    assert together["name"].endswith("folds 0, 1, 2")
    assert together["examples"] == sum(one["examples"] for one in single)
    assert together["patients"] == sum(one["patients"] for one in single) == 6


def test_a_search_leaves_what_it_drew(examinations: Path, small_recipe: Path, tmp_path: Path):
    assert train(small_recipe, examinations, tmp_path / "run", "--search", "1") == 0
    assert len(json.loads((tmp_path / "run" / "search.json").read_text())["trials"]) == 1


@pytest.mark.slow
def test_two_processes_train_a_recipe_and_one_bundle_comes_of_it(
    examinations: Path, small_recipe: Path, tmp_path: Path
):
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "MCDetect", "train"]
    more = ["--dataset", "simulated", "--data", str(examinations), "--output", str(tmp_path / "run"), "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, *words, str(small_recipe), *more],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert main(["evaluate", str(tmp_path / "run"), "--output", str(tmp_path / "report"), "--repeats", "20"]) == 0


@pytest.mark.parametrize(
    ("more", "told", "code"),
    [
        (("--network", "vgg16"), "has no network 'vgg16'", 2),
        (("--fold", "3"), "has no fold 3", 2),
        (("--fold", "all", "--search", "1"), "--search does not search in folds", 2),
        (("--pretrained", "missing.pth"), "missing.pth cannot be read as a file of weights", 3),
        (("--optimizer", "sgdx"), "sgdx", 2),
    ],
)
def test_choices_that_do_not_fit_are_told_in_one_sentence(
    more: tuple[str, ...], told: str, code: int, *, examinations: Path, small_recipe: Path, tmp_path: Path, capsys
):
    assert train(small_recipe, examinations, tmp_path / "run", *more) == code
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    assert not (tmp_path / "run" / "cache").exists()


def test_what_a_half_downloaded_data_set_lacks_is_told_before_the_training(
    examinations: Path, small_recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree(examinations, tmp_path / "data")
    lost = sorted((tmp_path / "data").rglob("*.dcm"))[::3]
    for image in lost:
        image.unlink()
    assert train(small_recipe, tmp_path / "data", tmp_path / "run", "--network", "lenet5") == 2  # too small for it
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("is missing, though") == min(len(lost), 10)


def test_the_default_recipe_is_refused_in_several_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", "default", "--output", str(tmp_path / "run")]) == 2
    assert "without torchrun" in capsys.readouterr().err


def test_an_unknown_recipe_or_data_set_is_told(examinations: Path, tmp_path: Path, capsys):
    assert train("smith2020", examinations, tmp_path / "run") == 2
    assert main(["train", "leong2022", "--dataset", "x", "--data", str(examinations), "--output", str(tmp_path)]) == 2
    assert "There is no data set 'x'" in capsys.readouterr().err


def test_what_the_default_recipe_and_those_of_papers_need_is_told(examinations: Path, tmp_path: Path, capsys):
    assert main(["train", "leong2022", "--output", str(tmp_path)]) == 2
    assert "needs data" in capsys.readouterr().err
    assert main(["train", "default", "--dataset", "inbreast", "--output", str(tmp_path)]) == 2
    assert "has no folder" in capsys.readouterr().err
    assert main(["train", "default", "--data", str(examinations), "--output", str(tmp_path)]) == 2
    assert "is not said" in capsys.readouterr().err


def test_the_default_recipe_is_that_of_the_detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[list[str]] = []
    monkeypatch.setattr("MCDetect.training.default.main", lambda words: asked.append(words) or 0)
    assert main(["train", "default", "--output", str(tmp_path)]) == 0
    assert asked.pop() == ["--output", str(tmp_path), "--recipe", "default", "--device", "auto"]
    more = ["--device", "cuda", "--steps", "9", "--workers", "3"]
    assert main(["train", "default-gpu", "--output", str(tmp_path), *more]) == 0
    assert asked.pop() == [
        *("--output", str(tmp_path), "--recipe", "default-gpu", "--device", "cuda"),
        *("--steps", "9", "--workers", "3"),
    ]


@pytest.mark.parametrize("data", [False, True], ids=["from nothing", "fine-tuned"])
@pytest.mark.parametrize(
    "more",
    [
        ("--network", "vgg16"),
        ("--pretrained", "weights.pth"),
        ("--epochs", "3"),
        ("--optimizer", "adam"),
        ("--search", "2"),
        ("--split", "paper"),
        ("--fold", "1"),
        ("--fold", "all"),
    ],
    ids=" ".join,
)
def test_what_has_no_meaning_for_the_detector_is_refused_and_not_left_out_in_silence(
    more: tuple[str, ...], tmp_path: Path, capsys, *, data: bool
):
    words = ["train", "default", "--output", str(tmp_path / "run"), *more]
    words += ["--dataset", "simulated", "--data", str(tmp_path)] if data else []
    assert main(words) == 2
    assert f"{more[0]} is for the papers' recipes" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_steps_are_not_for_the_recipes_of_papers_nor_data_for_the_recipe_of_a_gpu(tmp_path: Path, capsys):
    words = ["--dataset", "simulated", "--data", str(tmp_path), "--output", str(tmp_path / "run")]
    assert main(["train", "leong2022", *words, "--steps", "3"]) == 2
    assert "--steps is for the recipe default" in capsys.readouterr().err
    assert main(["train", "default-gpu", *words]) == 2
    assert "trains from nothing, without data" in capsys.readouterr().err


def test_a_folder_without_a_finished_training_cannot_be_evaluated(tmp_path: Path, capsys):
    assert main(["evaluate", str(tmp_path), "--output", str(tmp_path / "report")]) == 3
    assert "predictions.csv is not a file of predictions" in capsys.readouterr().err


def test_the_shipped_detector_is_fine_tuned_from_its_weights(examinations: Path, tmp_path: Path, capsys):
    assert train("default", examinations, tmp_path / "run", "--steps", "2", "--workers", "1") == 0
    assert str(tmp_path / "run" / "bundle") in capsys.readouterr().out
    tuned, shipped = find_bundle(tmp_path / "run" / "bundle"), find_bundle()
    assert tuned.sha256 != shipped.sha256
    weights = [
        torch.load(bundle.folder / "models" / "model.pt", weights_only=True)["head.weight"]
        for bundle in (tuned, shipped)
    ]
    # Two slow steps from the shipped weights lead nowhere else.
    assert 0 < float((weights[0] - weights[1]).abs().max()) < 0.02
    assert "scores" in tuned.model_card
    assert json.loads((tuned.folder / "docs" / "training.json").read_text())["fine_tuned"]["steps"] == 2


def test_a_choice_of_the_papers_is_refused_with_the_default_recipe(examinations: Path, tmp_path: Path, capsys):
    assert train("default", examinations, tmp_path / "run", "--epochs", "1") == 2
    assert "--epochs is for the papers" in capsys.readouterr().err
