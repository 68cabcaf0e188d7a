"""The report of one or several classifiers: all figures as JSON, and the same with curves as one HTML file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from MCDetect.evaluation import classification
from MCDetect.evaluation.froc import ScoredImage
from MCDetect.evaluation.marked_images import free_response
from MCDetect.evaluation.predictions import Prediction, top_losses
from MCDetect.evaluation.report_page import page_of
from MCDetect.files import write_text_atomically

_SMALLEST_SUBGROUP = 2


@dataclass(frozen=True)
class Scored:
    """One classifier on one data set.

    Attributes
    ----------
    name
        Of the run, for tables.
    classes
        In the order of their numbers.
    predictions
        Of the examples it is judged by.
    marks
        Of whole images, if it looked at such.
    about
        What is to be said of it: recipe, network, data set, split.
    published
        Figures of the paper, on other data.
    extras
        What else was shown, by name: ``measured`` and ``published``, each a table of figures by row.
    pictures
        PNG files for the page, by their captions.
    """

    name: str
    classes: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    marks: tuple[ScoredImage, ...] = ()
    about: Mapping[str, Any] | None = None
    published: Mapping[str, Any] | None = None
    extras: Mapping[str, Mapping[str, Any]] | None = None
    pictures: Mapping[str, Path] = field(default_factory=dict)


def score(scored: Scored, *, repeats: int = 1000) -> dict[str, Any]:
    """Return all figures of one classifier."""
    answers = classification.Answers.of(scored.predictions)
    both = 0 < int(answers.positive.sum()) < len(answers.labels)
    return {
        "name": scored.name,
        "about": dict(scored.about or {}),
        "classes": list(scored.classes),
        "examples": len(scored.predictions),
        "patients": len(set(answers.patients)),
        "figures": classification.figures(answers, repeats=repeats),
        "confusion": classification.confusion(answers),
        "roc": classification.roc_points(answers) if both else [],
        "slope 1 operating point": classification.slope_one_point(answers) if both else None,
        "calibration": classification.calibration(answers),
        "subgroups": _subgroups(scored, repeats),
        "top losses": top_losses(scored.predictions, scored.classes),
        "froc": free_response(scored.marks) if scored.marks else None,
        "published on other data": dict(scored.published or {}),
        "extras": {name: dict(extra) for name, extra in (scored.extras or {}).items()},
    }


def write_report(output: Path, runs: Sequence[Scored], *, repeats: int = 1000) -> list[Path]:
    """Write ``report.json`` and ``report.html``.

    Parameters
    ----------
    output
        The folder.
    runs
        What is compared.
    repeats
        Of the bootstrap.

    Returns
    -------
    list of Path
        Both files.
    """
    scores = [score(run, repeats=repeats) for run in runs]
    document, page = output / "report.json", output / "report.html"
    write_text_atomically(document, json.dumps({"runs": scores}, indent=2) + "\n")
    write_text_atomically(page, page_of(scores, [run.pictures for run in runs]))
    return [document, page]


def _subgroups(scored: Scored, repeats: int) -> dict[str, dict[str, Any]]:
    """Return accuracy and number of examples of every subgroup, e.g. of each age group (Shiri Kahnouei et al. 2022)."""
    members: dict[tuple[str, str], list[Prediction]] = {}
    for one in scored.predictions:
        for kind, value in one.subgroups:
            members.setdefault((kind, value), []).append(one)
    found: dict[str, dict[str, Any]] = {}
    for (kind, value), group in sorted(members.items()):
        if len(group) >= _SMALLEST_SUBGROUP:
            answers = classification.Answers.of(group)
            accuracy = classification.accuracy(answers, repeats=repeats)
            found.setdefault(kind, {})[value] = {"examples": len(group), "accuracy": accuracy}
    return found
