"""From trained networks and what they found to the document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.bundles.store import find_bundle
from MCDetect.errors import InputError, ModelError, UsageError
from MCDetect.evaluation.hits import Candidate
from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.detection.patch_areas import AREAS, EQUAL_AREAS
from MCDetect.training.detection.published import document, running, scanning
from MCDetect.training.detection.published.__main__ import main
from MCDetect.training.detection.published.networks import NETWORKS
from MCDetect.training.detection.published.running import OURS, PublishedSettings, figures
from MCDetect.training.detection.published.training import Effort, load_trained, read_record, trained
from MCDetect.training.detection.truths import TrueCalcification, TrueCluster, ViewTruth
from MCDetect.training.patch_scores import patch_logit
from MCDetect.training.recipe import Recipe, load_recipe

SHALLOW, BLIND = NETWORKS[0], NETWORKS[1].name
OUTLINE = ((90.0, 90.0), (90.0, 122.0), (122.0, 122.0), (122.0, 90.0))
ELSEWHERE = tuple((row + 700.0, column) for row, column in OUTLINE)
EFFORT = Effort(steps=2, precision="float32", workers=0)


def truth(number: int, with_cluster: bool) -> ViewTruth:
    calcifications = (TrueCalcification(100.0, 100.0, 0.3, 8.0, 12.0, "punctate"),) if with_cluster else ()
    clusters = (TrueCluster(OUTLINE, "punctate", 8.0, (0,)),) if with_cluster else ()
    return ViewTruth(400_000 + number, str(number // 2), 0.1, "b", "", calcifications, clusters)


TRUTHS = [truth(number, number % 4 < 2) for number in range(16)]
FOUND = {
    OURS: [(Candidate(OUTLINE, 0.9),) if one.clusters else (Candidate(ELSEWHERE, 0.1),) for one in TRUTHS],
    BLIND: [(Candidate(ELSEWHERE, 1.0),) for _ in TRUTHS],
}


@pytest.fixture(autouse=True)
def few_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("MCDetect.training.detection.figures._REPEATS", 10)


@pytest.fixture
def recipe() -> Recipe:
    recipe = load_recipe()
    return replace(recipe, patches=replace(recipe.patches, batch=2))


def results() -> dict:
    record = {
        "paper": "lunalozoya2023", "parameters": 8301, "side_pixels": 144, "learning_rate": 0.001, "minutes": 1.0,
        "validation_loss": 0.5, "validation_accuracy": 0.8,
    }  # fmt: skip
    area = {"estimate": 0.9, "low": 0.8, "high": 1.0}
    counts = ("examinations", "views", "views without clusters", "clusters", "clusters above noise")
    return {
        "software_version": "0",
        "date": "2026-01-01",
        "bundle": {"name": "default", "sha256": "0" * 64},
        "steps": 5,
        "batch": 16,
        "precision": "float32",
        "frozen set": dict.fromkeys(counts, 4),
        "training": {BLIND: record},
        AREAS: {OURS: area, BLIND: area},
        EQUAL_AREAS: {
            OURS: area,
            BLIND: area | {"estimate": 0.95},
        },
        "real patches": {"with a cluster": 3, "all": 7},
        **figures(TRUTHS, FOUND),
    }


def test_a_network_is_trained_once_and_judges_as_it_was_kept(tmp_path: Path, recipe: Recipe, background: Path):
    told: list[str] = []
    views = ([background], [background])
    folder = trained(SHALLOW, recipe, views, tmp_path, EFFORT, report=lambda text, done: told.append(text))
    assert told
    record = read_record(folder)
    assert (record["parameters"], record["steps"], record["side_pixels"]) == (8301, 2, 144)
    assert not (folder / "checkpoint.pt").exists()
    told.clear()
    assert trained(SHALLOW, recipe, views, tmp_path, EFFORT, report=lambda text, done: told.append(text)) == folder
    assert not told
    network = load_trained(SHALLOW.name, folder)
    assert not network.training
    kept = torch.load(folder / "network.pt", weights_only=True)
    assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())
    assert isinstance(patch_logit(network, np.random.default_rng(0).random((60, 60), np.float32), side=144), float)


def test_weights_of_another_network_are_refused(tmp_path: Path):
    torch.save({"foreign": torch.zeros(1)}, tmp_path / "network.pt")
    with pytest.raises(ModelError, match="does not hold a LeNet-5"):
        load_trained(BLIND, tmp_path)


def test_views_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[Path] = []

    def examine(_bundle, views, task, processes, report=None):
        asked.extend(views)
        for view in views:
            document_of = [[OUTLINE, 2.5]]
            (task.keywords["folder"] / f"{view.stem}.json").write_text(json.dumps(document_of))

    monkeypatch.setattr(scanning, "examine", examine)
    views = [tmp_path / "400000.npy", tmp_path / "400001.npy"]
    for _ in range(2):
        found = scanning.scan_all(
            find_bundle("default"), BLIND, tmp_path, views, side=144, precision="float32", processes=1
        )
        assert found == [(Candidate(OUTLINE, 2.5),)] * 2
    assert asked == views


def test_a_blind_network_finds_nothing_and_the_difference_is_all():
    found = figures(TRUTHS, FOUND)
    assert found["systems"][OURS]["all"]["0.5"]["estimate"] == 1.0
    assert found["systems"][BLIND]["above noise"]["2"]["estimate"] == 0.0
    assert found["differences"][BLIND]["all"]["1"] == {"estimate": 1.0, "low": 1.0, "high": 1.0}


def test_the_document_names_what_was_run_and_what_was_not(tmp_path: Path):
    files = document.write_document(results(), tmp_path)
    text = files[0].read_text(encoding="utf-8")
    assert f"Shown to be beaten by MCDetect in all 8 columns: {BLIND}." in text
    assert "- above noise, at 1 (n = 4 clusters): none" in text
    for criterion in CRITERIA:
        assert f"The same by examination; hit: {criterion}." in text
    assert "| 8,301 | 144 | 0.001 |" in text
    assert f"| {BLIND} | 0.900 [0.800–1.000] | 0.950 [0.800–1.000] |" in text
    assert f"Higher than MCDetect, as they are: none; at equal high-pass deviation: {BLIND}." in text
    left = text.partition("Not run: ")[2].partition(".")[0].split(", ")
    assert left == [network.name for network in NETWORKS if network.name != BLIND]
    assert json.loads(files[1].read_text(encoding="utf-8"))["batch"] == 16


def test_figures_of_networks_that_are_not_run_again_are_kept_apart_with_their_bundle(tmp_path: Path):
    first = results() | {"bundle": {"name": "default", "sha256": "a" * 64}}
    document.write_document(first, tmp_path)
    other = results()
    other["training"] = {SHALLOW.name: other["training"][BLIND]}
    text = document.write_document(other | figures(TRUTHS, {OURS: FOUND[OURS], SHALLOW.name: FOUND[BLIND]}), tmp_path)
    now, _, before = text[0].read_text(encoding="utf-8").partition("## Not trained again: networks of 2026-01-01")
    assert "`aaaaaaaaaaaaaaaa…`" in before
    assert "`aaaaaaaaaaaaaaaa…`" not in now
    assert f"| {BLIND} | 1.00 [1.00–1.00] |" in before
    assert before.count("The same by examination; hit: ") == len(CRITERIA)
    assert f"| {SHALLOW.name} | 1.00 [1.00–1.00] |" in now
    assert f"Run earlier, in a section of their own: {BLIND}. Not run: {NETWORKS[2].name}, " in now
    again = document.write_document(results(), tmp_path)
    kept = json.loads(again[1].read_text(encoding="utf-8"))["earlier runs"]
    assert [list(run["training"]) for run in kept] == [[SHALLOW.name]]
    assert kept[0]["real patches"] == {"with a cluster": 3, "all": 7}
    for ways in kept[0]["other ways of counting"].values():
        assert all(list(systems) == [OURS, SHALLOW.name] for systems in ways.values())


def test_an_earlier_run_that_cannot_be_read_is_told_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "detection").mkdir()
    figures_of = tmp_path / "detection" / "published.json"
    figures_of.write_text('{"training": 3}')
    assert main(["--work", str(tmp_path / "work"), "--output", str(tmp_path)]) == 3
    assert "does not hold the figures of an earlier run" in " ".join(capsys.readouterr().err.split())
    assert figures_of.read_text() == '{"training": 3}'
    assert not (tmp_path / "work").exists()


def test_a_network_that_is_not_shown_to_be_beaten_is_named_in_every_column():
    equal = {OURS: FOUND[OURS], SHALLOW.name: FOUND[OURS], BLIND: FOUND[BLIND]}
    text = document.markdown(results() | figures(TRUTHS, equal))
    assert f"Not shown to be beaten in every column: {SHALLOW.name} (in 8 of 8)." in text
    assert f"- all, at 0.5 (n = 4 clusters): {SHALLOW.name} 0.00 [0.00–0.00]" in text
    assert f"in all 8 columns: {BLIND}." in text


def test_both_criteria_and_examinations_are_counted_from_what_was_found():
    others = figures(TRUTHS, FOUND)["other ways of counting"]
    assert [list(ways) for ways in others.values()] == [["by examination"], ["by image", "by examination"]]
    for ways in others.values():
        for systems in ways.values():
            assert systems[OURS]["all"]["0.5"]["estimate"] == 1.0
            assert systems[BLIND]["all"]["0.5"]["estimate"] == 0.0


def test_without_real_patches_the_document_is_silent_of_them():
    text = document.markdown(results() | {"real patches": None})
    assert "Real patches" not in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"examinations": 53}, "frozen set has 52"),
        ({"examinations": 2}, "from 3 to 52"),
        ({"steps": 0}, "at least 1"),
        ({"processes": 0}, "at least 1"),
        ({"workers": -1}, "at least 0"),
    ],
)
def test_impossible_numbers_are_refused_before_any_work(tmp_path: Path, change: dict[str, int], told: str):
    with pytest.raises(UsageError, match=told):
        running.run(PublishedSettings(tmp_path, **change))
    assert not list(tmp_path.iterdir())


def test_a_folder_without_patches_is_refused_before_any_work(tmp_path: Path):
    with pytest.raises(InputError, match="no patches"):
        running.run(PublishedSettings(tmp_path, patches=tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_command_tells_it_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--work", str(tmp_path), "--steps", "0"]) == 3
    assert "at least 1" in " ".join(capsys.readouterr().err.split())
