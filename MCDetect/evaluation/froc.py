"""Free-response ROC: sensitivity for clusters against false positives an image (Bunch et al. 1977).

Several candidates in one cluster count once, with the highest score. Whether false positives are counted on all images
or on normal ones alone is the caller's choice and belongs with every figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MCDetect.evaluation.hits import Candidate, Criterion, Truth, centre_inside

RATES = (0.1, 0.25, 0.5, 1.0, 2.0)
"""False positives an image at which sensitivities are published."""

_POINTS = 300  # of a curve that is drawn


@dataclass(frozen=True)
class ScoredImage:
    """One image: what was found and what is there; ``spacing_mm`` between rows, between columns."""

    examination: str
    candidates: tuple[Candidate, ...]
    truths: tuple[Truth, ...]
    spacing_mm: tuple[float, float]


@dataclass(frozen=True)
class MatchedImage:
    """One image after matching.

    Attributes
    ----------
    truth_scores
        For each truth that counts the highest score among the candidates that hit it; minus infinity if none does.
    false_positives
        Scores of the candidates that hit no truth at all.
    is_normal
        True if there is no truth, counted or not.
    """

    examination: str
    truth_scores: tuple[float, ...]
    false_positives: tuple[float, ...]
    is_normal: bool


@dataclass(frozen=True)
class FrocCurve:
    """Sensitivity and false positives an image at each threshold (highest first, so both rise)."""

    thresholds: npt.NDArray[np.float64]
    sensitivity: npt.NDArray[np.float64]
    false_positives: npt.NDArray[np.float64]

    def sensitivity_at(self, rate: float) -> float:
        """Return the highest sensitivity with at most ``rate`` false positives an image; 0 if there is none."""
        allowed = self.false_positives <= rate + 1e-12
        return float(self.sensitivity[allowed].max(initial=0.0))

    def points(self, views: float = 1.0) -> list[tuple[float, float]]:
        """Return a few hundred (false positives a view, sensitivity) to draw, the last one among them.

        Parameters
        ----------
        views
            Of each image that the curve is of: more than one where these are whole examinations.
        """
        last = len(self.thresholds) - 1
        kept = [*range(0, last, max(1, math.ceil(last / _POINTS))), *([last] if last >= 0 else [])]
        return [(round(float(self.false_positives[i]) / views, 4), round(float(self.sensitivity[i]), 4)) for i in kept]

    def mean_sensitivity(self, up_to: float = 1.0) -> float:
        """Return the sensitivity averaged over 0 to ``up_to`` false positives an image (a step function)."""
        rates = np.unique(np.append(self.false_positives[self.false_positives < up_to], [0.0, up_to]))
        heights = np.array([self.sensitivity_at(rate) for rate in rates[:-1]])
        return float((heights * np.diff(rates)).sum() / up_to)

    def threshold_at(self, rate: float) -> float:
        """Return the lowest threshold with at most ``rate`` false positives an image; infinity if there is none."""
        allowed = self.false_positives <= rate + 1e-12
        return float(self.thresholds[allowed].min(initial=np.inf))


def match(image: ScoredImage, criterion: Criterion = centre_inside) -> MatchedImage:
    """Match candidates with truths by ``criterion``."""
    truth_scores = [-np.inf] * len(image.truths)
    false_positives: list[float] = []
    for candidate in image.candidates:
        hit = [index for index, truth in enumerate(image.truths) if criterion(candidate, truth, image.spacing_mm)]
        for index in hit:
            truth_scores[index] = max(truth_scores[index], candidate.score)
        if not hit:
            false_positives.append(candidate.score)
    counted = tuple(score for score, truth in zip(truth_scores, image.truths, strict=True) if truth.counted)
    return MatchedImage(image.examination, counted, tuple(false_positives), not image.truths)


def froc_curve(images: Sequence[MatchedImage], *, false_positives_on_normal_images: bool = False) -> FrocCurve:
    """Return the FROC curve by image.

    Parameters
    ----------
    images
        From :func:`match`.
    false_positives_on_normal_images
        Count false positives on images without truth only, and divide by their number; on all images otherwise.

    Raises
    ------
    ValueError
        If there is no truth that counts, or no image to count false positives on.
    """
    counted = [image for image in images if image.is_normal or not false_positives_on_normal_images]
    truth_scores = np.array(_joined(image.truth_scores for image in images))
    if truth_scores.size == 0 or not counted:
        raise ValueError("an FROC curve needs at least one truth and one image to count false positives on")
    wrong = np.array(_joined(image.false_positives for image in counted))
    found = np.sort(truth_scores[np.isfinite(truth_scores)])
    thresholds = np.unique(np.concatenate((found, wrong)))[::-1]
    sensitivity = found.size - np.searchsorted(found, thresholds)
    false_positives = wrong.size - np.searchsorted(np.sort(wrong), thresholds)
    return FrocCurve(thresholds, sensitivity / truth_scores.size, false_positives / len(counted))


def by_case(images: Sequence[MatchedImage]) -> list[MatchedImage]:
    """Return one entry an examination: its best truth score stands for the case, its false positives are joined.

    Sensitivity by case asks whether a case with clusters was recognised in any of its views. Truths are not linked
    across views, so several lesions of one case count as one.
    """
    cases: dict[str, list[MatchedImage]] = {}
    for image in images:
        cases.setdefault(image.examination, []).append(image)
    return [
        MatchedImage(
            examination,
            (max(scores),) if (scores := _joined(view.truth_scores for view in views)) else (),
            tuple(_joined(view.false_positives for view in views)),
            all(view.is_normal for view in views),
        )
        for examination, views in cases.items()
    ]


def _joined(parts: Iterable[tuple[float, ...]]) -> list[float]:
    return [value for part in parts for value in part]
