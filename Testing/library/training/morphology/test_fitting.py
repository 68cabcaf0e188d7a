"""Both classifiers of calcification types: fitted, measured, written, read again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from MCDetect.bi_rads import Morphology
from MCDetect.errors import ModelError
from MCDetect.inference.morphology import arrangement, features
from MCDetect.inference.morphology.model import FILE_NAME, MorphologyModel
from MCDetect.training.morphology.examples import ViewExamples
from MCDetect.training.morphology.fitting import as_entry, confusion, fit_classifier
from MCDetect.training.morphology.train import CLUSTER_TERMS, fit_model
from MCDetect.training.recipe import load_recipe

ORDER = (Morphology.ROUND, Morphology.AMORPHOUS, Morphology.VASCULAR)


def drawn(number: int, seed: int, spread: float = 0.5) -> tuple[np.ndarray, list[Morphology], list[int]]:
    """Return (number, 2) features round a centre for each term, the terms, and views."""
    random = np.random.default_rng(seed)
    which = np.arange(number) % len(ORDER)
    centres = np.array([(0.0, 0.0), (3.0, 0.0), (0.0, 3.0)])
    values = centres[which] + spread * random.standard_normal((number, 2))
    return values, [ORDER[i] for i in which], [i // 10 for i in range(number)]


def fitted(spread: float = 0.5, lost: float = 0.02):
    values, terms, views = drawn(600, 1, spread)
    return fit_classifier(values, terms, views, ORDER, squares=True, strength=1.0, lost=lost)


def test_terms_that_can_be_told_apart_are_told_apart() -> None:
    values, terms, _ = drawn(300, 2)
    measured = confusion(fitted(), values, terms)
    assert measured["accuracy"] > 0.97
    assert np.sum(measured["matrix"]) == 300
    assert measured["recognised_as_benign"]["vascular"] > 0.95
    assert measured["recognised_as_benign"]["amorphous"] < 0.05


@pytest.mark.parametrize("lost", [0.01, 0.05, 0.2])
def test_no_more_suspicious_ones_are_called_benign_than_allowed(lost: float) -> None:
    values, terms, _ = drawn(6000, 3, spread=2.0)  # so wide that the terms overlap
    measured = confusion(fitted(spread=2.0, lost=lost), values, terms)
    suspicious = [measured["recognised_as_benign"][term.value] for term in ORDER[:2]]
    assert np.mean(suspicious) <= 2 * lost + 0.01
    assert fitted(spread=2.0, lost=lost).benign_threshold >= 0.5


def test_a_term_that_never_occurs_is_named() -> None:
    values, terms, views = drawn(60, 1)
    with pytest.raises(ModelError, match="amorphous"):
        fit_classifier(
            values,
            [Morphology.ROUND if term is Morphology.AMORPHOUS else term for term in terms],
            views,
            ORDER,
            squares=False,
            strength=1.0,
            lost=0.02,
        )


def test_what_is_written_is_finite_and_rounded() -> None:
    entry = as_entry(fitted(), ["first", "second"])
    assert json.loads(json.dumps(entry, allow_nan=False)) == entry
    assert entry["terms"] == [term.value for term in ORDER]
    assert np.array(entry["weights"]).shape == (3, 4)


RECIPE = load_recipe().morphology


def view(seed: int) -> ViewExamples:
    """Return a view with five marks of each term, those of the terms of clusters in a group of their own."""
    random = np.random.default_rng(seed)
    rows, terms, groups, group_terms = [], [], [], []
    for number, term in enumerate(arrangement.TERMS):
        centre = np.zeros(len(features.FEATURES))
        centre[number] = 4.0
        if term in CLUSTER_TERMS:
            groups.append(tuple(range(len(rows), len(rows) + 5)))
            group_terms.append(term.value)
        rows += [centre + 0.3 * random.standard_normal(len(centre)) for _ in range(5)]
        terms += [term.value] * 5
    places = random.uniform(0, 100, (len(rows), 2))
    return ViewExamples(seed, np.array(rows), places, tuple(terms), tuple(groups), tuple(group_terms))


def test_the_file_of_a_fitted_model_is_what_the_detector_reads(tmp_path: Path) -> None:
    document = fit_model([view(seed) for seed in range(20)], [view(seed) for seed in range(100, 105)], RECIPE)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / FILE_NAME).write_text(json.dumps(document))
    model = MorphologyModel.load(tmp_path)
    assert model is not None
    assert (model.calcification.terms, model.cluster.terms) == (arrangement.TERMS, CLUSTER_TERMS)
    measured = document["measured"]
    assert (measured["training_views"], measured["test_views"]) == (20, 5)
    assert measured["calcifications"]["accuracy"] > 0.95
    assert measured["clusters"]["accuracy"] > 0.95
    unseen = view(200)
    likeliest = model.calcification.probabilities(unseen.features).argmax(axis=1)
    assert np.mean([arrangement.TERMS[i].value == term for i, term in zip(likeliest, unseen.terms, strict=True)]) > 0.9


def test_the_recipe_says_how_the_classifiers_are_fitted() -> None:
    def model(**changes: object) -> dict:
        changed = replace(RECIPE, calcifications=replace(RECIPE.calcifications, **changes))
        return fit_model([view(seed) for seed in range(10)], [view(100)], changed)

    usual = model()
    assert usual["calcification"]["squares"] is True
    assert model(squares=False)["calcification"]["squares"] is False
    weights = [
        np.abs(model(strength=s)["calcification"]["weights"]).mean() for s in (0.01, RECIPE.calcifications.strength)
    ]
    assert weights[0] < weights[1]


def test_marks_that_lie_on_nothing_are_no_examples() -> None:
    def with_wrong_marks(seed: int) -> ViewExamples:
        one = view(seed)
        return ViewExamples(one.seed, one.features, one.places, ("", *one.terms[1:]), one.groups, one.group_terms)

    measured = fit_model([view(seed) for seed in range(10)], [with_wrong_marks(100)], RECIPE)["measured"]
    assert np.sum(measured["calcifications"]["matrix"]) == 5 * len(arrangement.TERMS) - 1
