"""A trained patch classifier on real patches that nothing here was trained on: validation only.

The folder holds ``0/*.pgm`` (normal tissue) and ``1/*.pgm`` (with a cluster); names begin with the case and an
underscore. What the figures cannot say is in docs/papers.md: such patches are smaller than those the recipes ask for,
and were cut by others.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from MCDetect.evaluation.predictions import Prediction
from MCDetect.evaluation.report import Scored
from MCDetect.training.papers.copies import resized
from MCDetect.training.papers.recipe import ExampleSettings, PaperRecipe
from MCDetect.training.patch_scores import PATCH_SPACING_MM
from MCDetect.training.real_patches import patch_files

Grey = npt.NDArray[np.uint8]


def score_real_patches(run: Path, patches: Path) -> Scored | None:
    """Return the classifier of a training's folder on real patches; None if it does not classify patches.

    Raises
    ------
    InputError
        ``no-patches`` if the folder lacks one of the classes; ``no-predictions`` if the run is not finished.
    """
    import json

    import torch

    from MCDetect.bundles.store import Bundle
    from MCDetect.training.papers.batches import Examples
    from MCDetect.training.papers.predictions import class_probabilities
    from MCDetect.training.papers.recipe import recipe_of
    from MCDetect.training.papers.runs import read_run

    finished = read_run(run)
    bundle = run / "bundle"
    recipe: PaperRecipe = recipe_of(json.loads((bundle / "configs" / "recipe.json").read_text(encoding="utf-8")))
    if recipe.examples.task != "grid":
        return None
    read = read_real_patches(patches)
    pixels = np.stack([fitted(patch, recipe.examples) for _, _, patch in read])
    paths = [(label, path) for label, path, _ in read]
    labels = [label for label, _ in paths]
    network = Bundle(recipe.name, bundle).load_network("classifier_network", "model.pt", torch.device("cpu"))
    examples = Examples(pixels, labels, [(place, 0) for place in range(len(paths))], recipe, augmented=False)
    predictions = tuple(
        Prediction(path.name, path.name.split("_", maxsplit=1)[0], (), label, tuple(map(float, row)))
        for (label, path), row in zip(paths, class_probabilities(network, examples), strict=True)
    )
    trained_on = (finished.about or {}).get("dataset")
    about = {**(finished.about or {}), "trained on": trained_on, "dataset": "real patches"}
    return Scored(f"{finished.name}, trained on {trained_on}", finished.classes, predictions, about=about)


def fitted(patch: Grey, settings: ExampleSettings) -> Grey:
    """Return a patch at the recipe's spacing, mirrored at its edges to the recipe's size or cut to its middle."""
    scale = PATCH_SPACING_MM / settings.spacing_mm if settings.spacing_mm is not None else 1.0
    grey = resized(patch, round(patch.shape[0] * scale), round(patch.shape[1] * scale))
    missing = [
        max(0, wanted - have) for wanted, have in zip((settings.rows, settings.columns), grey.shape, strict=True)
    ]
    padded = np.pad(grey, [(amount // 2, amount - amount // 2) for amount in missing], mode="symmetric")
    top, left = (padded.shape[0] - settings.rows) // 2, (padded.shape[1] - settings.columns) // 2
    return np.ascontiguousarray(padded[top : top + settings.rows, left : left + settings.columns])


def read_real_patches(folder: Path) -> list[tuple[int, Path, Grey]]:
    """Return class (0 or 1), file and pixels of each patch.

    Raises
    ------
    InputError
        ``no-patches`` if the folder lacks one of the classes.
    """
    return [(label, path, _read(path)) for label, path in patch_files(folder)]


def _read(path: Path) -> Grey:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))
