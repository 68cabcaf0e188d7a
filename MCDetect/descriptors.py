"""Descriptors of a cluster: figures that a reader can check, and what the algorithm makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from MCDetect.bi_rads import Morphology


@dataclass(frozen=True)
class Spread:
    """Mean of a quantity over the calcifications of a cluster, and its standard deviation."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class MorphologyProbability:
    """How probable a morphology is, 0 to 1, by a model that has seen simulated calcifications only."""

    morphology: Morphology
    probability: float


@dataclass(frozen=True)
class Descriptors:
    """What the algorithm measured of a cluster, beside its count, area, density and diameter.

    Attributes
    ----------
    nearest_neighbour_mm
        Distance of each calcification to the nearest other one, centre to centre.
    size_mm
        Longest extent of the calcifications.
    contrast
        How much the calcifications rise over their surroundings, over the range (5 % to 95 %) of the grey values of the
        breast; it depends on the vendor's processing.
    morphologies
        Probabilities of the morphologies, the most probable first; they sum to 1.
    suspicion
        0 to 1: published shares of malignancy by morphology, weighted by these probabilities, and by distribution. The
        morphologies were learnt from simulated calcifications: a figure to sort by, and no probability of cancer.
    """

    nearest_neighbour_mm: Spread
    size_mm: Spread
    contrast: Spread
    morphologies: tuple[MorphologyProbability, ...]
    suspicion: float

    @property
    def morphology(self) -> MorphologyProbability:
        """The most probable morphology."""
        return self.morphologies[0]

    @classmethod
    def from_dictionary(cls, entry: Mapping[str, Any] | None) -> Descriptors | None:
        """Return the descriptors of a JSON object, or None for none.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the object lacks a field, has another one, or names an unknown morphology.
        """
        if entry is None:
            return None
        values = dict(entry)
        for name in ("nearest_neighbour_mm", "size_mm", "contrast"):
            values[name] = Spread(**values[name])
        morphologies = [{**one, "morphology": Morphology(one["morphology"])} for one in values["morphologies"]]
        if not morphologies:
            raise ValueError("findings have descriptors without a morphology")
        values["morphologies"] = tuple(MorphologyProbability(**one) for one in morphologies)
        return cls(**values)
