"""Single calcifications: which are marked, how far off the marks are, and what an ideal observer would find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from MCDetect.training.detection.looking import Mark
from MCDetect.training.detection.truths import TrueCluster, ViewTruth
from MCDetect.training.simulated_views import MARK_TOLERANCE_MM

CELL_MM = 0.5
"""Side of the squares that an ideal observer judges independently: larger than a small calcification's image, so there
are fewer chances of a false mark than in truth, and the bound is not below what is possible."""


@dataclass(frozen=True)
class MarkedCalcifications:
    """One view after matching marks with calcifications, one to one.

    Attributes
    ----------
    logits
        For each calcification that counts the logit of its mark; minus infinity without one.
    errors_mm
        Distance of each such mark to the calcification's centre; NaN without one.
    false_logits
        Of the marks that lie on no calcification at all.
    """

    logits: npt.NDArray[np.float64]
    errors_mm: npt.NDArray[np.float64]
    false_logits: npt.NDArray[np.float64]


def near_any(mark: Mark, truth: ViewTruth) -> bool:
    """Tell whether a mark lies on a calcification, or at most 0.5 mm beside it."""
    return bool((_distances([mark], truth) <= _reaches(truth)).any()) if truth.calcifications else False


def match_marks(marks: Sequence[Mark], truth: ViewTruth, counted: npt.NDArray[np.bool_]) -> MarkedCalcifications:
    """Match marks with calcifications: the highest logit chooses first, and takes the nearest that is free.

    Parameters
    ----------
    marks
        Of one view.
    truth
        Of the same view.
    counted
        (calcifications,): which are to be found; a mark on another is neither right nor wrong.
    """
    number = len(truth.calcifications)
    logits, errors = np.full(number, -np.inf), np.full(number, np.nan)
    if number == 0:
        return MarkedCalcifications(logits, errors, np.array([mark.logit for mark in marks]))
    distances = _distances(marks, truth)
    near = np.asarray(distances <= _reaches(truth))
    for index in sorted(range(len(marks)), key=lambda i: -marks[i].logit):
        free = near[index] & np.isneginf(logits)
        if free.any():
            chosen = int(np.argmin(np.where(free, distances[index], np.inf)))
            logits[chosen], errors[chosen] = marks[index].logit, distances[index, chosen]
    is_right = np.asarray(near.any(axis=1))
    wrong = np.array([mark.logit for mark, right in zip(marks, is_right, strict=True) if not right])
    return MarkedCalcifications(logits[counted], errors[counted], wrong)


def threshold_at(views: Sequence[MarkedCalcifications], rate: float) -> float:
    """Return the lowest logit from which these views carry at most ``rate`` false marks on average.

    Where all of them are allowed it is below every mark, and above the minus infinity of calcifications without one.
    """
    wrong = np.sort(np.concatenate([view.false_logits for view in views]))[::-1]
    allowed = int(rate * len(views) + 1e-9)
    return float(np.finfo(float).min if allowed >= wrong.size else np.nextafter(wrong[allowed], np.inf))


def share_found(views: Sequence[MarkedCalcifications], threshold: float) -> float:
    """Return the share of calcifications whose mark reaches a threshold; NaN without any."""
    logits = np.concatenate([view.logits for view in views]) if views else np.zeros(0)
    return float((logits >= threshold).mean()) if logits.size else float("nan")


def ideal_threshold(area_cm2: float, rate: float) -> float:
    """Return the deviations of the noise above which an ideal observer marks, at ``rate`` false marks a view."""
    cells = max(area_cm2 * 100 / CELL_MM**2, 2 * rate)
    return float(stats.norm.isf(rate / cells))


def ideal_probabilities(truth: ViewTruth, threshold: float) -> npt.NDArray[np.float64]:
    """Return the probability that the ideal observer marks each calcification; NaN where d' is not known."""
    known = [np.nan if c.detectability is None else c.detectability for c in truth.calcifications]
    probabilities: npt.NDArray[np.float64] = stats.norm.sf(threshold - np.array(known, dtype=float))
    return probabilities


def ideal_cluster_probability(cluster: TrueCluster, probabilities: npt.NDArray[np.float64], least: int = 3) -> float:
    """Return the probability that at least ``least`` members of a cluster are marked, each on its own."""
    # The distribution of the number marked, up to `least`, member by member (Poisson binomial).
    number = np.zeros(least + 1)
    number[0] = 1.0
    for probability in probabilities[list(cluster.members)]:
        moved = probability * number[:-1]
        number[:-1] -= moved
        number[1:] += moved
    return float(number[least])


def counted_calcifications(truth: ViewTruth, rule: Callable[[float, str], bool]) -> npt.NDArray[np.bool_]:
    """Return which calcifications of a view a rule of (signal-to-noise ratio, morphology) counts."""
    return np.array([rule(c.signal_to_noise, c.kind) for c in truth.calcifications], dtype=np.bool_)


def _distances(marks: Sequence[Mark], truth: ViewTruth) -> npt.NDArray[np.float64]:
    places = np.array([(mark.row, mark.column) for mark in marks]).reshape(-1, 1, 2)
    targets = np.array([(c.row, c.column) for c in truth.calcifications]).reshape(1, -1, 2)
    distances: npt.NDArray[np.float64] = np.hypot(*np.moveaxis(places - targets, 2, 0)) * truth.spacing_mm
    return distances


def _reaches(truth: ViewTruth) -> npt.NDArray[np.float64]:
    return np.array([0.5 * c.diameter_mm for c in truth.calcifications]) + MARK_TOLERANCE_MM
