"""What can be measured of a group of calcifications: what its members are like, how alike they are, how they lie."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from MCDetect.bi_rads import Morphology
from MCDetect.inference.morphology.features import FEATURES as MEMBER_FEATURES

FloatMatrix = npt.NDArray[np.float64]

TERMS = (
    Morphology.ROUND,
    Morphology.AMORPHOUS,
    Morphology.COARSE_HETEROGENEOUS,
    Morphology.FINE_PLEOMORPHIC,
    Morphology.FINE_LINEAR,
    Morphology.RIM,
    Morphology.COARSE,
    Morphology.LARGE_ROD_LIKE,
    Morphology.VASCULAR,
    Morphology.SKIN,
)
"""The types of a single calcification, in the order of the model."""

_AVERAGED = ("log_length", "elongation", "solidity", "log_contrast_to_noise", "plateau", "hollowness", "chain")
_SPREAD = ("log_length", "elongation", "log_contrast_to_noise")

FEATURES = (
    *(f"share of {term.value}" for term in TERMS),
    *(f"mean {name}" for name in _AVERAGED),
    *(f"deviation of {name}" for name in _SPREAD),
    "log_count",
    "log_neighbour_distance",
    "neighbour_evenness",
    "linearity",
)
"""Names of the features of a cluster, in the order of the model.

share of ...
    Mean probability of the type over the members.
mean ..., deviation of ...
    Of a feature of single calcifications over the members.
log_count, log_neighbour_distance, neighbour_evenness
    Logarithm of the number of members and of their mean distance to the nearest other in mm; deviation of that over its
    mean.
linearity
    1 less the ratio of the principal deviations of the members' places.
"""


def arrangement_of(points: FloatMatrix, member_features: FloatMatrix, probabilities: FloatMatrix) -> FloatMatrix:
    """Return the (features,) of a cluster.

    Parameters
    ----------
    points
        (members, 2): their rows and columns in mm; at least two.
    member_features
        (members, features) of :func:`MCDetect.inference.morphology.features.feature_matrix`.
    probabilities
        (members, terms): of the types of the members.
    """
    index = {name: i for i, name in enumerate(MEMBER_FEATURES)}
    distances = nearest_distances(points)
    deviations = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    mean = max(float(distances.mean()), 1e-3)
    return np.array(
        [
            *probabilities.mean(axis=0),
            *(member_features[:, index[name]].mean() for name in _AVERAGED),
            *(member_features[:, index[name]].std() for name in _SPREAD),
            math.log(len(points)),
            math.log(mean),
            float(distances.std()) / mean,
            1 - float(deviations[1] / max(deviations[0], 1e-9)),
        ]
    )


def nearest_distances(points: FloatMatrix) -> FloatMatrix:
    """Return the distance of each of at least two points, (n, 2), to the nearest other one."""
    distances: FloatMatrix = cKDTree(points).query(points, k=2)[0][:, 1]
    return distances
