"""What is compared: the bundle, the bundle without its second stage, and the baselines, each as scored clusters.

Baselines get what the bundle got: a threshold at the same number of false marks a view, and a cluster score fitted to
the same features on the same calibration views.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from MCDetect.evaluation.hits import Candidate, centre_inside
from MCDetect.findings import Calcification
from MCDetect.inference.cluster_score import cluster_features, cluster_score
from MCDetect.inference.clusters import describe_cluster, group_calcifications
from MCDetect.training.calibration_fits import ClusteredView, MarkedView, fit_cluster_score, mark_threshold
from MCDetect.training.detection.looking import LookedAt, Mark
from MCDetect.training.detection.marks import near_any
from MCDetect.training.detection.truths import ViewTruth

BUNDLE, ONE_STAGE, PATCHES, LAPLACIAN = (
    "MCDetect",
    "MCDetect without the patch network",
    "shallow CNN alone (8,301 parameters)",
    "Laplacian of Gaussian",
)
NAMES = (BUNDLE, ONE_STAGE, PATCHES, LAPLACIAN)

_UNBOUNDED = (10**6, 10**6)  # outlines may end at the border of the picture, which no criterion minds


@dataclass(frozen=True)
class CalibratedBaselines:
    """Threshold of the Laplacian, and the cluster scores of both systems that need one."""

    laplacian_threshold: float
    laplacian_score: tuple[dict[str, float], float]
    one_stage_score: tuple[dict[str, float], float]


def calibrate_baselines(
    looked: Sequence[LookedAt], truths: Sequence[ViewTruth], settings: Mapping[str, Any], false_marks_per_view: float
) -> CalibratedBaselines:
    """Calibrate the baselines on the calibration views.

    Parameters
    ----------
    looked, truths
        Of the same views, in order.
    settings
        Of the bundle: how calcifications are grouped.
    false_marks_per_view
        As in the recipe of the bundle.

    Raises
    ------
    ValueError
        If there are only right or only wrong clusters.
    """
    marked = [
        MarkedView(
            tuple(mark.logit for mark in view.laplacian),
            tuple(near_any(mark, truth) for mark in view.laplacian),
            bool(truth.clusters),
        )
        for view, truth in zip(looked, truths, strict=True)
    ]
    threshold = mark_threshold(marked, false_marks_per_view)
    groups = [_laplacian_groups(view, truth, threshold, settings) for view, truth in zip(looked, truths, strict=True)]
    one_stage = [
        [(cluster.outline, _without_patches(cluster.features)) for cluster in view.clusters] for view in looked
    ]
    return CalibratedBaselines(threshold, _fit(groups, truths), _fit(one_stage, truths))


def candidates_of(
    name: str, view: LookedAt, truth: ViewTruth, settings: Mapping[str, Any], baselines: CalibratedBaselines
) -> tuple[Candidate, ...]:
    """Return the scored clusters of one of :data:`NAMES` in a view."""
    if name == BUNDLE:
        return tuple(Candidate(cluster.outline, cluster.score) for cluster in view.clusters)
    if name == ONE_STAGE:
        weights, intercept = baselines.one_stage_score
        return tuple(
            Candidate(cluster.outline, cluster_score(_without_patches(cluster.features), weights, intercept))
            for cluster in view.clusters
        )
    if name == PATCHES:
        return view.patches
    weights, intercept = baselines.laplacian_score
    return tuple(
        Candidate(outline, cluster_score(features, weights, intercept))
        for outline, features in _laplacian_groups(view, truth, baselines.laplacian_threshold, settings)
    )


_Group = tuple[tuple[tuple[float, float], ...], dict[str, float]]


def _laplacian_groups(view: LookedAt, truth: ViewTruth, threshold: float, settings: Mapping[str, Any]) -> list[_Group]:
    spacing = (truth.spacing_mm, truth.spacing_mm)
    marks = [_calcification(number, mark) for number, mark in enumerate(view.laplacian) if mark.logit >= threshold]
    rules = settings["clusters"]
    groups = group_calcifications(
        marks,
        spacing,
        linking_distance_mm=rules["linking_distance_mm"],
        minimum_count=rules["minimum_count"],
    )
    return [
        (
            describe_cluster(group, spacing, _UNBOUNDED, outline_margin_mm=rules["outline_margin_mm"]).outline,
            cluster_features([member.score for member in group], threshold, [0.0]),
        )
        for group in groups
    ]


def _calcification(number: int, mark: Mark) -> Calcification:
    return Calcification(number, mark.row, mark.column, 0.0, mark.diameter_mm, mark.logit, ())


def _without_patches(features: Mapping[str, float]) -> dict[str, float]:
    return {**features, "patch_logit": 0.0}


def _fit(groups: Sequence[Sequence[_Group]], truths: Sequence[ViewTruth]) -> tuple[dict[str, float], float]:
    views = []
    for found, truth in zip(groups, truths, strict=True):
        spacing = (truth.spacing_mm, truth.spacing_mm)
        right = tuple(
            any(centre_inside(Candidate(outline, 0.0), cluster.as_truth(), spacing) for cluster in truth.clusters)
            for outline, _ in found
        )
        views.append(ClusteredView(tuple(features for _, features in found), right, bool(truth.clusters)))
    return fit_cluster_score(views)
