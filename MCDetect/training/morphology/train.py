"""Fit the model of morphologies of a bundle: ``python -m MCDetect.training.morphology.train --work DIR``.

Simulates views in which every kind is frequent, lets the bundle's detector mark them, fits both classifiers on the
views of the training seeds, measures them on those of the test seeds, and writes ``configs/morphology.json`` of the
bundle. The recipe says how many views, and how they are fitted. What is already in the work folder is used again. The
same seeds and weights give the same file.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.bi_rads import Morphology
from MCDetect.bundles.store import DEFAULT_BUNDLE, find_bundle
from MCDetect.errors import MCDetectError
from MCDetect.files import write_text_atomically
from MCDetect.inference.morphology import arrangement, features
from MCDetect.inference.morphology.model import FILE_NAME, Classifier
from MCDetect.training.default_stages import TYPES, timed
from MCDetect.training.morphology.examples import ViewExamples, examples_of
from MCDetect.training.morphology.fitting import as_entry, confusion, fit_classifier
from MCDetect.training.morphology.views import TEST_SEEDS, TRAINING_SEEDS, prepare_typed_views
from MCDetect.training.recipe import ClassifierRecipe, MorphologyRecipe, load_recipe, recipe_path

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

CLUSTER_TERMS = arrangement.TERMS[:-1]
"""Morphologies of a cluster; skin calcifications do not form any."""

_detectors: dict[str, Detector] = {}  # one a process

_COMMAND = "python -m MCDetect.training.morphology.train"


def fit_types(
    bundle: Path,
    recipe: MorphologyRecipe,
    work: Path,
    *,
    processes: int = 2,
    backend: str = "torch",
    report: Callable[[str, float], None] | None = None,
) -> Path:
    """Fit the model of types of a bundle and write it into the bundle; returns the file.

    Parameters
    ----------
    bundle
        Folder of the bundle, whose detector marks the views.
    recipe
        Views and classifiers.
    work
        Folder for the simulated views.
    processes
        Processes that simulate and detect.
    backend
        What computes the networks.
    report
        Called with a sentence and the progress, 0 to 1.

    Raises
    ------
    ModelError
        ``cannot-calibrate`` when the views hold no mark of some kind.
    """
    tell = report or (lambda text, done: None)
    seeds = [*TRAINING_SEEDS[: recipe.training_views], *TEST_SEEDS[: recipe.test_views]]
    tell("simulating views", 0.0)
    views = prepare_typed_views(work, seeds, processes)
    load = partial(_load, str(bundle), backend)
    # A forked copy of a process that has used torch's threads may hang: start fresh ones.
    context = multiprocessing.get_context("spawn")
    examples: list[ViewExamples] = []
    with ProcessPoolExecutor(processes, mp_context=context, initializer=load) as pool:
        for one in pool.map(_examine, views):
            examples.append(one)
            tell("examining views", len(examples) / len(views))
    model = fit_model(examples[: recipe.training_views], examples[recipe.training_views :], recipe)
    path = bundle / "configs" / FILE_NAME
    write_text_atomically(path, json.dumps(model, indent=1) + "\n")
    return path


def fit_model(
    training: Sequence[ViewExamples], test: Sequence[ViewExamples], recipe: MorphologyRecipe
) -> dict[str, Any]:
    """Return the content of the model's file: both classifiers, and what they confuse on the views of ``test``."""

    def fit(examples: Any, order: Sequence[Morphology], how: ClassifierRecipe) -> Classifier:
        values, terms, views = examples
        return fit_classifier(values, terms, views, order, squares=how.squares, strength=how.strength, lost=how.lost)

    first = fit(_calcifications(training), arrangement.TERMS, recipe.calcifications)
    second = fit(_clusters(training, first), CLUSTER_TERMS, recipe.clusters)
    test_values, test_terms, _ = _calcifications(test)
    test_groups, test_group_terms, _ = _clusters(test, first)
    return {
        "calcification": as_entry(first, features.FEATURES),
        "cluster": as_entry(second, arrangement.FEATURES),
        "measured": {
            "training_views": len(training),
            "test_views": len(test),
            "calcifications": confusion(first, test_values, test_terms),
            "clusters": confusion(second, test_groups, test_group_terms),
        },
    }


def _calcifications(some: Sequence[ViewExamples]) -> tuple[Any, list[Morphology], list[int]]:
    values = np.concatenate([one.features[[bool(term) for term in one.terms]] for one in some])
    terms = [Morphology(term) for one in some for term in one.terms if term]
    return values, terms, [one.seed for one in some for term in one.terms if term]


def _clusters(some: Sequence[ViewExamples], first: Classifier) -> tuple[Any, list[Morphology], list[int]]:
    values = []
    for one in some:
        if one.groups:
            probabilities = first.probabilities(one.features)
        for group in one.groups:
            chosen = list(group)
            values.append(arrangement.arrangement_of(one.places[chosen], one.features[chosen], probabilities[chosen]))
    terms = [Morphology(term) for one in some for term in one.group_terms]
    return np.array(values), terms, [one.seed for one in some for _ in one.groups]


def _load(bundle: str, backend: str) -> None:
    import torch

    from MCDetect.inference.detector import Detector

    torch.set_num_threads(1)
    _detectors["loaded"] = Detector.load(bundle, "cpu", backend)


def _examine(view: Path) -> ViewExamples:
    return examples_of(_detectors["loaded"], view)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console
    from rich.progress import Progress

    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="folder for the simulated views")
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, metavar="NAME|PATH", help="whose detector, and where to")
    parser.add_argument("--recipe", default="default", metavar="NAME|FILE", help="default, default-gpu or a YAML file")
    parser.add_argument("--views", type=int, metavar="N", help="views to fit on (default: as in the recipe)")
    parser.add_argument("--test-views", type=int, metavar="N", help="views to measure on (default: as in the recipe)")
    parser.add_argument("--backend", default="torch", help="what computes the networks")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes that simulate and detect")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        bundle = find_bundle(given.bundle)
        recipe = load_recipe(recipe_path(given.recipe)).morphology
        recipe = replace(
            recipe,
            training_views=given.views or recipe.training_views,
            test_views=given.test_views or recipe.test_views,
        )
        with (
            Progress(console=console) as progress,
            timed(bundle.folder, TYPES, given.work, f"{_COMMAND} --recipe {given.recipe}"),
        ):
            task = progress.add_task("views", total=1.0)
            path = fit_types(
                bundle.folder,
                recipe,
                given.work,
                processes=given.processes,
                backend=given.backend,
                report=lambda text, done: progress.update(task, description=text, completed=done),
            )
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    console.print(f"The model is in {path}.", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
