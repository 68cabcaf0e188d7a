from __future__ import annotations

from pathlib import Path

import pytest

from MCDetect.errors import UsageError
from MCDetect.training.default import changed
from MCDetect.training.recipe import DEFAULT_RECIPE, load_recipe, recipe_path


def test_the_shipped_recipe_is_complete():
    recipe = load_recipe()
    assert recipe.calcifications.crop.size % 16 == 0  # the network's downsampling
    assert recipe.patches.crop.size == 144  # the published patch
    assert list(recipe.calibration.false_clusters_per_view) == ["high-sensitivity", "balanced", "high-specificity"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 20261121", "sead: 1"),
        ("learning_rate", "lerning_rate"),
        ("seed: 20261121", ""),
        ("seed: 20261121", "seed: ["),
    ],
)
def test_a_recipe_with_an_entry_too_many_or_too_few_is_refused(tmp_path: Path, old: str, new: str):
    path = tmp_path / "recipe.yaml"
    text = DEFAULT_RECIPE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_recipe(path)
    assert caught.value.code == "bad-recipe"


def test_a_missing_recipe_is_told_in_one_sentence(tmp_path: Path):
    with pytest.raises(UsageError, match="is not a recipe"):
        load_recipe(tmp_path / "none.yaml")


def test_minutes_are_shared_by_both_networks():
    recipe = changed(load_recipe(), minutes=20.0)
    assert recipe.calcifications.minutes + recipe.patches.minutes == pytest.approx(20.0)
    assert recipe.calcifications.minutes > recipe.patches.minutes


def test_steps_keep_the_proportion_of_both_networks_and_go_before_the_minutes():
    recipe = changed(load_recipe(), steps=80)
    assert (recipe.calcifications.trainer.steps, recipe.patches.trainer.steps) == (80, 20)
    assert recipe.calcifications.minutes is recipe.patches.minutes is None
    limited = changed(load_recipe(), steps=80, minutes=10.0)
    assert limited.calcifications.minutes == pytest.approx(7.3)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"minutes": -1.0}, {"minutes": float("nan")}])
def test_steps_and_minutes_are_above_zero(wrong: dict):
    with pytest.raises(UsageError, match="is not above zero"):
        changed(load_recipe(), **wrong)


def test_the_recipe_for_a_gpu_is_the_default_one_but_for_what_it_says():
    usual, longer = load_recipe(), load_recipe(recipe_path("default-gpu"))
    for more, fewer in ((longer.calcifications, usual.calcifications), (longer.patches, usual.patches)):
        assert more.batch * more.trainer.steps == 4 * fewer.batch * fewer.trainer.steps
    assert longer.calcifications.minutes is longer.patches.minutes is None
    assert longer.calcifications.trainer.learning_rate == usual.calcifications.trainer.learning_rate
    assert longer.patches.crop == usual.patches.crop
    assert (longer.calibration, longer.morphology, longer.test) == (usual.calibration, usual.morphology, usual.test)


def test_a_recipe_on_another_that_is_not_there_is_refused(tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("base: theirs.yaml\nseed: 3\n")
    with pytest.raises(UsageError, match="is not a recipe"):
        load_recipe(tmp_path / "mine.yaml")
