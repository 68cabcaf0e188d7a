"""Score a bundle: ``python -m MCDetect.training.score_default --bundle NAME-OR-FOLDER --work DIR [--patches DIR]``.

On held-out simulated views: FROC by both criteria, with intervals, all clusters and those above the noise. On real
patches, if their folder is given: the area under the ROC curve, also with every patch rescaled to equal high-pass
deviation (so that brightness of texture alone scores nothing). Writes ``docs/scores.json`` and the model card of the
bundle. Nothing it writes is a figure of clinical performance.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.bundles.store import DEFAULT_BUNDLE, Bundle
from MCDetect.errors import MCDetectError
from MCDetect.evaluation.bootstrap import Indices, Interval, bootstrap_interval
from MCDetect.evaluation.free_response_statistics import (
    false_positives_from,
    mean_sensitivity,
    sensitivity_at,
    share_found,
)
from MCDetect.evaluation.froc import RATES, MatchedImage, ScoredImage, match
from MCDetect.evaluation.hits import Candidate, Criterion
from MCDetect.files import write_text_atomically
from MCDetect.training.backgrounds import TEST_SEEDS
from MCDetect.training.default_card import write_card
from MCDetect.training.detection.figures import ABOVE_NOISE, CRITERIA
from MCDetect.training.examining import examine
from MCDetect.training.patch_scores import score_patches
from MCDetect.training.recipe import DEFAULT_RECIPE, TestRecipe, load_recipe
from MCDetect.training.simulated_views import TruthCluster, ViewWithTruth, prepare_views

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class DetectedView:
    """What counts of one view: clusters found and clusters there, and false marks at the default operating point."""

    examination: str
    spacing_mm: tuple[float, float]
    found: tuple[Candidate, ...]
    clusters: tuple[TruthCluster, ...]
    false_marks: int


def detect_view(detector: Detector, view: ViewWithTruth) -> DetectedView:
    """Return all clusters that the detector finds in a view, whatever their score."""
    findings = detector.analyse(view.mammogram, 0.0)
    algorithm = detector.algorithm()
    shown = [cluster for cluster in findings.clusters if cluster.score >= algorithm.threshold]
    marks = findings.reported_with(shown, algorithm.calcification_threshold)
    return DetectedView(
        examination=str(view.seed),
        spacing_mm=view.mammogram.spacing.millimetres,
        found=tuple(Candidate(cluster.outline, cluster.score) for cluster in findings.clusters),
        clusters=view.clusters,
        false_marks=sum(not view.is_right(mark) for mark in marks),
    )


def score_views(
    bundle: Bundle, recipe: TestRecipe, work: Path, processes: int = 2, report: Report | None = None
) -> dict[str, Any]:
    """Return the scores on simulated test views.

    False positives are counted on the views without clusters. Each view is an examination of its own.
    """
    tell = report or (lambda text, done: None)
    normal = TEST_SEEDS[: recipe.normal_views]
    lesion = TEST_SEEDS[recipe.normal_views :][: recipe.lesion_views]
    paths = [
        *prepare_views(work, normal, with_clusters=False, processes=processes),
        *prepare_views(work, lesion, with_clusters=True, processes=processes),
    ]
    views = examine(bundle.folder, paths, detect_view, processes, lambda done: tell("simulated views", done))
    clusters = [cluster for view in views for cluster in view.clusters]
    marks = [view.false_marks for view in views if not view.clusters]
    scores: dict[str, Any] = {
        "views_without_clusters": len(normal),
        "views_with_clusters": len(lesion),
        "clusters": len(clusters),
        "clusters_above_noise": sum(cluster.signal_to_noise >= ABOVE_NOISE for cluster in clusters),
        "false_marks_per_view_without_clusters": float(np.mean(marks)) if marks else None,
    }
    for name, criterion in CRITERIA.items():
        scores[name] = {
            "all clusters": _froc_scores(_matched(views, criterion, 0.0), bundle.operating_points),
            f"clusters of median signal-to-noise {ABOVE_NOISE:g} and more": _froc_scores(
                _matched(views, criterion, ABOVE_NOISE), bundle.operating_points
            ),
        }
    return scores


def _matched(views: Sequence[DetectedView], criterion: Criterion, minimum: float) -> list[MatchedImage]:
    return [
        match(
            ScoredImage(
                view.examination,
                view.found,
                tuple(cluster.as_truth(minimum) for cluster in view.clusters),
                view.spacing_mm,
            ),
            criterion,
        )
        for view in views
    ]


def _froc_scores(images: Sequence[MatchedImage], points: dict[str, float]) -> dict[str, Any]:
    def interval(statistic: Callable[[Sequence[MatchedImage]], float]) -> dict[str, float]:
        def of(indices: Indices) -> float:
            return statistic([images[i] for i in indices])

        return as_document(
            bootstrap_interval(of, [i.examination for i in images], strata=[i.is_normal for i in images], repeats=500)
        )

    scores: dict[str, Any] = {
        f"sensitivity at {rate:g} false positives a view": interval(partial(sensitivity_at, rate=rate))
        for rate in RATES
    }
    scores["mean sensitivity from 0 to 1 false positives a view"] = interval(mean_sensitivity)
    for name, threshold in points.items():
        scores[name] = {
            "threshold": threshold,
            "sensitivity": interval(partial(share_found, threshold=threshold)),
            "false positives a view": interval(partial(_false_positives, threshold=threshold)),
        }
    return scores


def _false_positives(images: Sequence[MatchedImage], threshold: float) -> float:
    return false_positives_from([image for image in images if image.is_normal], threshold)


def as_document(interval: Interval) -> dict[str, float]:
    """Return an interval as JSON holds it."""
    return {**interval.rounded(), "level": interval.level}


def score(
    bundle: str | Path, recipe: TestRecipe, work: Path, patches: Path | None, report: Report | None = None
) -> dict[str, Any]:
    """Score a bundle and write its ``docs/scores.json`` and ``docs/README.md``."""
    from MCDetect.inference.detector import Detector
    from MCDetect.simulation.view import GENERATOR_VERSION

    detector = Detector.load(bundle, "cpu")
    document: dict[str, Any] = {
        "bundle_sha256": detector.bundle.sha256,
        "software_version": detector.algorithm().version,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "command": "python -m MCDetect.training.score_default",
        "simulator_version": GENERATOR_VERSION,
        "simulated_views": score_views(detector.bundle, recipe, work, report=report),
        "real_patches": None if patches is None else score_patches(detector, patches),
    }
    folder = detector.bundle.folder / "docs"
    write_text_atomically(folder / "scores.json", json.dumps(document, indent=1) + "\n")
    write_card(detector.bundle, document)
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console
    from rich.progress import Progress

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.score_default", description=__doc__)
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, help="name or folder of the bundle")
    parser.add_argument("--work", type=Path, required=True, help="folder for simulated views")
    parser.add_argument("--patches", type=Path, help="folder with real patches in 0/ and 1/")
    parser.add_argument("--recipe", type=Path, default=DEFAULT_RECIPE, help="YAML file")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    patches = given.patches
    if patches is not None and not patches.is_dir():
        console.print(f"{patches} is not there: the real patches are not scored.", markup=False)
        patches = None
    try:
        with Progress(console=console) as progress:
            task = progress.add_task("scoring", total=1.0)
            document = score(
                given.bundle,
                load_recipe(given.recipe).test,
                given.work,
                patches,
                lambda text, done: progress.update(task, description=text, completed=done),
            )
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    console.print_json(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
