from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.miniature_datasets import write_simulated

from MCDetect.training.datasets import index_dataset
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.recipe import PaperRecipe, load_paper_recipe


@pytest.fixture(scope="session")
def examinations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_simulated(tmp_path_factory.mktemp("examinations"), 9)


@pytest.fixture(scope="session")
def index(examinations: Path) -> DatasetIndex:
    return index_dataset("simulated", examinations)


@pytest.fixture(scope="session")
def tiny_recipe() -> PaperRecipe:
    """Return the recipe of the shallow CNN with small patches and short epochs."""
    recipe = load_paper_recipe("lunalozoya2023")
    examples = replace(recipe.examples, rows=48, columns=48)
    stage = replace(recipe.stages[0], epochs=2, batch=16)
    return replace(recipe, examples=examples, stages=(stage,), copies=("identity", "rotation-90"))
