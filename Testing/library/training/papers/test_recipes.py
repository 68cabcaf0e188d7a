from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from MCDetect.errors import UsageError
from MCDetect.training.papers import PAPERS
from MCDetect.training.papers.building import build_network, network_definition, parameter_groups, require_fit
from MCDetect.training.papers.recipe import _HOME, PaperRecipe, load_paper_recipe


@pytest.fixture(params=PAPERS)
def recipe(request: pytest.FixtureRequest) -> PaperRecipe:
    return load_paper_recipe(request.param)


def test_every_recipe_has_a_module_that_says_what_was_decided(repository: Path):
    for name in PAPERS:
        text = (repository / "MCDetect" / "training" / "papers" / f"{name}.py").read_text("utf-8")
        assert "Decided" in text, name


def test_every_decision_stands_in_the_documentation_too(repository: Path):
    def plain(text: str) -> str:
        marked = re.sub(r":(?:func|mod):`~?([\w.]+)`", lambda found: found[1].rpartition(".")[2], text)
        return " ".join(marked.replace("`", "").split())

    page = plain((repository / "docs" / "papers.md").read_text("utf-8"))
    for name in PAPERS:
        said = import_module(f"MCDetect.training.papers.{name}").__doc__
        assert said is not None
        _, _, decisions = said.partition("contradicts itself:\n")
        assert decisions
        for decision in re.split(r"^- ", decisions, flags=re.MULTILINE)[1:]:
            assert plain(decision) in page, decision


def test_every_network_of_a_recipe_takes_its_examples(recipe: PaperRecipe):
    for name in recipe.networks:
        with torch.device("meta"):
            network = build_network(network_definition(recipe, name)[1]).eval()
            shape = (1, recipe.input.channels, recipe.examples.rows, recipe.examples.columns)
            output = network(torch.zeros(shape))
        expected = (1,) if output.ndim == 1 else (1, len(recipe.examples.classes))
        assert output.shape == expected
        assert output.ndim == 2 or len(recipe.examples.classes) == 2


def test_every_stage_of_a_recipe_trains_something(recipe: PaperRecipe):
    with torch.device("meta"):
        network = build_network(network_definition(recipe, None)[1])
    for stage in recipe.stages:
        groups = parameter_groups(network, recipe, stage)
        assert sum(parameter.numel() for group in groups for parameter in group["params"]) > 0


def test_rates_rise_from_the_first_layer_to_the_last():
    recipe = load_paper_recipe("leong2022")
    with torch.device("meta"):
        network = build_network(network_definition(recipe, "alexnet")[1])
    scales = [group["scale"] for group in parameter_groups(network, recipe, recipe.stages[1])]
    assert scales == sorted(scales)
    assert scales[0] == pytest.approx(2e-6 / 1e-3)
    assert scales[-1] == 1.0


def raw(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((_HOME / f"{name}.yaml").read_text("utf-8"))
    return document


def changed(tmp_path: Path, **changes: object) -> Path:
    document = raw("lunalozoya2023")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**document, **changes}))
    return path


def test_a_copied_recipe_can_be_changed(tmp_path: Path):
    assert load_paper_recipe(changed(tmp_path, seed=7)).seed == 7


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sede": 7}, "unknown entries sede"),
        ({"stages": []}, "at least one network and one stage"),
        ({"stages": [{"epochs": 1, "batch": 0, "optimizer": "adam", "learning_rate": 0.1}]}, "at least 1"),
        ({"stages": [{"epochs": 1, "batch": 4, "optimizer": "sgdx", "learning_rate": 0.1}]}, "'sgdx' and not one of"),
        ({"augmentation": [{"transform": "LoadImage"}]}, "'LoadImage' and not one of"),
        ({"copies": ["mirror"]}, "'mirror' and not one of"),
        ({"split": {"training": 0.9, "validation": 0.2, "test": 0.2}}, "do not add up to 1"),
        ({"split": {"training": 0.8, "validation": 0.0, "test": 0.2}}, "nothing can be kept or stopped"),
        ({"augmentation_off": ["film"]}, "'film' and not one of"),
        ({"also": ["poetry"]}, "'poetry' and not one of"),
        ({"examples": {"task": "grid"}}, "missing"),
        ({"examples": 3}, "is not a recipe"),
    ],
)
def test_a_wrong_recipe_is_refused_with_what_is_wrong(tmp_path: Path, changes: dict[str, object], told: str):
    with pytest.raises(UsageError) as caught:
        load_paper_recipe(changed(tmp_path, **changes))
    assert caught.value.code == "bad-recipe"
    assert told in caught.value.message


def test_an_unknown_recipe_is_refused_with_those_that_are_known():
    with pytest.raises(UsageError, match="leong2022"):
        load_paper_recipe("leong2023")


def test_a_network_that_does_not_take_the_examples_is_refused(tmp_path: Path):
    recipe = load_paper_recipe("lunalozoya2023")
    require_fit(recipe.networks["lenet5"], recipe)
    small = load_paper_recipe(changed(tmp_path, examples={**raw("lunalozoya2023")["examples"], "rows": 48}))
    with pytest.raises(UsageError, match="LeNet5 does not take examples of 48 x 144 pixels"):
        require_fit(small.networks["lenet5"], small)
    require_fit(small.networks["shallow-cnn"], small)
    with pytest.raises(UsageError, match="does not tell 2 classes apart"):
        require_fit({"_target_": "FCDSCNN", "classes": 3, "shape": [144, 144]}, recipe)


def test_unknown_networks_and_arguments_are_refused():
    for definition in ({"_target_": "os.system"}, {"_target_": "ShallowCNN", "wings": 2}):
        with pytest.raises(UsageError):
            build_network(definition)
    with pytest.raises(UsageError, match="lenet5"):
        network_definition(load_paper_recipe("lunalozoya2023"), "vgg16")
