"""What the eye sees on real mammograms, against what is marked: ``python -m MCDetect.training.detection.by_eye``.

``by_eye.json`` holds places and classes, never a picture. Its places are those of the highest contrast in two views, by
differences of Gaussians in three sizes and whatever the detector says, called from crops without marks; its marks are
those of one bundle, called from crops that showed where they were. Its groups and bodies are those that a first look at
the views found. Nobody who called them is a radiologist.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.bundles.store import DEFAULT_BUNDLE
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError, MCDetectError
from MCDetect.polygons import contains
from MCDetect.training.detection.injected_set import grey_values_hash
from MCDetect.training.detection.tables import table

if TYPE_CHECKING:
    from MCDetect.bundles.store import Bundle
    from MCDetect.dicom.mammogram import Mammogram
    from MCDetect.findings import Calcification, ImageFindings

CERTAIN = "calcification"
"""Class of the places that the eye is certain of."""

WRONG = ("strand", "vessel", "edge", "grain")
"""Classes of marks that ought not to be there."""

UNKNOWN = "not called yet"
"""Of a mark that lies on no place that was called."""

SAME_MM = 0.7
"""Distance from a place that was called, within which a mark has its class."""

GROUP_MM = 4.0
"""Marks nearer than this to the middle of a group are its own."""

BODY_MM = 1.5
"""Marks nearer than this to the middle of a large calcification are on it."""

_REACH = 3  # pixels beside a mark that still count as on it


@dataclass(frozen=True)
class Called:
    """A place (row, column) in pixels and its class."""

    row: int
    column: int
    kind: str


@dataclass(frozen=True)
class CalledView:
    """What was seen on one view.

    Attributes
    ----------
    name, sha256
        Of the view and its grey values.
    places
        Called whatever is marked.
    marks
        Classes of what one bundle marked.
    groups, bodies
        Middles of groups of calcifications, and of single large ones, plain to see before anything was marked.
    """

    name: str
    sha256: str
    places: tuple[Called, ...]
    marks: tuple[Called, ...]
    groups: tuple[Called, ...] = ()
    bodies: tuple[Called, ...] = ()


def called_views() -> list[CalledView]:
    """Return the views that were looked at."""
    text = resources.files("MCDetect.training.detection").joinpath("by_eye.json").read_text(encoding="utf-8")
    return [
        CalledView(
            name,
            view["sha256"],
            *(tuple(Called(*one) for one in view.get(what, ())) for what in ("places", "marks", "groups", "bodies")),
        )
        for name, view in json.loads(text)["views"].items()
    ]


def by_eye_figures(
    bundle: Bundle, mammograms: Sequence[Path], called: Sequence[CalledView] | None = None
) -> dict[str, Any]:
    """Return how many of the certain places are marked, and the classes of all marks, at the default operating point.

    Parameters
    ----------
    bundle
        Whose detector it is.
    mammograms
        Files; those with the grey values of a called view are looked at, whatever their names.
    called
        The views; None takes :func:`called_views`.

    Returns
    -------
    dict
        By name of the view; None for one that is not among the files.
    """
    from MCDetect.inference.detector import Detector

    views = called_views() if called is None else called
    figures: dict[str, Any] = {view.name: None for view in views}
    detector: Detector | None = None
    for path in mammograms:
        mammogram = read_mammogram(path)
        digest = grey_values_hash(mammogram.pixels)
        for view in (one for one in views if one.sha256 == digest):
            detector = detector or Detector(bundle, "cpu")
            found = detector.analyse(mammogram)
            figures[view.name] = {
                **figures_of(view, mammogram, found.calcifications),
                "groups": [group_figures(one, found) for one in view.groups],
                "bodies": [body_figures(one, found) for one in view.bodies],
            }
    return figures


def figures_of(view: CalledView, mammogram: Mammogram, marks: Sequence[Calcification]) -> dict[str, Any]:
    """Return the figures of one view."""
    covered = np.zeros(mammogram.shape, dtype=bool)
    for mark in marks:
        for row, first, length in mark.runs:
            rows = slice(max(0, row - _REACH), row + _REACH + 1)
            covered[rows, max(0, first - _REACH) : first + length + _REACH] = True
    certain = [place for place in view.places if place.kind == CERTAIN]
    found = [bool(covered[place.row, place.column]) for place in certain]
    kinds = Counter(_kind_of(mark, view, mammogram.spacing.millimetres) for mark in marks)
    return {
        "places called": len(view.places),
        "certain": len(certain),
        "marked": sum(found),
        "missed": [(p.row, p.column) for p, is_found in zip(certain, found, strict=True) if not is_found],
        "marks": len(marks),
        "marks by class": dict(sorted(kinds.items())),
        "wrong": sum(kinds[kind] for kind in WRONG),
    }


def group_figures(group: Called, found: ImageFindings) -> dict[str, Any]:
    """Return what was found of a group: marks within :data:`GROUP_MM`, and the cluster over its middle, or None."""
    over = [one for one in found.clusters if contains(one.outline, (group.row, group.column))]
    best = max((one.score for one in over), default=None)
    others = [one for one in found.clusters if one not in over]
    return {
        "kind": group.kind,
        "marks": sum(_distance_mm(mark, group, found.spacing_mm) <= GROUP_MM for mark in found.calcifications),
        "score": best and round(best, 4),
        "highest in the view": best is not None and all(one.score <= best for one in others),
        "scores of other clusters": sorted((round(one.score, 4) for one in others), reverse=True),
    }


def body_figures(body: Called, found: ImageFindings) -> dict[str, Any]:
    """Return the marks within :data:`BODY_MM` of a large calcification: length and what it is called."""
    marks = [one for one in found.calcifications if _distance_mm(one, body, found.spacing_mm) <= BODY_MM]
    return {
        "kind": body.kind,
        "marks": [
            {"length_mm": round(one.diameter_mm, 2), "type": one.benign_type and one.benign_type.value} for one in marks
        ],
    }


def known_table(figures: Mapping[str, Any]) -> str:
    """Return what was found of groups and large calcifications as a table in Markdown; empty without any."""
    rows = []
    for name, view in figures.items():
        for group in view["groups"] if view else ():
            others = ", ".join(f"{score:.2f}" for score in group["scores of other clusters"]) or "none"
            score = "not found" if group["score"] is None else f"found, score {group['score']:.2f}"
            rank = ", the highest in the view" if group["highest in the view"] else ""
            told = f"{score}{rank}; {group['marks']} marks; other clusters: {others}"
            rows.append([name, group["kind"], told])
        for body in view["bodies"] if view else ():
            marks = ", ".join(f"{one['length_mm']:.1f} mm, {one['type'] or 'no benign type'}" for one in body["marks"])
            times = {0: "not marked", 1: "marked once: "}.get(
                len(body["marks"]), f"marked {len(body['marks'])} times: "
            )
            rows.append([name, body["kind"], times + marks])
    return table(["view", "what the eye sees", "what is found at `balanced`"], rows) if rows else ""


def by_eye_table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    rows = []
    for name, view in figures.items():
        if view is None:
            rows.append([name, "not among the files", "", "", ""])
            continue
        if not view["places called"]:
            continue
        kinds = ", ".join(f"{kind} {number}" for kind, number in view["marks by class"].items())
        rows.append([name, f"{view['marked']} of {view['certain']}", str(view["marks"]), str(view["wrong"]), kinds])
    return table(["view", "certain places that are marked", "marks", f"on {', '.join(WRONG)}", "by class"], rows)


def _kind_of(mark: Calcification, view: CalledView, spacing_mm: tuple[float, float]) -> str:
    distances = [(_distance_mm(mark, one, spacing_mm), one.kind) for one in (*view.marks, *view.places)]
    least, kind = min(distances, default=(np.inf, UNKNOWN))
    return kind if least <= SAME_MM else UNKNOWN


def _distance_mm(mark: Calcification, place: Called, spacing_mm: tuple[float, float]) -> float:
    return float(np.hypot((mark.row - place.row) * spacing_mm[0], (mark.column - place.column) * spacing_mm[1]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console

    from MCDetect.bundles.store import find_bundle

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.detection.by_eye", description=__doc__)
    parser.add_argument("--real", type=Path, required=True, help="folder with the real mammograms (*.dcm)")
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, help="name or folder of the bundle")
    given = parser.parse_args(arguments)
    try:
        paths = sorted(given.real.glob("*.dcm")) if given.real.is_dir() else []
        if not paths:
            raise InputError("no-mammograms", f"{given.real} holds no *.dcm file.", "Name the folder that holds them.")
        figures = by_eye_figures(find_bundle(given.bundle), paths)
    except MCDetectError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        return 3
    Console(soft_wrap=True).print(by_eye_table(figures), known_table(figures), sep="\n", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
