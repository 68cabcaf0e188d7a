"""The shipped bundle of the recipe ``default`` beside the papers' classifiers: judged on the same patches, not trained.

Its two networks are judged apart, each as a classifier of patches:

``patch network``
    The probability of a cluster that it gives the patch.
``calcification network``
    The probability of three or more calcifications, with three the fewest that make a cluster (Luna-Lozoya et al. 2023,
    in 1 cm), if they are independent: their number then is Poisson's, and its mean the sum of the probabilities at the
    peaks.

The detector joins both and looks at whole views: its figures are in docs/detection.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import poisson

from MCDetect.evaluation.predictions import Prediction
from MCDetect.evaluation.report import Scored
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.preparation import Preparation
from MCDetect.training.papers.real_patches import read_real_patches
from MCDetect.training.papers.recipe import PaperRecipe
from MCDetect.training.papers.training import Choices, select
from MCDetect.training.patch_scores import PATCH_SPACING_MM, calcification_sum, patch_logit

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

Grey = npt.NDArray[np.uint8]
Labelled = tuple[Grey, Prediction]
"""A patch, and its prediction whose probabilities are yet to come."""

NOT_TRAINED = "shipped, not trained here"
FEWEST = 3


def score_shipped_on_test_part(
    detector: Detector, recipe: PaperRecipe, index: DatasetIndex, cache: Path
) -> tuple[Scored, ...]:
    """Return both networks on the examples that test a recipe of patches, with its split by patient.

    Parameters
    ----------
    detector
        Of the shipped bundle.
    recipe, index, cache
        As that recipe is trained: its examples are cut in the same way, or taken from its cache.
    """
    prepared = Preparation(index, recipe.examples, cache)
    chosen, split = select(recipe, prepared, Choices())
    tested = [chosen[place] for place, _ in split.test]
    patches = []
    for example, pixels in zip(tested, prepared.pixels(tested), strict=True):
        record = index.records[example.record]
        groups = tuple(sorted(record.subgroups.items()))
        name = index.image_names[example.record]
        patches.append((pixels, Prediction(name, record.patient, groups, example.label, ())))
    spacing = recipe.examples.spacing_mm or PATCH_SPACING_MM
    return _scored(detector, patches, spacing, recipe.examples.classes, index.name)


def score_shipped_on_real_patches(detector: Detector, folder: Path) -> tuple[Scored, ...]:
    """Return both networks on the real patches of a folder.

    Raises
    ------
    InputError
        ``no-patches`` if the folder lacks one of the classes.
    """
    patches = [
        (pixels, Prediction(path.name, path.name.split("_", maxsplit=1)[0], (), label, ()))
        for label, path, pixels in read_real_patches(folder)
    ]
    return _scored(detector, patches, PATCH_SPACING_MM, ("normal", "cluster"), "real patches")


def probability_of_a_cluster(expected: float) -> float:
    """Return the probability of three or more calcifications where so many are expected."""
    return float(poisson.sf(FEWEST - 1, expected))


def _scored(
    detector: Detector, patches: Sequence[Labelled], spacing_mm: float, classes: tuple[str, ...], dataset: str
) -> tuple[Scored, ...]:
    import torch

    network: Any = detector.bundle.load_network("patch_network", "patch_classifier.pt", torch.device("cpu"))
    judges: dict[str, Callable[[npt.NDArray[np.float32]], float]] = {
        "patch network": lambda patch: float(expit(patch_logit(network, patch, spacing_mm))),
        "calcification network": lambda patch: probability_of_a_cluster(calcification_sum(detector, patch, spacing_mm)),
    }
    found = []
    for name, judge in judges.items():
        predictions = []
        for pixels, one in patches:
            probability = judge(pixels.astype(np.float32))
            predictions.append(
                Prediction(one.image, one.patient, one.subgroups, one.label, (1.0 - probability, probability))
            )
        about = {"recipe": "default", "network": name, "dataset": dataset, "split": NOT_TRAINED}
        about["bundle_sha256"] = detector.bundle.sha256
        found.append(Scored(f"default, {name}", classes, tuple(predictions), about=about))
    return tuple(found)
