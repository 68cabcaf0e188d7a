"""What the eye sees on real mammograms, against what is marked: ``python -m MCDetect.training.detection.by_eye``.

``by_eye.json`` holds places and classes, never a picture. Its places are those of the highest contrast in two views, by
differences of Gaussians in three sizes and whatever the detector says, called from crops without marks; its marks are
those of one bundle, called from crops that showed where they were. Nobody who called them is a radiologist.
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
from MCDetect.training.detection.injected_set import grey_values_hash
from MCDetect.training.detection.tables import table

if TYPE_CHECKING:
    from MCDetect.bundles.store import Bundle
    from MCDetect.dicom.mammogram import Mammogram
    from MCDetect.findings import Calcification

CERTAIN = "calcification"
"""Class of the places that the eye is certain of."""

WRONG = ("strand", "vessel", "edge", "grain")
"""Classes of marks that ought not to be there."""

UNKNOWN = "not called yet"
"""Of a mark that lies on no place that was called."""

SAME_MM = 0.7
"""Distance from a place that was called, within which a mark has its class."""

_REACH = 3  # pixels beside a mark that still count as on it


@dataclass(frozen=True)
class Called:
    """A place (row, column) in pixels and its class."""

    row: int
    column: int
    kind: str


@dataclass(frozen=True)
class CalledView:
    """A view by name, the SHA-256 of its grey values, places called whatever is marked, and places of marks."""

    name: str
    sha256: str
    places: tuple[Called, ...]
    marks: tuple[Called, ...]


def called_views() -> list[CalledView]:
    """Return the views that were looked at."""
    text = resources.files("MCDetect.training.detection").joinpath("by_eye.json").read_text(encoding="utf-8")
    return [
        CalledView(
            name,
            view["sha256"],
            tuple(Called(*place) for place in view["places"]),
            tuple(Called(*mark) for mark in view["marks"]),
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
            figures[view.name] = figures_of(view, mammogram, detector.analyse(mammogram).calcifications)
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


def by_eye_table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    rows = []
    for name, view in figures.items():
        if view is None:
            rows.append([name, "not among the files", "", "", ""])
            continue
        kinds = ", ".join(f"{kind} {number}" for kind, number in view["marks by class"].items())
        rows.append([name, f"{view['marked']} of {view['certain']}", str(view["marks"]), str(view["wrong"]), kinds])
    return table(["view", "certain places that are marked", "marks", f"on {', '.join(WRONG)}", "by class"], rows)


def _kind_of(mark: Calcification, view: CalledView, spacing_mm: tuple[float, float]) -> str:
    distances = [
        (float(np.hypot((mark.row - one.row) * spacing_mm[0], (mark.column - one.column) * spacing_mm[1])), one.kind)
        for one in (*view.marks, *view.places)
    ]
    least, kind = min(distances, default=(np.inf, UNKNOWN))
    return kind if least <= SAME_MM else UNKNOWN


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
    Console(soft_wrap=True).print(by_eye_table(figures), markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
