from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from support.miniature_datasets import write_simulated

from MCDetect.bundles.store import find_bundle
from MCDetect.command_line import main
from MCDetect.training.papers.recipe import _HOME


@pytest.fixture(scope="module")
def examinations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_simulated(tmp_path_factory.mktemp("examinations"), 6)


@pytest.fixture(scope="module")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = yaml.safe_load((_HOME / "lunalozoya2023.yaml").read_text("utf-8"))
    document["examples"] |= {"rows": 48, "columns": 48}
    document["stages"][0] |= {"epochs": 1, "batch": 16}
    path = tmp_path_factory.mktemp("recipe") / "small.yaml"
    path.write_text(yaml.safe_dump(document))
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


@pytest.mark.parametrize(
    ("more", "told", "code"),
    [
        (("--network", "vgg16"), "has no network 'vgg16'", 2),
        (("--fold", "3"), "has no fold 3", 2),
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


def test_an_unknown_recipe_or_data_set_is_told(examinations: Path, tmp_path: Path, capsys):
    assert train("smith2020", examinations, tmp_path / "run") == 2
    assert main(["train", "leong2022", "--dataset", "x", "--data", str(examinations), "--output", str(tmp_path)]) == 2
    assert "There is no data set 'x'" in capsys.readouterr().err


def test_a_folder_without_a_finished_training_cannot_be_evaluated(tmp_path: Path, capsys):
    assert main(["evaluate", str(tmp_path), "--output", str(tmp_path / "report")]) == 3
    assert "predictions.csv is not a file of predictions" in capsys.readouterr().err


def test_the_shipped_detector_is_fine_tuned_from_its_weights(examinations: Path, tmp_path: Path, capsys):
    assert train("default", examinations, tmp_path / "run", "--steps", "2") == 0
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
