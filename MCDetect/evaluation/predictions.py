"""What a classifier said of examples: the table that training writes and evaluation reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from MCDetect.errors import InputError
from MCDetect.files import write_text_atomically

_FIXED = ("image", "patient", "subgroups", "class")


@dataclass(frozen=True)
class Prediction:
    """One example of a test part: its image, patient, subgroups, true class and the probability of each class."""

    image: str
    patient: str
    subgroups: tuple[tuple[str, str], ...]
    label: int
    probabilities: tuple[float, ...]


def write_predictions(path: Path, classes: Sequence[str], predictions: Sequence[Prediction]) -> None:
    """Write predictions as CSV: one row an example, one column a class with its probability."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([*_FIXED, *classes])
    for one in predictions:
        groups = ";".join(f"{kind}={value}" for kind, value in one.subgroups)
        cells = [f"{value:.9g}" for value in one.probabilities]
        writer.writerow([one.image, one.patient, groups, classes[one.label], *cells])
    write_text_atomically(path, stream.getvalue())


def read_predictions(path: Path) -> tuple[tuple[str, ...], list[Prediction]]:
    """Return the classes and the predictions of a file that :func:`write_predictions` wrote.

    Raises
    ------
    InputError
        ``no-predictions`` when the file is missing or is something else.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            header, *rows = list(csv.reader(stream))
        classes = tuple(header[len(_FIXED) :])
        if tuple(header[: len(_FIXED)]) != _FIXED or len(classes) < 2 or not rows:
            raise ValueError("another table")
        predictions = [
            Prediction(
                image,
                patient,
                tuple((kind, value) for kind, _, value in (g.partition("=") for g in groups.split(";") if g)),
                classes.index(label),
                tuple(float(value) for value in values),
            )
            for image, patient, groups, label, *values in rows
        ]
    except (OSError, ValueError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            "no-predictions",
            f"{path} is not a file of predictions.",
            "Give the output folder of a finished mcdetect train.",
        ) from error
    return classes, predictions


def top_losses(predictions: Sequence[Prediction], classes: Sequence[str], count: int = 9) -> list[dict[str, Any]]:
    """Return the examples with the highest losses, the worst first (Leong et al. 2022).

    Each has its place in ``predictions`` (``number``), ``image``, ``decided`` and ``true`` class, ``loss`` (the
    cross-entropy) and ``probability`` of the true class.
    """
    order = sorted(range(len(predictions)), key=lambda n: predictions[n].probabilities[predictions[n].label])
    return [
        {
            "number": number,
            "image": predictions[number].image,
            "decided": classes[int(np.argmax(predictions[number].probabilities))],
            "true": classes[predictions[number].label],
            "loss": float(-np.log(max(predictions[number].probabilities[predictions[number].label], 1e-12))),
            "probability": predictions[number].probabilities[predictions[number].label],
        }
        for number in order[:count]
    ]
