"""What a finished training left, for the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from MCDetect.errors import InputError, UsageError
from MCDetect.evaluation.marked_images import read_marks
from MCDetect.evaluation.predictions import read_predictions
from MCDetect.evaluation.report import Scored

_OF_ONE_TRAINING = (  # equal in all folds of a cross-validation
    "recipe_sha256",
    "pretrained",
    "pretrained_sha256",
    "dataset",
    "dataset_checksum",
    "split",
    "seed",
    "optimizer",
)
_EXTRAS = ("filters", "texture", "learning-rate")
_PICTURES = {
    "learning-rate.png": "learning-rate finder",
    "top-losses.png": "top losses: decided / true / loss / probability of the truth",
    **{f"marked/{n}.png": f"image {n} of the test part: positive tiles red, marked regions green" for n in range(1, 5)},
}


def read_run(folder: Path) -> Scored:
    """Return the classifier of an output folder with its predictions of the test part.

    Raises
    ------
    InputError
        ``no-predictions`` when the folder is of no finished training.
    """
    classes, predictions = read_predictions(folder / "predictions.csv")
    try:
        bundle = folder / "bundle"
        about = json.loads((bundle / "docs" / "training.json").read_text(encoding="utf-8"))
        published = json.loads((bundle / "configs" / "recipe.json").read_text(encoding="utf-8"))["published"]
        network, optimizer = about["network"], about["optimizer"]
        figures = published.get(f"{network}, {optimizer}", published.get(network, {}))
        name = f"{about['recipe']}, {network}" + (f", {optimizer}" if f"{network}, {optimizer}" in published else "")
        extras = {
            path.stem: {
                "measured": json.loads(path.read_text(encoding="utf-8")),
                "published": published.get(path.stem, {}),
            }
            for path in _extras(folder)
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "no-predictions",
            f"{folder} has no finished bundle.",
            "Give the output folder of a finished mcdetect train.",
        ) from error
    marks = folder / "marks.json"
    return Scored(
        name,
        classes,
        tuple(predictions),
        tuple(read_marks(marks)) if marks.is_file() else (),
        about,
        figures,
        extras,
        {caption: folder / name for name, caption in _PICTURES.items() if (folder / name).is_file()},
    )


def pooled(runs: Sequence[Scored]) -> list[Scored]:
    """Return one more classifier for each group of runs that are folds of one cross-validation (Rehman et al. 2021).

    Runs belong together when recipe, network, first weights, data set, split and seed are equal and the folds differ.
    Their test parts do not overlap with a split by patient, so that their predictions are judged as one.

    Raises
    ------
    UsageError
        ``fold-twice`` when two runs of one cross-validation have the same fold: which of them counts is not known.
    """
    groups: dict[tuple[Any, ...], dict[int, Scored]] = {}
    twice: dict[tuple[Any, ...], int] = {}
    for run in runs:
        about = run.about or {}
        key = (run.name, *(about.get(name) for name in _OF_ONE_TRAINING))
        fold = int(about.get("fold", 0))
        if fold in groups.setdefault(key, {}):
            twice[key] = fold
        groups[key][fold] = run
    for key, fold in twice.items():
        if len(groups[key]) > 1:
            raise UsageError(
                "fold-twice",
                f"Fold {fold} of {groups[key][fold].name} was given twice.",
                "Give each fold of a cross-validation once.",
            )
    found = []
    for folds in groups.values():
        if len(folds) > 1:
            first = folds[min(folds)]
            found.append(
                replace(
                    first,
                    name=f"{first.name}, folds {', '.join(map(str, sorted(folds)))}",
                    predictions=tuple(one for fold in sorted(folds) for one in folds[fold].predictions),
                    marks=tuple(image for fold in sorted(folds) for image in folds[fold].marks),
                    about={**(first.about or {}), "fold": "all of these"},
                    extras={},
                    pictures={},
                )
            )
    return found


def _extras(folder: Path) -> list[Path]:
    return [path for name in _EXTRAS if (path := folder / f"{name}.json").is_file()]
