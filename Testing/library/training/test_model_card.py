from __future__ import annotations

import json
from pathlib import Path

import pytest

from MCDetect.bundles.store import find_bundle
from MCDetect.training.model_card import model_card


@pytest.fixture(scope="module")
def scores() -> dict:
    return json.loads((find_bundle("default").folder / "docs" / "scores.json").read_text(encoding="utf-8"))


def test_the_scores_belong_to_the_shipped_weights(scores: dict):
    assert scores["bundle_sha256"] == find_bundle("default").sha256


def test_the_shipped_card_is_the_one_that_its_scores_give(scores: dict):
    bundle = find_bundle("default")
    assert bundle.model_card == model_card(bundle, scores)


def test_a_card_without_real_patches_says_so(scores: dict):
    card = model_card(find_bundle("default"), {**scores, "real_patches": None})
    assert "Not scored: the folder of patches was not given." in card


def test_the_card_says_what_the_model_must_not_be_used_for():
    card = find_bundle("default").model_card
    for heading in ("## What it was trained on", "## Limits", "## Intended use", "## What it must not be used for"):
        assert heading in card
    assert "not a medical device" in card


def test_the_bundle_is_small_enough_to_ship():
    folder: Path = find_bundle("default").folder
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 8 * 2**20
