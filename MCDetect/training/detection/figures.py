"""All figures of a test set, as a JSON document: every number of ``docs/detection.md`` comes from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from MCDetect.evaluation.bootstrap import Indices, bootstrap_interval
from MCDetect.evaluation.free_response import views_per_case
from MCDetect.evaluation.free_response_statistics import (
    false_positives_from,
    mean_sensitivity,
    sensitivity_at,
    share_found,
)
from MCDetect.evaluation.froc import RATES, MatchedImage, ScoredImage, by_case, froc_curve, match
from MCDetect.evaluation.hits import Candidate, Criterion, centre_inside, overlaps
from MCDetect.training.detection.truths import TrueCluster, ViewTruth

ABOVE_NOISE = 5.0
"""Median signal-to-noise ratio of a cluster's calcifications from which it ought to be found."""

CRITERIA: Mapping[str, Criterion] = {
    "centre within the outline dilated by 5 mm": centre_inside,
    "intersection over union at least 0.2": overlaps,
}
RATIO_EDGES = (0.0, 3.0, 5.0, 10.0, np.inf)
_REPEATS = 200
_DRAWS = 2000
_BINS = 10

Selection = Callable[[TrueCluster], bool]


def above_noise(cluster: TrueCluster) -> bool:
    """Tell whether a cluster ought to be found (:data:`ABOVE_NOISE`)."""
    return cluster.signal_to_noise >= ABOVE_NOISE


@dataclass(frozen=True)
class MatchedView:
    """One view after matching: scores of all its clusters, in the order of the truth, and of the false positives."""

    truth: ViewTruth
    scores: tuple[float, ...]
    false_positives: tuple[float, ...]

    def image(self, selected: Selection | None = None) -> MatchedImage:
        """Return it for curves, with the selected clusters only; a view with others is no normal one for that."""
        kept = tuple(
            score
            for score, cluster in zip(self.scores, self.truth.clusters, strict=True)
            if selected is None or selected(cluster)
        )
        return MatchedImage(self.truth.examination, kept, self.false_positives, self.truth.is_normal)


def match_views(
    truths: Sequence[ViewTruth], candidates: Sequence[Sequence[Candidate]], criterion: Criterion
) -> list[MatchedView]:
    """Match the candidates of each view with its clusters."""
    matched = []
    for truth, found in zip(truths, candidates, strict=True):
        image = ScoredImage(
            truth.examination,
            tuple(found),
            tuple(cluster.as_truth() for cluster in truth.clusters),
            (truth.spacing_mm, truth.spacing_mm),
        )
        one = match(image, criterion)
        matched.append(MatchedView(truth, one.truth_scores, one.false_positives))
    return matched


def froc_figures(views: Sequence[MatchedView], selected: Selection | None = None) -> dict[str, Any] | None:
    """Return the curve by image, sensitivities with intervals by examination, and those by examination.

    False positives are counted on the views without clusters; by examination, on the examinations without any and given
    for a view. None without a cluster that is selected.
    """
    images = [view.image(selected) for view in views]
    number = sum(len(image.truth_scores) for image in images)
    if number == 0:
        return None
    curve = froc_curve(images, false_positives_on_normal_images=True)
    cases = by_case(images)
    a_case = views_per_case(images, cases)
    return {
        "clusters": number,
        "sensitivity at false positives a view": {
            f"{rate:g}": _interval(partial(sensitivity_at, rate=rate), images) for rate in RATES
        },
        "mean sensitivity from 0 to 1": _interval(mean_sensitivity, images),
        "sensitivity at false positives counted on all views": {
            f"{rate:g}": round(froc_curve(images).sensitivity_at(rate), 4) for rate in RATES
        },
        "sensitivity by examination at false positives a view": {
            f"{rate:g}": _interval(partial(sensitivity_at, rate=rate * a_case), cases) for rate in RATES
        },
        "most false positives a view": round(float(curve.false_positives.max(initial=0.0)), 3),
        "curve": curve.points(),
    }


def by_group(views: Sequence[MatchedView], rates: Sequence[float]) -> dict[str, Any]:
    """Return the sensitivity in each group of clusters at common thresholds, and false positives by density.

    The threshold is the one at which the views without clusters carry ``rate`` false positives.
    """
    images = [view.image() for view in views]
    thresholds = {
        f"{rate:g}": froc_curve(images, false_positives_on_normal_images=True).threshold_at(rate) for rate in rates
    }
    clusters = [cluster for view in views for cluster in view.truth.clusters]
    groups: dict[str, dict[str, Any]] = {"by morphology": {}, "by signal-to-noise ratio": {}, "by density": {}}
    for kind in sorted({cluster.kind for cluster in clusters}):
        groups["by morphology"][kind] = {
            "all": shares(views, thresholds, partial(_is_of, kind=kind, low=0.0, high=np.inf)),
            "above noise": shares(views, thresholds, partial(_is_of, kind=kind, low=ABOVE_NOISE, high=np.inf)),
        }
    for low, high in pairwise(RATIO_EDGES):
        name = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and more"
        groups["by signal-to-noise ratio"][name] = {
            "all": shares(views, thresholds, partial(_is_of, kind=None, low=low, high=high))
        }
    for density in sorted({view.truth.density for view in views}):
        part = [view for view in views if view.truth.density == density]
        groups["by density"][density] = {
            "all": shares(part, thresholds, lambda cluster: True),
            "above noise": shares(part, thresholds, above_noise),
            "false positives a view": {name: _rate(part, value) for name, value in thresholds.items()},
        }
    return {"thresholds": thresholds, **groups}


