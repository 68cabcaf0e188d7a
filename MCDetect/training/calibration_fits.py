"""Thresholds, probabilities and scores fitted to what was found on views whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.inference.cluster_score import FEATURES

LOWEST_LOGIT = -3.0
"""Marks below it are never of interest."""


@dataclass(frozen=True)
class MarkedView:
    """Marks of one view: their logits and whether each lies on a calcification."""

    logits: tuple[float, ...]
    is_right: tuple[bool, ...]
    has_clusters: bool


@dataclass(frozen=True)
class ClusteredView:
    """Clusters found in one view: their features and whether each lies on a simulated cluster."""

    features: tuple[dict[str, float], ...]
    is_right: tuple[bool, ...]
    has_clusters: bool


def mark_threshold(views: Sequence[MarkedView], false_marks_per_view: float) -> float:
    """Return the lowest logit at which the views without clusters carry at most so many false marks on average."""
    normal = [view for view in views if not view.has_clusters]
    wrong = sorted(
        (logit for view in normal for logit, right in zip(view.logits, view.is_right, strict=True) if not right),
        reverse=True,
    )
    return _just_above(wrong, false_marks_per_view * len(normal), (LOWEST_LOGIT, wrong[0] + 1.0 if wrong else 0.0))


def platt_calibration(views: Sequence[MarkedView]) -> tuple[float, float]:
    """Return slope and intercept of the logistic regression of "on a calcification" on the logit.

    Raises
    ------
    ValueError
        If all marks are right or all are wrong.
    """
    from sklearn.linear_model import LogisticRegression

    logits = np.array([logit for view in views for logit in view.logits])
    right = np.array([value for view in views for value in view.is_right], dtype=bool)
    if right.all() or not right.any():
        raise ValueError("Platt's calibration needs right and wrong marks")
    model = LogisticRegression(C=1e6).fit(logits[:, None], right)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def fit_cluster_score(views: Sequence[ClusteredView], penalty: float = 1.0) -> tuple[dict[str, float], float]:
    """Return the weights, none negative, and the intercept of the cluster score.

    Parameters
    ----------
    views
        Features of right and wrong clusters.
    penalty
        Half the sum of squared weights of standardised features is added to the loss this many times.

    Raises
    ------
    ValueError
        If all clusters are right or all are wrong.
    """
    from scipy.optimize import minimize

    features = np.array([[row[name] for name in FEATURES] for view in views for row in view.features])
    right = np.array([value for view in views for value in view.is_right], dtype=bool)
    if right.size == 0 or right.all() or not right.any():
        raise ValueError("a cluster score needs right and wrong clusters")
    mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    standard = (features - mean) / deviation
    sign = np.where(right, 1.0, -1.0)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        margin = sign * (standard @ parameters[:-1] + parameters[-1])
        slope = -sign / (1 + np.exp(np.clip(margin, -50, 50)))
        gradient = np.append(standard.T @ slope + penalty * parameters[:-1], slope.sum())
        return float(np.logaddexp(0, -margin).sum() + 0.5 * penalty * (parameters[:-1] ** 2).sum()), gradient

    bounds = [(0.0, None)] * len(FEATURES) + [(None, None)]
    found = minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    weights = found.x[:-1] / deviation
    intercept = float(found.x[-1] - (weights * mean).sum())
    return {name: float(weight) for name, weight in zip(FEATURES, weights, strict=True)}, intercept


def operating_points(
    views: Sequence[ClusteredView], score: Mapping[str, Any], rates: Mapping[str, float]
) -> dict[str, float]:
    """Return for each name the lowest score at which views without clusters carry at most that many on average."""
    from MCDetect.inference.cluster_score import cluster_score

    normal = [view for view in views if not view.has_clusters]
    scores = sorted(
        (cluster_score(row, score["weights"], score["intercept"]) for view in normal for row in view.features),
        reverse=True,
    )
    return {name: round(_just_above(scores, rate * len(normal), (0.0, 1.0)), 4) for name, rate in rates.items()}


def _just_above(descending: Sequence[float], allowed: float, limits: tuple[float, float]) -> float:
    """Return a threshold that at most ``allowed`` of the values reach: midway between the last kept and the next."""
    lowest, highest = limits
    kept = int(allowed + 1e-9)
    if kept >= len(descending):
        return lowest
    below, above = descending[kept], descending[kept - 1] if kept > 0 else highest
    return max(lowest, 0.5 * (below + above) if above > below else float(np.nextafter(below, np.inf)))
