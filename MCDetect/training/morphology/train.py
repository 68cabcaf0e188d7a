"""Fit the model of morphologies of a bundle: ``python -m MCDetect.training.morphology.train --work DIR``.

Simulates views in which every kind is frequent, lets the bundle's detector mark them, fits both classifiers on the
views of the training seeds, measures them on those of the test seeds, and writes ``configs/morphology.json`` of the
bundle. What is already in the work folder is used again. The same seeds and weights give the same file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.bi_rads import Morphology
from MCDetect.bundles.store import DEFAULT_BUNDLE, find_bundle
from MCDetect.errors import MCDetectError
from MCDetect.files import write_text_atomically
from MCDetect.inference.morphology import arrangement, features
from MCDetect.inference.morphology.model import FILE_NAME, Classifier
from MCDetect.training.morphology.examples import ViewExamples, examples_of
from MCDetect.training.morphology.fitting import as_entry, confusion, fit_classifier
from MCDetect.training.morphology.views import TEST_SEEDS, TRAINING_SEEDS, prepare_typed_views

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

CLUSTER_TERMS = arrangement.TERMS[:-1]
"""Morphologies of a cluster; skin calcifications do not form any."""

_LOST_CALCIFICATIONS, _LOST_CLUSTERS = 0.02, 0.005
_detectors: dict[str, Detector] = {}  # one a process


def fit_model(training: Sequence[ViewExamples], test: Sequence[ViewExamples]) -> dict[str, Any]:
    """Return the content of the model's file: both classifiers, and what they confuse on the views of ``test``."""
    values, terms, views = _calcifications(training)
    first = fit_classifier(
        values, terms, views, arrangement.TERMS, squares=True, strength=0.3, lost=_LOST_CALCIFICATIONS
    )
    groups, group_terms, group_views = _clusters(training, first)
    second = fit_classifier(
        groups, group_terms, group_views, CLUSTER_TERMS, squares=False, strength=0.1, lost=_LOST_CLUSTERS
    )
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
    from rich.progress import track

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.morphology.train", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="folder for the simulated views")
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, metavar="NAME|PATH", help="whose detector, and where to")
    parser.add_argument("--views", type=int, default=480, metavar="N", help="views to fit on")
    parser.add_argument("--test-views", type=int, default=100, metavar="N", help="views to measure on")
    parser.add_argument("--backend", default="torch", help="what computes the networks")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes that simulate and detect")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        bundle = find_bundle(given.bundle)
        seeds = list(chain(TRAINING_SEEDS[: given.views], TEST_SEEDS[: given.test_views]))
        views = prepare_typed_views(given.work, seeds, given.processes)
        load = partial(_load, str(bundle.folder), given.backend)
        with ProcessPoolExecutor(given.processes, initializer=load) as pool:
            results = pool.map(_examine, views)
            examples = list(track(results, "examining views", total=len(views), console=console))
        model = fit_model(examples[: given.views], examples[given.views :])
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    path = bundle.folder / "configs" / FILE_NAME
    write_text_atomically(path, json.dumps(model, indent=1) + "\n")
    console.print(f"The model is in {path}.", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
