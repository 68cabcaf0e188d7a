"""What bf16 changes in the detection: the FROC of the default bundle on frozen views, for each back end and precision.

python Testing/benchmarks/precision.py WORK OUTPUT.json [--views N]

WORK is where ``make bench-detection`` keeps its views (WORK/frozen). What is found in a view is kept in WORK/precision
at once, so a run that was stopped goes on, and OUTPUT.json is made of the views that all ways have looked at.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from MCDetect.evaluation.hits import Candidate
from MCDetect.files import write_text_atomically
from MCDetect.inference.detector import Detector
from MCDetect.training.detection.figures import (
    CRITERIA,
    MatchedView,
    above_noise,
    difference,
    froc_figures,
    match_views,
)
from MCDetect.training.detection.looking import LookedAt, Mark, look
from MCDetect.training.detection.looking import _read as read
from MCDetect.training.detection.truths import read_view_truth
from MCDetect.training.simulated_views import load_view

WAYS = [("torch", "fp32"), ("openvino", "bf16"), ("torch", "bf16")]
RATES = (0.5, 1.0)
NEAR = 2.0
"""Pixels: a mark of one way and one of another within this distance are the same."""


def look_at(paths: list[Path], folder: Path) -> None:
    """Look at all views in all ways, and keep what is found."""
    torch.set_num_threads(1)
    detectors = [Detector.load("default", "cpu", backend, precision) for backend, precision in WAYS]
    folder = folder / detectors[0].bundle.sha256[:12]
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        missing = [d for d in zip(WAYS, detectors, strict=True) if not record(folder, path, *d[0]).exists()]
        view = load_view(path) if missing else None
        for way, detector in missing:
            text = json.dumps(asdict(look(detector, view, patches=False)), default=float)
            write_text_atomically(record(folder, path, *way), text)


def record(folder: Path, path: Path, backend: str, precision: str) -> Path:
    return folder / f"{path.stem}-{backend}-{precision}.json"


def compare(paths: list[Path], folder: Path) -> dict[str, Any]:
    """Return the figures of each way, and what it differs from PyTorch in fp32."""
    bundle = Detector.load("default", "cpu").bundle
    folder = folder / bundle.sha256[:12]
    done = [path for path in paths if all(record(folder, path, *way).exists() for way in WAYS)]
    truths = [read_view_truth(path) for path in done]
    looked = {way: [read(record(folder, path, *way)) for path in done] for way in WAYS}
    criterion = next(iter(CRITERIA.values()))

    def matched(way: tuple[str, str]) -> list[MatchedView]:
        found = [tuple(Candidate(c.outline, c.score) for c in view.clusters) for view in looked[way]]
        return match_views(truths, found, criterion)

    reference = matched(WAYS[0])
    ways = {}
    for way in WAYS:
        mine = matched(way)
        ways[", ".join(way)] = {
            "FROC": {"all": froc_figures(mine), "above noise": froc_figures(mine, above_noise)},
            "sensitivity less that of the first way": {
                f"{rate:g}": {
                    "all": difference(mine, reference, rate),
                    "above noise": difference(mine, reference, rate, above_noise),
                }
                for rate in RATES
            },
            "marks and clusters": changes(looked[WAYS[0]], looked[way], bundle.operating_points),
        }
    return {
        "bundle": bundle.sha256,
        "views": len(done),
        "views without clusters": sum(truth.is_normal for truth in truths),
        "clusters": sum(len(truth.clusters) for truth in truths),
        "ways": ways,
    }


def changes(first: list[LookedAt], second: list[LookedAt], points: dict[str, float]) -> dict[str, Any]:
    """Return how many marks and clusters come or go at the bundle's own thresholds, and how much scores differ."""
    pairs = list(zip(first, second, strict=True))
    lost = sum(unmatched(a.marks[0], b.marks[0]) for a, b in pairs)
    new = sum(unmatched(b.marks[0], a.marks[0]) for a, b in pairs)
    at_point = {
        name: [sum(c.score >= value for view in views for c in view.clusters) for views in (first, second)]
        for name, value in points.items()
    }
    scores = [abs(score(a) - score(b)) for a, b in pairs]
    return {
        "marks": sum(len(view.marks[0]) for view in first),
        "marks lost": lost,
        "marks new": new,
        "clusters at operating points, first way and this": at_point,
        "largest difference of a view's score": max(scores, default=0.0),
        "median difference of a view's score": float(np.median(scores)) if scores else 0.0,
    }


def score(view: LookedAt) -> float:
    return max((cluster.score for cluster in view.clusters), default=0.0)


def unmatched(marks: tuple[Mark, ...], others: tuple[Mark, ...]) -> int:
    places = np.array([(other.row, other.column) for other in others]).reshape(-1, 2)
    return sum(not (np.hypot(places[:, 0] - mark.row, places[:, 1] - mark.column) <= NEAR).any() for mark in marks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--views", type=int, default=208)
    given = parser.parse_args()
    views = sorted((given.work / "frozen").glob("*.npy"))[: given.views]
    look_at(views, given.work / "precision")
    write_text_atomically(given.output, json.dumps(compare(views, given.work / "precision"), indent=1) + "\n")
