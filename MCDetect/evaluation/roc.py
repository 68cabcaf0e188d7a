"""Receiver operating characteristic: the area under the curve, with its interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from MCDetect.evaluation.bootstrap import Indices, Interval, bootstrap_interval


def area_under_curve(
    labels: Sequence[bool] | npt.NDArray[np.bool_],
    scores: Sequence[float] | npt.NDArray[np.float64],
    *,
    examinations: Sequence[Hashable] | None = None,
    repeats: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the area under the ROC curve (ties count half) with its bootstrap interval.

    Parameters
    ----------
    labels
        True for positive.
    scores
        Higher is more positive.
    examinations
        What each entry belongs to; entries of one examination are resampled together. Each its own if None.
        Examinations are resampled within positives and negatives, by the label of their first entry.
    repeats, seed
        Of the bootstrap.

    Raises
    ------
    ValueError
        If lengths differ, or one of the classes is missing.
    """
    from sklearn.metrics import roc_auc_score

    truth, values = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=float)
    if truth.shape != values.shape:
        raise ValueError(f"there are {truth.size} labels and {values.size} scores")
    if truth.all() or not truth.any():
        raise ValueError("an ROC curve needs positives and negatives")

    def statistic(indices: Indices) -> float:
        drawn = truth[indices]
        if drawn.all() or not drawn.any():
            return float("nan")
        return float(roc_auc_score(drawn, values[indices]))

    units = list(range(truth.size)) if examinations is None else list(examinations)
    return bootstrap_interval(statistic, units, strata=truth.tolist(), repeats=repeats, seed=seed)
