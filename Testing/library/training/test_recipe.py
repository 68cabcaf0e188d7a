from __future__ import annotations

from pathlib import Path

import pytest

from MCDetect.errors import UsageError
from MCDetect.training.default import within_minutes
from MCDetect.training.recipe import DEFAULT_RECIPE, load_recipe


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
    recipe = within_minutes(load_recipe(), 20.0)
    assert recipe.calcifications.minutes + recipe.patches.minutes == pytest.approx(20.0)
    assert recipe.calcifications.minutes > recipe.patches.minutes
