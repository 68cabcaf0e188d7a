"""What a finished training left, for the report."""

from __future__ import annotations

import json
from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.evaluation.marked_images import read_marks
from MCDetect.evaluation.predictions import read_predictions
from MCDetect.evaluation.report import Scored


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
        name = f"{about['recipe']}, {about['network']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "no-predictions",
            f"{folder} has no finished bundle.",
            "Give the output folder of a finished mcdetect train.",
        ) from error
    marks = folder / "marks.json"
    figures = published.get(about["network"], {})
    return Scored(
        name, classes, tuple(predictions), tuple(read_marks(marks)) if marks.is_file() else (), about, figures
    )
