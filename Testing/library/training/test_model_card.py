from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from MCDetect.bundles.store import Bundle, find_bundle
from MCDetect.errors import ModelError
from MCDetect.training.default_bundle import add_to_training_record, read_training_record, write_training_record
from MCDetect.training.default_card import DRAWN, main, write_card
from MCDetect.training.default_stages import TIMED
from MCDetect.training.model_card import PICTURE, model_card


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


def test_the_card_says_where_everything_comes_from_and_what_was_not_trained_on(scores: dict):
    card = model_card(find_bundle("default"), scores)
    sources = card.split("## Sources and licences")[1].split("\n## ")[0]
    for word in (
        "Apache-2.0",
        "nyukat/mammography_metarepository",
        "BSD-2-Clause",
        "lorenzomarini96/microcal_classifier",
    ):
        assert word in sources
    assert "only to validate" in sources
    assert "/work" not in card


@pytest.fixture
def copy(tmp_path: Path) -> Bundle:
    shutil.copytree(find_bundle("default").folder, tmp_path / "bundle")
    (tmp_path / "bundle" / "docs" / PICTURE).unlink(missing_ok=True)
    return find_bundle(tmp_path / "bundle")


def test_stages_that_were_not_timed_are_not_in_the_total(copy: Bundle, scores: dict):
    add_to_training_record(copy.folder, seconds={"backgrounds": 90.0, "thresholds": 120.0, "types": None})
    card = model_card(copy, scores)
    for line in (
        "| backgrounds | 1.5 |",
        "| thresholds | 2.0 |",
        "| types | not recorded |",
        "| total | not recorded |",
    ):
        assert line in card
    add_to_training_record(copy.folder, seconds=dict.fromkeys(TIMED, 60.0), device="cpu", processes=2)
    card = model_card(copy, scores)
    record = read_training_record(copy.folder)
    whole = record["calcification_network"]["minutes"] + record["patch_network"]["minutes"] + 4
    assert f"| total | {whole:.1f} |" in card
    assert "(on cpu, 2 processes)" in card


def test_the_card_shows_the_failures_of_these_weights_alone(copy: Bundle, scores: dict, tmp_path: Path):
    drawn, own = tmp_path / "drawn", copy.folder / "docs" / PICTURE
    drawn.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (900, 900)).astype(np.uint8)
    Image.fromarray(noise).save(drawn / PICTURE)
    results = json.loads((DRAWN / "results.json").read_text(encoding="utf-8"))
    (drawn / "results.json").write_text(json.dumps(results | {"bundle": {"sha256": copy.sha256}}))
    card = write_card(copy, scores, drawn).read_text(encoding="utf-8")
    assert f"]({PICTURE})" in card
    assert 100_000 < own.stat().st_size < 300_000
    assert Image.open(own).width < 900
    # The pictures of other weights are not theirs.
    (drawn / "results.json").write_text(json.dumps(results | {"bundle": {"sha256": "0" * 64}}))
    card = write_card(copy, scores, drawn).read_text(encoding="utf-8")
    assert f"]({PICTURE})" not in card
    assert not own.exists()


def test_the_card_is_not_written_from_scores_of_other_weights(copy: Bundle, capsys: pytest.CaptureFixture[str]):
    path = copy.folder / "docs" / "scores.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "bundle_sha256": copy.sha256}))
    assert main(["--bundle", str(copy.folder)]) == 0
    path.write_text(json.dumps({"bundle_sha256": "0" * 64}))
    assert main(["--bundle", str(copy.folder)]) == 3
    assert "Score the bundle first" in " ".join(capsys.readouterr().err.split())


def test_a_bundle_that_another_version_calibrated_has_to_be_calibrated_again(copy: Bundle, scores: dict):
    add_to_training_record(copy.folder, calibration={"normal_views": 3})
    with pytest.raises(ModelError, match="calibrated by another version"):
        model_card(copy, scores)


def test_a_bundle_that_does_not_say_how_it_was_trained_has_no_card(copy: Bundle, scores: dict):
    (copy.folder / "docs" / "training.json").unlink()
    with pytest.raises(ModelError, match="says how the bundle was trained"):
        model_card(copy, scores)


def test_the_card_says_what_the_model_must_not_be_used_for():
    card = find_bundle("default").model_card
    for heading in ("## What it was trained on", "## Limits", "## Intended use", "## What it must not be used for"):
        assert heading in card
    assert "not a medical device" in card


def test_the_bundle_is_small_enough_to_ship():
    folder: Path = find_bundle("default").folder
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 8 * 2**20


def test_the_card_says_with_which_commands_the_stages_were_done(copy: Bundle, scores: dict):
    record = {**read_training_record(copy.folder), "commands": {"types": "`make types`, software 0"}}
    write_training_record(copy.folder, {name: value for name, value in record.items() if name != "command"})
    card = model_card(copy, scores)
    assert "made stage by stage. It has not been made in one go yet.\n\n- types: `make types`, software 0\n" in card
    add_to_training_record(copy.folder, command="make all")
    assert "Made by `make all`. Done again since:\n\n- types: " in model_card(copy, scores)
    add_to_training_record(copy.folder, commands={})
    assert "Made by `make all`.\n" in model_card(copy, scores)
