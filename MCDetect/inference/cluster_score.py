"""How a cluster's score arises: a logistic regression of a few figures anyone can check.

score = sigmoid(intercept + sum of weight * feature). The weights are fitted on simulated views
(``training.calibration``) and stand, with this list, in the bundle's ``configs/inference.json`` and in its model card.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

FEATURES = ("highest_logit", "third_highest_logit", "mean_of_five_highest_logits", "log_count", "patch_logit")
"""Names of the features, in the order in which calibration fits them.

highest_logit, third_highest_logit
    Of the members' highest logits from the calcification network, less the detection threshold, and no more than 12 of
    each: one spot, however bright, speaks for itself and not for the two beside it. The third is what makes a cluster:
    noise yields one strong mark by chance, seldom three.
mean_of_five_highest_logits
    The same, averaged over the five strongest members (fewer if there are fewer).
log_count
    Natural logarithm of the number of members.
patch_logit
    Highest logit of the patch network (Luna-Lozoya 2023) over patches of 1 cm² centred on a member.
"""

_MOST_OF_ONE = 12.0  # logits above the threshold; a plain calcification reaches 25
_LIMIT = 30.0  # keeps exp() finite for absurd logits


def cluster_features(
    member_logits: Sequence[float], threshold: float, patch_logits: Sequence[float]
) -> dict[str, float]:
    """Return the features of a cluster.

    Parameters
    ----------
    member_logits
        Highest logit of each member, at least three.
    threshold
        The calibrated detection threshold.
    patch_logits
        Patch network's logit at each member's centre.

    Raises
    ------
    ValueError
        If there are fewer than three members.
    """
    if len(member_logits) < 3:
        raise ValueError(f"a cluster has at least 3 members, got {len(member_logits)}")
    strongest = sorted((min(logit - threshold, _MOST_OF_ONE) for logit in member_logits), reverse=True)
    return {
        "highest_logit": strongest[0],
        "third_highest_logit": strongest[2],
        "mean_of_five_highest_logits": mean_of_strongest(strongest),
        "log_count": math.log(len(strongest)),
        "patch_logit": max(patch_logits),
    }


def mean_of_strongest(member_logits: Sequence[float]) -> float:
    """Return the mean of the five highest logits, or of all if there are fewer."""
    top = sorted(member_logits, reverse=True)[:5]
    return sum(top) / len(top)


def cluster_score(features: Mapping[str, float], weights: Mapping[str, float], intercept: float) -> float:
    """Return the score of a cluster, 0 to 1.

    Raises
    ------
    KeyError
        If ``weights`` names a feature that is not there.
    """
    logit = intercept + sum(weight * features[name] for name, weight in weights.items())
    return 1 / (1 + math.exp(-max(-_LIMIT, min(_LIMIT, logit))))
