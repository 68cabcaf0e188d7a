"""Fitting the two classifiers, and what they confuse on other views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Morphology
from MCDetect.errors import ModelError
from MCDetect.inference.morphology.model import BENIGN_TYPES, Classifier

FloatMatrix = npt.NDArray[np.float64]

_FOLDS = 5
_LEAST_SCALE = 1e-5  # of a feature that is the same everywhere; as written, it must not be rounded to nothing


def fit_classifier(
    values: FloatMatrix,
    terms: Sequence[Morphology],
    views: Sequence[int],
    order: Sequence[Morphology],
    *,
    squares: bool,
    strength: float,
    lost: float,
) -> Classifier:
    """Fit a classifier; the threshold of "benign" is set on views that the fit of a fold has not seen.

    Parameters
    ----------
    values, terms
        (n, features) and the term of each row.
    views
        Which view each row is of: no view is in two folds.
    order
        The classes; each must occur.
    squares, strength
        See :class:`Classifier`; inverse of the penalty on weights.
    lost
        Share of the suspicious ones, and of round ones, that may be taken for typically benign.

    Raises
    ------
    ModelError
        ``cannot-calibrate`` if a class never occurs.
    """
    labels = np.array([order.index(term) for term in terms])
    counts = np.bincount(labels, minlength=len(order))
    if not counts.all():
        missing = order[int(np.argmin(counts))].value
        raise ModelError(
            "cannot-calibrate", f"The views hold no mark of the kind {missing!r}.", "Use more simulated views."
        )
    folds = np.array(views) % _FOLDS
    benign = np.array([term in BENIGN_TYPES for term in order])
    summed = np.zeros(len(labels))
    for fold in range(_FOLDS):
        fitted = _fit(values[folds != fold], labels[folds != fold], order, squares=squares, strength=strength)
        summed[folds == fold] = fitted.probabilities(values[folds == fold])[:, benign].sum(axis=1)
    threshold = max(0.5, float(np.quantile(summed[~benign[labels]], 1 - lost)))
    return _fit(values, labels, order, squares=squares, strength=strength, threshold=threshold)


def _fit(
    values: FloatMatrix,
    labels: npt.NDArray[np.intp],
    order: Sequence[Morphology],
    *,
    squares: bool,
    strength: float,
    threshold: float = 1.0,
) -> Classifier:
    from sklearn.linear_model import LogisticRegression

    mean, scale = values.mean(axis=0), np.maximum(values.std(axis=0), _LEAST_SCALE)
    blank = np.zeros((len(order), 0))
    empty = Classifier(tuple(order), mean, scale, squares, blank, blank, threshold)
    # Kinds count alike, whatever their share of the marks: the square root is between that and as they come.
    counts = np.bincount(labels, minlength=len(order))
    weight = 1 / np.sqrt(np.maximum(counts, 1))[labels]
    model = LogisticRegression(C=strength, max_iter=2000)
    model.fit(empty.inputs(values), labels, sample_weight=weight / weight.mean())
    weights = np.zeros((len(order), model.coef_.shape[1]))
    bias = np.full(len(order), -30.0)
    weights[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return Classifier(tuple(order), mean, scale, squares, weights, bias, threshold)


def as_entry(classifier: Classifier, names: Sequence[str]) -> dict[str, Any]:
    """Return the JSON object of a classifier, rounded to what matters."""
    return {
        "features": list(names),
        "terms": [term.value for term in classifier.terms],
        "squares": classifier.squares,
        "mean": [round(float(v), 5) for v in classifier.mean],
        "scale": [round(float(v), 5) for v in classifier.scale],
        "weights": [[round(float(v), 4) for v in row] for row in classifier.weights],
        "bias": [round(float(v), 4) for v in classifier.bias],
        "benign_threshold": round(classifier.benign_threshold, 4),
    }


def confusion(classifier: Classifier, values: FloatMatrix, terms: Sequence[Morphology]) -> dict[str, Any]:
    """Return what a classifier makes of examples it was not fitted on.

    Returns
    -------
    dict
        ``terms``; ``matrix`` of counts, a row for each true term, a column for each most probable one; ``accuracy``;
        ``recognised_as_benign``: for each true term the share that is reported as typically benign.
    """
    order = list(classifier.terms)
    probabilities = classifier.probabilities(values)
    matrix = np.zeros((len(order), len(order)), dtype=int)
    truth = np.array([order.index(term) for term in terms])
    np.add.at(matrix, (truth, probabilities.argmax(axis=1)), 1)
    benign = np.array([classifier.benign_type(row) is not None for row in probabilities])
    shares = {
        term.value: round(float(benign[truth == number].mean()), 3)
        for number, term in enumerate(order)
        if (truth == number).any()
    }
    return {
        "terms": [term.value for term in order],
        "matrix": matrix.tolist(),
        "accuracy": round(float(np.trace(matrix) / max(1, matrix.sum())), 3),
        "recognised_as_benign": shares,
    }
