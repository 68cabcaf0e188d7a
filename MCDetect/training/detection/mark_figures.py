"""Figures of single calcifications: sensitivity at false marks a view, error of the centre, and an ideal bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from MCDetect.evaluation.bootstrap import Indices, bootstrap_interval
from MCDetect.training.detection.figures import RATIO_EDGES, above_noise
from MCDetect.training.detection.looking import LookedAt, Mark
from MCDetect.training.detection.marks import (
    MarkedCalcifications,
    counted_calcifications,
    ideal_cluster_probability,
    ideal_probabilities,
    ideal_threshold,
    match_marks,
    share_found,
    threshold_at,
)
from MCDetect.training.detection.truths import ViewTruth

LEAST_RATIO = 3.0
"""Signal-to-noise ratio from which a single calcification ought to be marked."""

RATES = (1.0, 2.0, 5.0, 10.0)
"""False marks a view at which sensitivities are given."""

_LONG = "vascular"  # 4 to 22 mm: its centre is no place where a mark ought to be
_REPEATS = 200
_PER_CLUSTER_BOUND = 5.0  # false marks a view, at which the bundle's threshold is fixed


def calcification_figures(truths: Sequence[ViewTruth], looked: Sequence[LookedAt]) -> dict[str, Any]:
    """Return the figures of single calcifications, for the bundle, the Laplacian and the ideal observer."""
    counted = [counted_calcifications(t, _counts) for t in truths]
    steps = len(looked[0].marks)
    by_step = [[view.marks[step] for view in looked] for step in range(steps)]
    return {
        "calcifications": int(sum(part.sum() for part in counted)),
        "signal-to-noise ratio from": LEAST_RATIO,
        "MCDetect": _figures(truths, by_step, counted),
        "Laplacian of Gaussian": _figures(truths, [[view.laplacian for view in looked]], counted),
        "ideal observer": _ideal(truths, looked, counted),
    }


def found_at_own_thresholds(
    truths: Sequence[ViewTruth], looked: Sequence[LookedAt], least_logit: float
) -> dict[str, Any]:
    """Return how many calcifications are marked at the bundle's own thresholds, and the error of their centres.

    ``least_logit`` is that from which a mark is reported by itself; the lower one is that of members of clusters.
    """
    counted = [counted_calcifications(t, _counts) for t in truths]
    views = [match_marks(view.marks[0], truth, part) for view, truth, part in zip(looked, truths, counted, strict=True)]
    return {
        "calcifications": int(sum(part.sum() for part in counted)),
        "sensitivity": _interval(views, truths, np.finfo(float).min),
        "sensitivity by themselves": _interval(views, truths, least_logit),
        "centre error": _errors(views, np.finfo(float).min),
    }


def sensitivity_at(truths: Sequence[ViewTruth], looked: Sequence[LookedAt], rate: float) -> dict[str, float] | None:
    """Return the share of calcifications marked at ``rate`` false marks a view; None where there are not so many."""
    found = _at_own_rate(truths, looked, rate)
    return found and _interval(found[0], truths, found[1])


def difference(
    truths: Sequence[ViewTruth], first: Sequence[LookedAt], second: Sequence[LookedAt], rate: float
) -> dict[str, float] | None:
    """Return how much more sensitive the first is at ``rate``, paired by examination; or None, as above."""
    one, other = (_at_own_rate(truths, looked, rate) for looked in (first, second))
    if one is None or other is None:
        return None

    def statistic(indices: Indices) -> float:
        values = [share_found([views[i] for i in indices], threshold) for views, threshold in (one, other)]
        return values[0] - values[1]

    return _bootstrap(statistic, truths)


def _at_own_rate(
    truths: Sequence[ViewTruth], looked: Sequence[LookedAt], rate: float
) -> tuple[Sequence[MarkedCalcifications], float] | None:
    by_step = [[view.marks[step] for view in looked] for step in range(len(looked[0].marks))]
    steps = _Steps.of(truths, by_step, [counted_calcifications(t, _counts) for t in truths])
    return steps.at(rate) if max(steps.most) >= rate else None


def cluster_bound(truths: Sequence[ViewTruth], looked: Sequence[LookedAt]) -> dict[str, Any] | None:
    """Return the share of clusters of which an ideal observer marks three calcifications at five false marks a view."""
    shares: dict[str, list[float]] = {"all": [], "above noise": []}
    for truth, view in zip(truths, looked, strict=True):
        if any(c.detectability is None for c in truth.calcifications):
            return None
        probabilities = ideal_probabilities(truth, ideal_threshold(view.area_cm2, _PER_CLUSTER_BOUND))
        for cluster in truth.clusters:
            share = ideal_cluster_probability(cluster, probabilities)
            shares["all"].append(share)
            if above_noise(cluster):
                shares["above noise"].append(share)
    return {name: round(float(np.mean(values)), 4) if values else None for name, values in shares.items()}


def marks_per_view(
    looked: Sequence[LookedAt], points: Mapping[str, float], least_logit: float = -np.inf
) -> dict[str, Any]:
    """Return how many marks and clusters views carry, whatever is under them: mean, 5th and 95th percentile.

    Parameters
    ----------
    looked
        The views.
    points
        Operating points of the bundle.
    least_logit
        From which a mark is reported by itself.
    """
    marks = [float(sum(mark.logit >= least_logit for mark in view.marks[0])) for view in looked]
    counts = {"marks a view": marks}
    counts["marks a cm²"] = [number / view.area_cm2 for number, view in zip(marks, looked, strict=True)]
    for name, threshold in points.items():
        counts[f"clusters a view, {name}"] = [
            float(sum(cluster.score >= threshold for cluster in view.clusters)) for view in looked
        ]
    return {
        name: {
            "mean": round(float(np.mean(values)), 3),
            "low": round(float(np.quantile(values, 0.05)), 3),
            "high": round(float(np.quantile(values, 0.95)), 3),
        }
        for name, values in counts.items()
    }


def _counts(ratio: float, kind: str) -> bool:
    return ratio >= LEAST_RATIO and kind != _LONG


@dataclass(frozen=True)
class _Steps:
    """Views matched at each threshold step, which of them are normal, and the false marks a view of each step."""

    matched: Sequence[Sequence[MarkedCalcifications]]
    normal: Sequence[int]
    most: Sequence[float]

    @classmethod
    def of(
        cls, truths: Sequence[ViewTruth], by_step: Sequence[Sequence[Sequence[Mark]]], counted: Sequence[Any]
    ) -> _Steps:
        matched = [
            [match_marks(marks, truth, part) for marks, truth, part in zip(step, truths, counted, strict=True)]
            for step in by_step
        ]
        normal = [index for index, truth in enumerate(truths) if truth.is_normal]
        return cls(matched, normal, [float(np.mean([step[i].false_logits.size for i in normal])) for step in matched])

    def at(self, rate: float) -> tuple[Sequence[MarkedCalcifications], float]:
        """Return views and threshold; marks are taken at several, since lower ones make neighbours one."""
        # The highest that gives the rate.
        step = next((k for k, reached in enumerate(self.most) if reached >= rate), len(self.most) - 1)
        views = self.matched[step]
        return views, threshold_at([views[i] for i in self.normal], rate)


def _figures(
    truths: Sequence[ViewTruth], by_step: Sequence[Sequence[Sequence[Mark]]], counted: Sequence[Any]
) -> dict[str, Any]:
    steps = _Steps.of(truths, by_step, counted)
    document: dict[str, Any] = {
        "most false marks a view": round(max(steps.most), 2),
        "sensitivity at false marks a view": {},
    }
    for rate in RATES:
        views, threshold = steps.at(rate)
        document["sensitivity at false marks a view"][f"{rate:g}"] = _interval(views, truths, threshold)
    document["at 10 false marks a view"] = {
        "centre error": _errors(views, threshold),
        "by signal-to-noise ratio": _by_ratio(truths, counted, views, threshold),
        "by morphology": _by_kind(truths, counted, views, threshold),
    }
    return document


def _ideal(truths: Sequence[ViewTruth], looked: Sequence[LookedAt], counted: Sequence[Any]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for rate in RATES:
        values = [
            ideal_probabilities(truth, ideal_threshold(view.area_cm2, rate))[part]
            for truth, view, part in zip(truths, looked, counted, strict=True)
        ]
        mean = float(np.concatenate(values).mean()) if any(v.size for v in values) else float("nan")
        found[f"{rate:g}"] = round(mean, 4) if np.isfinite(mean) else None
    return found


def _interval(views: Sequence[MarkedCalcifications], truths: Sequence[ViewTruth], threshold: float) -> dict[str, float]:
    def statistic(indices: Indices) -> float:
        return share_found([views[i] for i in indices], threshold)

    return _bootstrap(statistic, truths)


def _bootstrap(statistic: Callable[[Indices], float], truths: Sequence[ViewTruth]) -> dict[str, float]:
    interval = bootstrap_interval(statistic, [truth.examination for truth in truths], repeats=_REPEATS)
    return interval.rounded()


def _errors(views: Sequence[MarkedCalcifications], threshold: float) -> dict[str, float] | None:
    errors = np.concatenate([view.errors_mm[view.logits >= threshold] for view in views])
    if errors.size == 0:
        return None
    return {
        "median_mm": round(float(np.median(errors)), 4),
        "mean_mm": round(float(errors.mean()), 4),
        "95th percentile_mm": round(float(np.quantile(errors, 0.95)), 4),
        "calcifications": int(errors.size),
    }


def _by_ratio(
    truths: Sequence[ViewTruth], counted: Sequence[Any], views: Sequence[MarkedCalcifications], threshold: float
) -> dict[str, Any]:
    ratios = _values(truths, counted, lambda c: c.signal_to_noise)
    found = np.concatenate([view.logits for view in views]) >= threshold
    groups = {}
    for low, high in pairwise((*RATIO_EDGES[1:-1], 20.0, np.inf)):
        inside = (ratios >= low) & (ratios < high)
        if inside.any():
            name = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and more"
            groups[name] = {"estimate": round(float(found[inside].mean()), 4), "calcifications": int(inside.sum())}
    return groups


def _by_kind(
    truths: Sequence[ViewTruth], counted: Sequence[Any], views: Sequence[MarkedCalcifications], threshold: float
) -> dict[str, Any]:
    kinds = _values(truths, counted, lambda c: c.kind)
    found = np.concatenate([view.logits for view in views]) >= threshold
    errors = np.concatenate([view.errors_mm for view in views])
    groups = {}
    for kind in sorted(set(kinds.tolist())):
        inside = kinds == kind
        right = inside & found
        groups[kind] = {
            "estimate": round(float(found[inside].mean()), 4),
            "calcifications": int(inside.sum()),
            "median centre error_mm": round(float(np.median(errors[right])), 4) if right.any() else None,
        }
    return groups


def _values(truths: Sequence[ViewTruth], counted: Sequence[Any], of: Any) -> Any:
    return np.array(
        [
            of(calcification)
            for truth, part in zip(truths, counted, strict=True)
            for calcification, counts in zip(truth.calcifications, part, strict=True)
            if counts
        ]
    )
