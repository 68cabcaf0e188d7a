"""The figures of a bundle on a data set, as one entry of ``report.json``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.evaluation.bootstrap import Indices, bootstrap_interval
from MCDetect.evaluation.free_response import counts_normal, free_response_figures, sensitivity_from
from MCDetect.evaluation.froc import MatchedImage, ScoredImage, match
from MCDetect.evaluation.hits import Candidate, Criterion
from MCDetect.polygons import contains
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.detection.figures import ABOVE_NOISE, CRITERIA, above_noise
from MCDetect.training.detection.looking import Mark
from MCDetect.training.detection.mark_figures import LEAST_RATIO
from MCDetect.training.detection.marks import MarkedCalcifications, counted_calcifications, match_marks, share_found
from MCDetect.training.detection.truths import TrueCluster
from MCDetect.training.judging.looking import LookedAtView

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

Selection = Callable[[TrueCluster], bool]

_LONG = "vascular"  # 4 to 22 mm: its centre is no place where a mark ought to be
_ANY = -1.0  # below every probability


@dataclass(frozen=True)
class JudgedDetector:
    """A bundle by its name, what it found in each view, and sentences about images that were left out."""

    name: str
    detector: Detector
    index: DatasetIndex
    views: tuple[LookedAtView, ...]
    problems: tuple[str, ...]


def figures_of(judged: JudgedDetector, *, repeats: int = 1000) -> dict[str, Any]:
    """Return all figures of one bundle on one data set."""
    views, detector = judged.views, judged.detector
    points = detector.operating_points
    default = points[detector.default_operating_point]
    clusters: dict[str, Any] = {}
    for name, criterion in CRITERIA.items():
        clusters[name] = {"all": free_response_figures(matched(views, criterion), points, repeats=repeats)}
        if any(above_noise(cluster) for view in views for cluster in view.truth.clusters):
            loud = matched(views, criterion, above_noise)
            clusters[name][f"signal-to-noise ratio of {ABOVE_NOISE:g} and more"] = free_response_figures(
                loud, points, repeats=repeats
            )
    algorithm = detector.algorithm()
    return {
        "name": judged.name,
        "about": {
            "bundle": detector.bundle.name,
            "bundle_sha256": detector.bundle.sha256,
            "software_version": algorithm.version,
            "device": algorithm.device,
            "default operating point": detector.default_operating_point,
            "dataset": judged.index.name,
            "dataset_checksum": judged.index.checksum,
            "views": len(views),
            "views left out": len(judged.index.records) - len(views),
            "examinations": len({view.truth.examination for view in views}),
            "views without clusters": sum(view.truth.is_normal for view in views),
            "views whose calcifications are not all marked": sum(not view.truth.is_annotated for view in views),
            "clusters": sum(len(view.truth.clusters) for view in views),
            "single calcifications": sum(len(view.truth.calcifications) for view in views),
        },
        "clusters": clusters,
        "by kind": _by_kind(views, default, repeats),
        "calcifications": calcification_figures(views, points, repeats),
        "problems": list(judged.problems),
    }


def matched(
    views: Sequence[LookedAtView], criterion: Criterion, selected: Selection | None = None
) -> list[MatchedImage]:
    """Return the views after matching, with the selected clusters only.

    On a view whose calcifications are not all marked nothing is called false. It counts for the sensitivity where false
    positives are counted on the views without clusters, and is left out where they are counted on all.
    """
    found = []
    for view in views:
        truths = tuple(cluster.as_truth() for cluster in view.truth.clusters)
        one = match(_scored(view), criterion)
        kept = tuple(
            score
            for score, cluster in zip(one.truth_scores, view.truth.clusters, strict=True)
            if selected is None or selected(cluster)
        )
        wrong = one.false_positives if view.truth.is_annotated else ()
        found.append(MatchedImage(one.examination, kept, wrong, view.truth.is_annotated and not truths))
    if counts_normal(found):
        return found
    whole = [image for image, view in zip(found, views, strict=True) if view.truth.is_annotated]
    return whole or found


def _scored(view: LookedAtView) -> ScoredImage:
    return ScoredImage(
        view.truth.examination,
        tuple(Candidate(cluster.outline, cluster.score) for cluster in view.clusters),
        tuple(cluster.as_truth() for cluster in view.truth.clusters),
        (view.truth.spacing_mm, view.truth.spacing_mm),
    )


def scored_images(views: Sequence[LookedAtView]) -> list[ScoredImage]:
    """Return the views with all that was found in them."""
    return [_scored(view) for view in views]


def _by_kind(views: Sequence[LookedAtView], threshold: float, repeats: int) -> dict[str, Any]:
    """Return the sensitivity for each kind of clusters at the default operating point, by the first criterion."""
    criterion = next(iter(CRITERIA.values()))
    found = {}
    for kind in sorted({cluster.kind for view in views for cluster in view.truth.clusters}):
        images = matched(views, criterion, lambda cluster, kind=kind: cluster.kind == kind)  # type: ignore[misc]
        found[kind] = {
            "clusters": sum(len(image.truth_scores) for image in images),
            "sensitivity": sensitivity_from(images, threshold, repeats),
        }
    return found


def calcification_figures(
    views: Sequence[LookedAtView], points: Mapping[str, float], repeats: int
) -> dict[str, Any] | None:
    """Return how many single calcifications are marked where clusters are shown from each operating point on.

    A mark is right at most 0.5 mm outside of a calcification; of several marks on one the best counts. Where the
    signal-to-noise ratios are known, calcifications of less than 3 and vascular ones need not be found. False marks are
    counted on the views without clusters if there are any, else outside of the clusters of all views. None where the
    data set marks no single calcification.
    """
    if not any(view.truth.calcifications for view in views):
        return None
    counted = [counted_calcifications(view.truth, _counts) for view in views]
    normal = [index for index, view in enumerate(views) if view.truth.is_normal]
    places = normal or [index for index, view in enumerate(views) if view.truth.is_annotated]
    examinations = [view.truth.examination for view in views]
    figures: dict[str, Any] = {
        "calcifications": int(sum(part.sum() for part in counted)),
        "false marks counted on": "views without clusters" if normal else "all views, outside of clusters",
        "operating points": {},
    }
    for name, threshold in points.items():
        marked = [_marked(view, part, threshold) for view, part in zip(views, counted, strict=True)]
        false = np.array([one.false_logits.size for one in marked], dtype=float)
        errors = np.concatenate([one.errors_mm[one.logits > _ANY] for one in marked])
        figures["operating points"][name] = {
            "threshold": threshold,
            "sensitivity": _interval(
                lambda chosen, marked=marked: share_found([marked[i] for i in chosen], _ANY),  # type: ignore[misc]
                examinations,
                repeats,
            ),
            "false marks a view": _interval(
                lambda chosen, false=false: float(false[np.array(places)[chosen]].mean()),  # type: ignore[misc]
                [examinations[i] for i in places],
                repeats,
            ),
            "median error of the centre_mm": round(float(np.median(errors)), 4) if errors.size else None,
        }
    return figures


def _marked(view: LookedAtView, counted: Any, threshold: float) -> MarkedCalcifications:
    """Return the reported marks of a view, matched; those in a marked group are not false: it may have more."""
    outlines = [np.array(cluster.outline) for cluster in view.truth.clusters]
    marks = [Mark(m.row, m.column, m.diameter_mm, m.score) for m in view.marks if m.is_reported(threshold)]
    outside = [m for m in marks if not any(contains(outline, (m.row, m.column)) for outline in outlines)]
    one, beyond = match_marks(marks, view.truth, counted), match_marks(outside, view.truth, counted)
    return MarkedCalcifications(one.logits, one.errors_mm, beyond.false_logits)


def _counts(ratio: float, kind: str) -> bool:
    return not ratio < LEAST_RATIO and kind != _LONG  # a ratio that is not known is not a number


def _interval(
    statistic: Callable[[Indices], float], examinations: Sequence[str], repeats: int
) -> dict[str, float] | None:
    if not examinations or not np.isfinite(statistic(np.arange(len(examinations)))):
        return None
    try:
        found = bootstrap_interval(statistic, examinations, repeats=repeats)
    except ValueError:  # each resample lacked what the figure needs
        return None
    return found.rounded()
