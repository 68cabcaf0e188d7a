"""What single papers do besides training: texture classifiers, filters, the learning rate, hyperparameters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.errors import UsageError
from MCDetect.evaluation.predictions import Prediction, top_losses
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.batches import Examples
from MCDetect.training.papers.building import build_network
from MCDetect.training.papers.comparison_tables import BEGIN, END, KEPT_TABLE, REAL_PATCHES, put_into
from MCDetect.training.papers.extras import draw_top_losses
from MCDetect.training.papers.leong2022 import compare_filters_on, find_learning_rate, steepest_fall
from MCDetect.training.papers.lunalozoya2023 import BATCHES, FIRST_FILTERS, KEPT, KERNELS, SECOND_FILTERS, search
from MCDetect.training.papers.recipe import PaperRecipe, load_paper_recipe
from MCDetect.training.papers.singh2022 import compare_texture_classifiers
from MCDetect.training.papers.texture import FEATURES, co_occurrence, haralick_features

RANDOM = np.random.default_rng(0)


def test_the_matrix_of_co_occurrence_is_that_of_haralicks_example():
    # Haralick et al. 1973, Fig. 3: neighbours in a row, counted both ways, of an image with four grey levels.
    image = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]])
    counted = np.array([[4, 2, 1, 0], [2, 4, 0, 0], [1, 0, 6, 1], [0, 0, 1, 2]])
    assert np.allclose(co_occurrence(image, (0, 1), 4), counted / 24)


def test_texture_features_have_their_values_where_they_are_known():
    flat = dict(zip(FEATURES, haralick_features(np.full((20, 20), 90, dtype=np.uint8)), strict=True))
    assert flat["angular second moment"] == pytest.approx(1)
    assert flat["contrast"] == flat["difference variance"] == 0
    assert flat["entropy"] == pytest.approx(0, abs=1e-6)
    noise = RANDOM.integers(0, 256, (64, 64)).astype(np.uint8)
    rough = dict(zip(FEATURES, haralick_features(noise, levels=8), strict=True))
    assert rough["contrast"] == pytest.approx(2 * (64 - 1) / 12, rel=0.05)  # twice the variance of 8 equal levels
    assert rough["entropy"] == pytest.approx(6, abs=0.05)
    assert abs(rough["correlation"]) < 0.05
    assert all(np.isfinite(value) for value in rough.values())


def test_texture_classifiers_tell_rough_from_smooth_and_keep_patients_together():
    images = [RANDOM.normal(120, 4 if n % 2 else 40, (24, 24)).clip(0, 255).astype(np.uint8) for n in range(24)]
    found = compare_texture_classifiers(np.array(images), [n % 2 for n in range(24)], [str(n) for n in range(24)])
    assert min(one["accuracy"] for one in found.values()) > 0.9
    with pytest.raises(ValueError, match="two patients"):
        compare_texture_classifiers(np.array(images), [n % 2 for n in range(24)], ["one"] * 24)


def test_filters_are_compared_over_all_images():
    image = RANDOM.normal(120, 20, (40, 40)).clip(0, 255).astype(np.uint8)
    flat = np.full((40, 40), 7, dtype=np.uint8)
    alone, both = compare_filters_on([image]), compare_filters_on([image, flat])
    assert both["mean"]["mse"] == pytest.approx(alone["mean"]["mse"] / 2)
    with pytest.raises(ValueError, match="no images"):
        compare_filters_on([])


def test_top_losses_begin_with_the_surest_error_and_are_drawn(tmp_path: Path):
    predictions = [Prediction(f"{n}", "p", (), 1, (1 - p, p)) for n, p in enumerate((0.9, 0.1, 0.4))]
    worst = top_losses(predictions, ("benign", "malignant"), count=2)
    assert [one["image"] for one in worst] == ["1", "2"]
    assert worst[0]["loss"] == pytest.approx(-np.log(0.1))
    assert (worst[0]["decided"], worst[0]["true"]) == ("benign", "malignant")
    draw_top_losses(tmp_path / "top.png", predictions, np.zeros((3, 8, 8), dtype=np.uint8), ("benign", "malignant"))
    assert (tmp_path / "top.png").read_bytes().startswith(b"\x89PNG")


def test_the_learning_rate_is_found_where_the_loss_falls_and_drawn(tiny_recipe: PaperRecipe, tmp_path: Path):
    recipe = replace(
        tiny_recipe,
        networks={"tiny": {"_target_": "FCDSCNN", "shape": [16, 16]}},
        input=replace(tiny_recipe.input, channels=3, mean=(0.5,), deviation=(0.5,)),
    )
    labels = [n % 2 for n in range(32)]
    pixels = np.array([np.full((16, 16), 200 * label + 20, dtype=np.uint8) for label in labels])
    torch.manual_seed(0)
    network = build_network(recipe.networks["tiny"])
    examples = Examples(pixels, labels, [(place, 0) for place in range(32)], recipe, augmented=False)
    rate = find_learning_rate(network, examples, 16, tmp_path / "rate.png", steps=20)
    assert 1e-7 < rate < 1
    assert (tmp_path / "rate.png").read_bytes().startswith(b"\x89PNG")


def test_the_fall_of_the_loss_is_looked_for_before_its_lowest_point():
    rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
    assert steepest_fall(rates, [0.7, 0.69, 0.5, 0.45, 9.0, 3.0]) == 1e-3  # its slope is that to both neighbours
    assert steepest_fall(rates, [0.4, 0.5, 0.6, 0.7, 9.0, 3.0]) == pytest.approx(1e-6)


def test_a_search_draws_from_its_space_and_keeps_the_lowest_loss(
    tiny_recipe: PaperRecipe, index: DatasetIndex, tmp_path: Path
):
    pytest.importorskip("optuna")
    short = replace(tiny_recipe, stages=(replace(tiny_recipe.stages[0], epochs=1),))
    best = search(short, index, tmp_path, trials=2)
    assert best["batch"] in BATCHES
    assert best["keep_probability"] in KEPT
    assert best["kernel_size"] in KERNELS
    assert (best["first_filters"], best["second_filters"]) in [(a, b) for a in FIRST_FILTERS for b in SECOND_FILTERS]
    document = json.loads((tmp_path / "search.json").read_text())
    assert min(trial["loss"] for trial in document["trials"]) == document["best"]["loss"] == best["loss"]
    assert len(list(tmp_path.glob("trial-*/bundle"))) == 2
    assert best["loss"] > 0
    assert search(short, index, tmp_path, trials=2) == best  # nothing is trained again
    with pytest.raises(UsageError, match="has no search"):
        search(load_paper_recipe("leong2022"), index, tmp_path, trials=1)


def test_measured_tables_go_between_their_marks_only(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert put_into(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    page.write_text("no marks")
    assert not put_into(page, "new")
    assert page.read_text() == "no marks"


def test_a_run_without_real_patches_keeps_their_table_and_says_that_it_is_an_earlier_one(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n\nold\n\n{REAL_PATCHES}\n\nintroduction\n\n| table |\n\n{END}\n")
    for text in ("new", "newer"):
        assert put_into(page, text)
        kept = f"{REAL_PATCHES}\n\n{KEPT_TABLE}\n\nintroduction\n\n| table |"
        assert page.read_text() == f"{BEGIN}\n\n{text}\n\n{kept}\n\n{END}\n"
    assert put_into(page, f"newest\n\n{REAL_PATCHES}\n\n| other |")
    assert page.read_text() == f"{BEGIN}\n\nnewest\n\n{REAL_PATCHES}\n\n| other |\n\n{END}\n"
