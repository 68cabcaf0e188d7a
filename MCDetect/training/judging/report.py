"""The report of bundles on a data set: ``report.json``, ``report.html``, two tables as CSV, and marked views."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from MCDetect.evaluation.detector_page import detector_page_of
from MCDetect.evaluation.froc import match
from MCDetect.evaluation.hits import Candidate, Outline
from MCDetect.files import write_text_atomically
from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.judging.figures import JudgedDetector, figures_of, scored_images
from MCDetect.training.judging.looking import LookedAtView
from MCDetect.training.papers.whole_images import draw_marks

_SHOWN = 4  # views of each bundle


def write_detector_report(output: Path, judged: Sequence[JudgedDetector], *, repeats: int = 1000) -> list[Path]:
    """Write the report.

    Parameters
    ----------
    output
        The folder.
    judged
        What is compared, on the same data set.
    repeats
        Of the bootstrap.

    Returns
    -------
    list of Path
        ``report.json``, ``report.html``, ``clusters.csv`` (each cluster that is there), ``found.csv`` (each that was
        found) and the pictures in ``marked/``.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    entries = [figures_of(one, repeats=repeats) for one in judged]
    pictures = [_draw(output / "marked", number, one) for number, one in enumerate(judged, 1)]
    document, page = output / "report.json", output / "report.html"
    clusters, found = output / "clusters.csv", output / "found.csv"
    write_text_atomically(document, json.dumps({"runs": entries}, indent=2, allow_nan=False) + "\n")
    write_text_atomically(page, detector_page_of(entries, pictures))
    write_text_atomically(clusters, _table(row for one in judged for row in _clusters(one)))
    write_text_atomically(found, _table(row for one in judged for row in _found(one)))
    return [document, page, clusters, found, *(path for each in pictures for path in each.values())]


def _clusters(judged: JudgedDetector) -> list[dict[str, Any]]:
    rows = []
    matched = [[match(image, rule) for rule in CRITERIA.values()] for image in scored_images(judged.views)]
    for view, images in zip(judged.views, matched, strict=True):
        for number, cluster in enumerate(view.truth.clusters):
            scores = [one.truth_scores[number] for one in images]
            row, column = _middle(cluster.outline)
            ratio = cluster.signal_to_noise
            rows.append(
                {
                    **_place(judged, view, row, column),
                    "kind": cluster.kind,
                    "signal-to-noise ratio": f"{ratio:.2f}" if np.isfinite(ratio) else "",
                    **{
                        f"score of what found it ({name})": f"{score:.4f}" if np.isfinite(score) else ""
                        for name, score in zip(CRITERIA, scores, strict=True)
                    },
                    **{
                        f"found at {name}": int(scores[0] >= threshold)
                        for name, threshold in judged.detector.operating_points.items()
                    },
                }
            )
    return rows


def _found(judged: JudgedDetector) -> list[dict[str, Any]]:
    rows = []
    for view in judged.views:
        spacing = (view.truth.spacing_mm, view.truth.spacing_mm)
        for cluster in view.clusters:
            candidate = Candidate(cluster.outline, cluster.score)
            row, column = _middle(cluster.outline)
            rows.append(
                {
                    **_place(judged, view, row, column),
                    "score": f"{cluster.score:.4f}",
                    "typically benign": int(cluster.is_benign),
                    **{
                        f"right ({name})": int(
                            any(rule(candidate, truth.as_truth(), spacing) for truth in view.truth.clusters)
                        )
                        for name, rule in CRITERIA.items()
                    },
                }
            )
    return rows


def _place(judged: JudgedDetector, view: LookedAtView, row: float, column: float) -> dict[str, Any]:
    return {
        "model": judged.name,
        "image": view.truth.name,
        "examination": view.truth.examination,
        "laterality": view.record.laterality,
        "view": view.record.view,
        "row": f"{row:.1f}",
        "column": f"{column:.1f}",
    }


def _middle(outline: Outline) -> tuple[float, float]:
    points = np.asarray(outline, dtype=float)
    row, column = 0.5 * (points.min(axis=0) + points.max(axis=0))
    return float(row), float(column)


def _table(rows: Any) -> str:
    stream, listed = io.StringIO(), list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row)) or ["model"]
    writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return stream.getvalue()


def _draw(folder: Path, run: int, judged: JudgedDetector) -> dict[str, Path]:
    """Draw the views with the worst errors: missed clusters first, then the highest false ones."""
    threshold = judged.detector.operating_points[judged.detector.default_operating_point]
    worst = []
    for number, image in enumerate(scored_images(judged.views)):
        one = match(image)
        missed = sum(score < threshold for score in one.truth_scores)
        false = max((s for s in one.false_positives if s >= threshold), default=0.0)
        if image.truths or false:
            worst.append((missed, false if judged.views[number].truth.is_annotated else 0.0, number, image))
    pictures = {}
    for place, (missed, false, number, image) in enumerate(
        sorted(worst, key=lambda one: (-one[0], -one[1]))[:_SHOWN], 1
    ):
        view = judged.views[number]
        path = folder / f"{run}-{place}.png"
        draw_marks(path, view.record, image, threshold)
        told = [f"{missed} missed" if missed else "", f"highest false score {false:.2f}" if false else ""]
        about = ", ".join(filter(None, told)) or "nothing missed, nothing false"
        pictures[f"{view.truth.name}: {about}. Found: red boxes; marked: green."] = path
    return pictures
