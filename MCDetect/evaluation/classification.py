"""How well classes are told apart: every figure that the five papers use, with intervals by patient.

The positive class is the last one (the most malignant). "FPi" of Rehman et al. 2021 (Eq. 5) is the number of false
positives over the number of images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.evaluation.bootstrap import Indices, Interval, bootstrap_interval
from MCDetect.evaluation.predictions import Prediction

Floats = npt.NDArray[np.float64]

SPECIFICITY = 0.8
"""At which Singh et al. 2022 give the sensitivity (Table 4)."""

_CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Answers:
    """Labels, probabilities (examples, classes) and which image and patient each example is of."""

    labels: npt.NDArray[np.intp]
    probabilities: Floats
    images: tuple[str, ...]
    patients: tuple[str, ...]

    @classmethod
    def of(cls, predictions: Sequence[Prediction]) -> Answers:
        """Return the arrays of predictions."""
        return cls(
            np.array([one.label for one in predictions]),
            np.array([one.probabilities for one in predictions]),
            tuple(one.image for one in predictions),
            tuple(one.patient for one in predictions),
        )

    @property
    def positive(self) -> npt.NDArray[np.bool_]:
        """Whether an example is of the last class."""
        return np.asarray(self.labels == self.probabilities.shape[1] - 1)

    @property
    def decided(self) -> npt.NDArray[np.intp]:
        """The class of the highest probability; of two classes the second from 0.5 on."""
        if self.probabilities.shape[1] == 2:
            return np.asarray(self.probabilities[:, 1] >= 0.5).astype(np.intp)
        return np.asarray(np.argmax(self.probabilities, axis=1))

    @property
    def decided_positive(self) -> npt.NDArray[np.bool_]:
        """Whether the last class was decided."""
        return np.asarray(self.decided == self.probabilities.shape[1] - 1)


def figures(answers: Answers, *, repeats: int = 1000, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return each figure with its 95 % interval, by the bootstrap over patients.

    Figures that are not defined (a class is missing, nothing was called positive), for all examples or for every
    resample, are left out.
    """
    from sklearn import metrics

    truth, said = answers.positive, answers.decided_positive
    score = answers.probabilities[:, -1]
    classes = list(range(answers.probabilities.shape[1]))

    def rate(among: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_]) -> Callable[[Indices], float]:
        return lambda i: float(right[i][among[i]].mean()) if among[i].any() else float("nan")

    def both(measure: Callable[[Any, Any], float]) -> Callable[[Indices], float]:
        return lambda i: float(measure(truth[i], score[i])) if 0 < truth[i].sum() < len(i) else float("nan")

    def decided(measure: Callable[[Indices], Any]) -> Callable[[Indices], float]:
        return lambda i: float(measure(i)) if 0 < truth[i].sum() < len(i) else float("nan")

    def macro_auc(i: Indices) -> float:
        if set(answers.labels[i].tolist()) != set(classes):
            return float("nan")
        return float(metrics.roc_auc_score(answers.labels[i], answers.probabilities[i], multi_class="ovr"))

    # An image that is drawn twice counts as two: each example stands for its share of its image.
    _, numbers, sizes = np.unique(np.array(answers.images), return_inverse=True, return_counts=True)
    share = 1.0 / sizes[numbers]
    wanted: dict[str, Callable[[Indices], float]] = {
        "accuracy": lambda i: float(metrics.accuracy_score(answers.labels[i], answers.decided[i])),
        "sensitivity": rate(truth, said),
        "specificity": rate(~truth, ~said),
        "precision": rate(said, truth),
        "F1": decided(lambda i: metrics.f1_score(truth[i], said[i], zero_division=0.0)),
        "MCC": decided(lambda i: metrics.matthews_corrcoef(answers.labels[i], answers.decided[i])),
        "AUC": both(metrics.roc_auc_score),
        f"sensitivity at specificity {SPECIFICITY}": both(sensitivity_at_specificity),
        "false positives an image": lambda i: float((said[i] & ~truth[i]).sum() / share[i].sum()),
        "Brier score": lambda i: float(np.mean((score[i] - truth[i]) ** 2)),
    }
    if len(classes) > 2:
        wanted["AUC, mean of all classes"] = macro_auc
    found = {}
    for name, statistic in wanted.items():
        if np.isfinite(statistic(np.arange(len(truth)))):
            # Each resample may lack what the figure needs: then it has no interval, and is left out as well.
            with suppress(ValueError):
                interval = bootstrap_interval(statistic, answers.patients, repeats=repeats, seed=seed)
                found[name] = _as_entry(interval)
    return found


def accuracy(answers: Answers, *, repeats: int = 1000, seed: int = 0) -> dict[str, float]:
    """Return the accuracy alone with its 95 % interval, for subgroups."""
    right = answers.labels == answers.decided
    return _as_entry(bootstrap_interval(lambda i: float(right[i].mean()), answers.patients, repeats=repeats, seed=seed))


def sensitivity_at_specificity(truth: Any, score: Any, specificity: float = SPECIFICITY) -> float:
    """Return the highest sensitivity of any threshold with at least this specificity."""
    from sklearn.metrics import roc_curve

    # By default points on a straight piece of the curve are dropped, and the best one allowed may be among them.
    false, true, _ = roc_curve(truth, score, drop_intermediate=False)
    return float(true[false <= 1 - specificity + 1e-12].max())


def slope_one_point(answers: Answers) -> dict[str, float]:
    """Return the point of the ROC curve that a line of slope 1 with the highest intercept touches.

    Shiri Kahnouei et al. 2022 take it for their operating point; for balanced classes it has the highest accuracy.
    Chosen on the examples it is scored on, it flatters.
    """
    from sklearn.metrics import roc_curve

    false, true, thresholds = roc_curve(answers.positive, answers.probabilities[:, -1])
    best = int(np.argmax(true - false))
    return {
        "threshold": float(min(thresholds[best], 1.0)),
        "sensitivity": float(true[best]),
        "specificity": float(1 - false[best]),
    }


def roc_points(answers: Answers) -> list[tuple[float, float]]:
    """Return (false-positive rate, sensitivity) of the ROC curve."""
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(answers.positive, answers.probabilities[:, -1])
    return [(float(x), float(y)) for x, y in zip(false, true, strict=True)]


def confusion(answers: Answers) -> list[list[int]]:
    """Return how often each class (row) was decided to be each (column)."""
    from sklearn.metrics import confusion_matrix

    classes = list(range(answers.probabilities.shape[1]))
    matrix: list[list[int]] = confusion_matrix(answers.labels, answers.decided, labels=classes).tolist()
    return matrix


def calibration(answers: Answers) -> list[tuple[float, float]]:
    """Return (mean probability, share of positives) of ten bins of the positive class's probability."""
    from sklearn.calibration import calibration_curve

    share, mean = calibration_curve(answers.positive, answers.probabilities[:, -1], n_bins=_CALIBRATION_BINS)
    return [(float(x), float(y)) for x, y in zip(mean, share, strict=True)]


def _as_entry(interval: Interval) -> dict[str, float]:
    entry: dict[str, float] = asdict(interval)
    return entry
