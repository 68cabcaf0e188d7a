"""The report of one or several classifiers: all figures as JSON, and the same with curves as one HTML file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from MCDetect.evaluation import classification
from MCDetect.evaluation.curves import draw_curves
from MCDetect.evaluation.froc import ScoredImage
from MCDetect.evaluation.marked_images import free_response
from MCDetect.evaluation.predictions import Prediction
from MCDetect.files import write_text_atomically

_SMALLEST_SUBGROUP = 2

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #ccc;padding:.3em .7em;text-align:left}
th{background:#f3f3f3}img{max-width:100%}.warning{background:#fff3d6;padding:.7em 1em;border-left:4px solid #d99a00}"""


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
    """

    name: str
    classes: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    marks: tuple[ScoredImage, ...] = ()
    about: Mapping[str, Any] | None = None
    published: Mapping[str, Any] | None = None


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
        "subgroups": _subgroups(scored),
        "froc": free_response(scored.marks) if scored.marks else None,
        "published on other data": dict(scored.published or {}),
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
    write_text_atomically(page, _page(scores))
    return [document, page]


def comparison(scores: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the side-by-side table; the published figures stand behind ours in brackets."""
    names = ["accuracy", "sensitivity", "specificity", "F1", "MCC", "AUC"]
    header = ["recipe, network", "data set", "split", "test examples", *names]
    rows = []
    for one in scores:
        about = one["about"]
        published = {str(key).lower(): value for key, value in one["published on other data"].items()}
        row = [str(one["name"]), str(about.get("dataset", "")), str(about.get("split", "")), str(one["examples"])]
        for name in names:
            figure = one["figures"].get(name)
            ours = "not defined" if figure is None else _interval(figure)
            theirs = published.get(name.lower())
            row.append(ours if theirs is None else f"{ours} (published: {theirs})")
        rows.append(row)
    return header, rows


def _subgroups(scored: Scored) -> dict[str, dict[str, Any]]:
    """Return accuracy and number of examples of every subgroup, e.g. of each age group (Shiri Kahnouei et al. 2022)."""
    members: dict[tuple[str, str], list[Prediction]] = {}
    for one in scored.predictions:
        for kind, value in one.subgroups:
            members.setdefault((kind, value), []).append(one)
    found: dict[str, dict[str, Any]] = {}
    for (kind, value), group in sorted(members.items()):
        if len(group) >= _SMALLEST_SUBGROUP:
            answers = classification.Answers.of(group)
            accuracy = float((answers.labels == answers.decided).mean())
            found.setdefault(kind, {})[value] = {"examples": len(group), "accuracy": accuracy}
    return found


def _page(scores: Sequence[Mapping[str, Any]]) -> str:
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>MCDetect evaluation</title>",
        f"<style>{_STYLE}</style></head><body><h1>Evaluation</h1>",
        "<p>For research use; not a medical device. Intervals are 95 %, bootstrap over patients. Published figures "
        "were measured on other data, often with patients in several parts of the split: they are no reference.</p>",
        _table(*comparison(scores)),
    ]
    for one in scores:
        parts.append(f"<h2>{escape(str(one['name']))}</h2>")
        if one["about"].get("split") == "paper":
            parts.append(
                "<p class='warning'>Split as the paper splits: copies of one example and images of one patient are in "
                "several parts. These figures are too high.</p>"
            )
        parts.append(_table(["", ""], [[key, str(value)] for key, value in _about(one)]))
        rows = [[name, _interval(figure)] for name, figure in one["figures"].items()]
        parts.append(_table(["figure", "estimate [95 % interval]"], rows))
        parts.append(f"<img alt='curves' src='data:image/png;base64,{draw_curves(one)}'>")
        for kind, groups in one["subgroups"].items():
            rows = [[value, str(group["examples"]), f"{group['accuracy']:.3f}"] for value, group in groups.items()]
            parts.append(_table([kind, "examples", "accuracy"], rows))
    return "\n".join([*parts, "</body></html>\n"])


def _about(one: Mapping[str, Any]) -> list[tuple[str, Any]]:
    point = one["slope 1 operating point"]
    lines = [(str(key), value) for key, value in one["about"].items() if not isinstance(value, dict | list)]
    lines += [("test examples", one["examples"]), ("test patients", one["patients"])]
    if point is not None:
        lines.append(
            (
                "operating point by the slope-1 line (chosen on these examples)",
                f"threshold {point['threshold']:.3f}, sensitivity {point['sensitivity']:.3f}, "
                f"specificity {point['specificity']:.3f}",
            )
        )
    if one["froc"] is not None:
        rates = one["froc"]["sensitivity at false positives an image"]
        lines.append(
            ("sensitivity at false positives an image", ", ".join(f"{k}: {value:.3f}" for k, value in rates.items()))
        )
    return lines


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>" if any(header) else f"<table>{body}</table>"


def _interval(figure: Mapping[str, float]) -> str:
    return f"{figure['estimate']:.3f} [{figure['low']:.3f}-{figure['high']:.3f}]"
