"""The small model of morphologies: two logistic regressions, plain numbers in ``configs/morphology.json``.

The first tells the type of a single calcification from the features of :mod:`.features` and their squares, the second
the morphology of a cluster from those of :mod:`.arrangement`. Both were fitted on simulated calcifications
(``python -m MCDetect.training.morphology.train``); the model card holds their confusion matrices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Morphology
from MCDetect.errors import ModelError
from MCDetect.inference.morphology import arrangement, features

FloatMatrix = npt.NDArray[np.float64]

FILE_NAME = "morphology.json"

BENIGN_TYPES = (
    Morphology.SKIN,
    Morphology.VASCULAR,
    Morphology.COARSE,
    Morphology.LARGE_ROD_LIKE,
    Morphology.RIM,
)
"""The types that are reported apart. Round ones are typically benign too, but only where they are scattered."""

_LIMIT = 4.0  # standard deviations; an absurd figure decides nothing


@dataclass(frozen=True)
class Classifier:
    """Multinomial logistic regression.

    Attributes
    ----------
    terms
        The classes.
    mean, scale
        (features,): what is taken off and divided by.
    squares
        Whether the squares of the scaled features follow them.
    weights, bias
        (classes, inputs) and (classes,).
    benign_threshold
        Least summed probability of :data:`BENIGN_TYPES` at which something is of such a type.
    """

    terms: tuple[Morphology, ...]
    mean: FloatMatrix
    scale: FloatMatrix
    squares: bool
    weights: FloatMatrix
    bias: FloatMatrix
    benign_threshold: float

    def inputs(self, values: FloatMatrix) -> FloatMatrix:
        """Return what the regression sees of (n, features)."""
        scaled = np.clip((values - self.mean) / self.scale, -_LIMIT, _LIMIT)
        return np.hstack([scaled, scaled**2]) if self.squares else scaled

    def probabilities(self, values: FloatMatrix) -> FloatMatrix:
        """Return (n, classes), each row of sum 1, for (n, features)."""
        logits = self.inputs(values) @ self.weights.T + self.bias
        raised: FloatMatrix = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: FloatMatrix = raised / raised.sum(axis=1, keepdims=True)
        return shares

    def benign_type(self, probabilities: npt.NDArray[np.float64]) -> Morphology | None:
        """Return the typically benign type for one row of probabilities, or None below the threshold."""
        benign = {t: float(p) for t, p in zip(self.terms, probabilities, strict=True) if t in BENIGN_TYPES}
        if sum(benign.values()) < self.benign_threshold:
            return None
        return max(benign, key=lambda term: benign[term])

    @classmethod
    def of(cls, entry: Mapping[str, Any], names: Sequence[str]) -> Classifier:
        """Return the classifier of a JSON object.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing, or made for other features than ``names``.
        """
        if list(entry["features"]) != list(names):
            raise ValueError("made for other features")
        weights = np.array(entry["weights"], dtype=np.float64)
        terms = tuple(Morphology(term) for term in entry["terms"])
        classifier = cls(
            terms=terms,
            mean=np.array(entry["mean"], dtype=np.float64),
            scale=np.array(entry["scale"], dtype=np.float64),
            squares=bool(entry["squares"]),
            weights=weights,
            bias=np.array(entry["bias"], dtype=np.float64),
            benign_threshold=float(entry["benign_threshold"]),
        )
        inputs = len(names) * (2 if classifier.squares else 1)
        shapes = (classifier.mean.shape, classifier.scale.shape, weights.shape, classifier.bias.shape)
        if shapes != ((len(names),), (len(names),), (len(terms), inputs), (len(terms),)):
            raise ValueError("sizes do not fit")
        if not all(np.isfinite(part).all() for part in (classifier.mean, classifier.scale, weights, classifier.bias)):
            raise ValueError("a number is not finite")
        if not (classifier.scale > 0).all():
            raise ValueError("a scale is not positive")
        return classifier


@dataclass(frozen=True)
class MorphologyModel:
    """Both classifiers."""

    calcification: Classifier
    cluster: Classifier

    @classmethod
    def load(cls, bundle: Path) -> MorphologyModel | None:
        """Return the model of a bundle; None if the bundle has none, as those of before had.

        Raises
        ------
        ModelError
            ``damaged-bundle`` if the file is not what it should be.
        """
        path = bundle / "configs" / FILE_NAME
        if not path.exists():
            return None
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls.of(document)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "damaged-bundle",
                f"{path} is incomplete or wrong: {error}.",
                "Install MCDetect again, or name another model with --bundle.",
            ) from error

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> MorphologyModel:
        """Return the model of the content of its file; errors as for :meth:`Classifier.of`."""
        calcification = Classifier.of(document["calcification"], features.FEATURES)
        if calcification.terms != arrangement.TERMS:
            raise ValueError("the types are others, or in another order")
        return cls(calcification, Classifier.of(document["cluster"], arrangement.FEATURES))