def _is_of(cluster: TrueCluster, kind: str | None, low: float, high: float) -> bool:
    return (kind is None or cluster.kind == kind) and low <= cluster.signal_to_noise < high


def operating_points(views: Sequence[MatchedView], points: Mapping[str, float]) -> dict[str, Any]:
    """Return sensitivity and false positives at each of the bundle's operating points."""
    return {
        name: {
            "threshold": value,
            "sensitivity": shares(views, {"": value}, lambda cluster: True)[""],
            "sensitivity above noise": shares(views, {"": value}, above_noise)[""],
            "false positives a view without clusters": _rate(views, value),
        }
        for name, value in points.items()
    }


def difference(
    first: Sequence[MatchedView], second: Sequence[MatchedView], rate: float, selected: Selection | None = None
) -> dict[str, float]:
    """Return how much more sensitive the first is at ``rate``, with the paired bootstrap interval by examination."""
    pairs = [[view.image(selected) for view in views] for views in (first, second)]

    def statistic(indices: Indices) -> float:
        values = [sensitivity_at([images[i] for i in indices], rate) for images in pairs]
        return values[0] - values[1]

    return _bootstrap(statistic, pairs[0])


def calibration_figures(
    truths: Sequence[ViewTruth],
    candidates: Sequence[Sequence[Candidate]],
    criterion: Criterion = centre_inside,
    least_score: float = 0.0,
) -> dict[str, Any]:
    """Return the expected calibration error of the cluster score in ten bins (Naeini et al. 2015), and the bins.

    Candidates below ``least_score`` are left out: most are, and a low score that is right says little of higher ones.
    What the error would be by chance if every score were the true probability stands beside it, as few candidates make
    that large too.
    """
    scores: list[list[tuple[float, bool]]] = []
    for truth, found in zip(truths, candidates, strict=True):
        spacing = (truth.spacing_mm, truth.spacing_mm)
        scores.append(
            [
                (one.score, any(criterion(one, cluster.as_truth(), spacing) for cluster in truth.clusters))
                for one in found
                if one.score >= least_score
            ]
        )

    def statistic(indices: Indices) -> float:
        return _calibration_error([pair for index in indices for pair in scores[index]])[0]

    images = [MatchedImage(t.examination, (), (), t.is_normal) for t in truths]
    pairs = [pair for view in scores for pair in view]
    return {
        "clusters found": len(pairs),
        "share right": round(float(np.mean([right for _, right in pairs])), 4) if pairs else None,
        "expected calibration error": _bootstrap(statistic, images) if pairs else None,
        "error by chance": _error_by_chance([score for score, _ in pairs]) if pairs else None,
        "bins": _calibration_error(pairs)[1],
    }


def _calibration_error(pairs: Sequence[tuple[float, bool]]) -> tuple[float, list[tuple[float, float, int]]]:
    """Return the error and for each bin that is not empty (mean score, share right, number)."""
    if not pairs:
        return float("nan"), []
    score, right = (np.array(values, dtype=float) for values in zip(*pairs, strict=True))
    which = np.minimum((score * _BINS).astype(int), _BINS - 1)
    error, bins = 0.0, []
    for index in np.unique(which):
        inside = which == index
        mean, share = float(score[inside].mean()), float(right[inside].mean())
        error += abs(mean - share) * float(inside.mean())
        bins.append((round(mean, 4), round(share, 4), int(inside.sum())))
    return error, bins


def _error_by_chance(scores: Sequence[float]) -> dict[str, float]:
    """Return mean and limits of the error where each candidate is right with the probability that its score says."""
    chance = np.random.default_rng(0)
    probability = np.asarray(scores, dtype=float)
    errors = [
        _calibration_error(list(zip(probability, chance.random(probability.size) < probability, strict=True)))[0]
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(errors, [2.5, 97.5])
    return {"mean": round(float(np.mean(errors)), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def shares(
    views: Sequence[MatchedView], thresholds: Mapping[str, float], selected: Selection
) -> dict[str, dict[str, float] | None]:
    """Return the share of the selected clusters from each threshold up, with interval and number; None without any."""
    images = [view.image(selected) for view in views]
    if not any(image.truth_scores for image in images):
        return dict.fromkeys(thresholds)
    return {
        name: {
            **_interval(partial(share_found, threshold=threshold), images),
            "clusters": sum(len(image.truth_scores) for image in images),
        }
        for name, threshold in thresholds.items()
    }


def _rate(views: Sequence[MatchedView], threshold: float) -> dict[str, float] | None:
    images = [view.image() for view in views if view.truth.is_normal]
    if not images:
        return None
    return _interval(partial(false_positives_from, threshold=threshold), images)


def _interval(statistic: Callable[[Sequence[MatchedImage]], float], images: Sequence[MatchedImage]) -> dict[str, float]:
    return _bootstrap(lambda indices: statistic([images[i] for i in indices]), images)


def _bootstrap(statistic: Callable[[Indices], float], images: Sequence[MatchedImage]) -> dict[str, float]:
    interval = bootstrap_interval(statistic, [image.examination for image in images], repeats=_REPEATS)
    return interval.rounded()
