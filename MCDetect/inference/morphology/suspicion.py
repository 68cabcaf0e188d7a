"""How suspicious a cluster looks: published shares of malignancy by its morphology and distribution.

Morphology: the middle of the positive predictive values of biopsies that are reported for the terms of the ACR BI-RADS
Atlas, 5th edition; typically benign ones are followed by hardly any cancer. Distribution: likewise, taken as an odds
ratio against grouped ones. The probabilities of the morphologies come from simulated calcifications, so this is a
figure to sort clusters by. It is no probability of cancer, and nothing clinical was measured of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from MCDetect.bi_rads import Distribution, Morphology
from MCDetect.descriptors import MorphologyProbability

_BY_MORPHOLOGY = {
    Morphology.FINE_LINEAR: 0.70,
    Morphology.FINE_PLEOMORPHIC: 0.50,
    Morphology.COARSE_HETEROGENEOUS: 0.20,
    Morphology.AMORPHOUS: 0.20,
    Morphology.ROUND: 0.05,
}
_TYPICALLY_BENIGN = 0.01
_BY_DISTRIBUTION = {
    Distribution.LINEAR: 0.55,
    Distribution.SEGMENTAL: 0.42,
    Distribution.REGIONAL: 0.33,
    Distribution.GROUPED: 0.22,
    Distribution.DIFFUSE: 0.10,
}


def suspicion(morphologies: Iterable[MorphologyProbability], distribution: Distribution) -> float:
    """Return the figure, 0 to 1."""
    expected = sum(one.probability * _BY_MORPHOLOGY.get(one.morphology, _TYPICALLY_BENIGN) for one in morphologies)
    expected = min(max(expected, 1e-3), 1 - 1e-3)
    odds = _logit(_BY_DISTRIBUTION[distribution]) - _logit(_BY_DISTRIBUTION[Distribution.GROUPED])
    return 1 / (1 + math.exp(-(_logit(expected) + odds)))


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
