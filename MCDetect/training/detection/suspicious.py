"""Clusters of suspicious morphology: which are reported as typically benign, and the FROC of those that are not.

A cluster that is reported apart as typically benign is found, and may be passed over for that. So the clusters of the
four suspicious morphologies (ACR BI-RADS Atlas, 5th edition) are counted again, with candidates that are reported as
suspicious alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from MCDetect.evaluation.bootstrap import Indices, bootstrap_interval
from MCDetect.evaluation.hits import Candidate
from MCDetect.training.detection.figures import CRITERIA, above_noise, froc_figures, match_views
from MCDetect.training.detection.looking import LookedAt
from MCDetect.training.detection.sorting import best_hit
from MCDetect.training.detection.tables import interval, table
from MCDetect.training.detection.truths import TrueCluster, ViewTruth

KINDS = ("amorphous", "coarse heterogeneous", "fine pleomorphic", "fine linear branching")
"""Simulated morphologies that the atlas calls suspicious."""

RATES = ("0.5", "1")
"""False positives a view whose sensitivities stand in the document."""

SORTED, ANYHOW = "reported as suspicious", "reported, however sorted"
"""Which candidates count."""

_REPEATS = 200
_SENSITIVITY = "sensitivity at false positives a view"


def suspicious_figures(
    truths: Sequence[ViewTruth], looked: Sequence[LookedAt], points: Mapping[str, float]
) -> dict[str, Any]:
    """Return what becomes of clusters of suspicious kinds.

    Parameters
    ----------
    truths, looked
        Of the same views, in order.
    points
        Operating points of the bundle.

    Returns
    -------
    dict
        ``"called benign"``: at each operating point clusters found, how many of them are reported as typically benign,
        and the share with its interval by examination; ``"froc"``: by criterion, by which candidates count, of all and
        of those above noise, as :func:`MCDetect.training.detection.figures.froc_figures` returns it.
    """
    return {
        "kinds": list(KINDS),
        "clusters": sum(_is_suspicious(cluster) for truth in truths for cluster in truth.clusters),
        "called benign": {
            name: {"threshold": threshold, **_called_benign(truths, looked, threshold)}
            for name, threshold in points.items()
        },
        "froc": {
            criterion: {
                counted: {
                    part: froc_figures(match_views(truths, candidates, rule), selected)
                    for part, selected in (("all", _is_suspicious), ("above noise", _is_loud))
                }
                for counted, candidates in _candidates(looked).items()
            }
            for criterion, rule in CRITERIA.items()
        },
    }


def suspicious_table(figures: Mapping[str, Any]) -> str:
    """Return how many suspicious clusters are called benign at each operating point."""
    rows = [
        [f"{name} ({part['threshold']:.3f})", str(part["found"]), str(part["benign"]), interval(part["share"])]
        for name, part in figures["called benign"].items()
    ]
    return table(["operating point", "found", "of these reported as typically benign", "share"], rows)


def suspicious_froc_table(figures: Mapping[str, Any]) -> str:
    """Return sensitivities for suspicious clusters by criterion and by which candidates count."""
    rows = [
        [f"{counted}; {criterion}", *(_cell(parts[part], rate) for part in ("all", "above noise") for rate in RATES)]
        for criterion, systems in figures["froc"].items()
        for counted, parts in systems.items()
    ]
    return table(["", *(f"{part}, at {rate}" for part in ("all", "above noise") for rate in RATES)], rows)


def _cell(figures: Mapping[str, Any] | None, rate: str) -> str:
    return "–" if figures is None else f"{interval(figures[_SENSITIVITY][rate])}, {figures['clusters']}"


def _is_suspicious(cluster: TrueCluster) -> bool:
    return cluster.kind in KINDS


def _is_loud(cluster: TrueCluster) -> bool:
    return _is_suspicious(cluster) and above_noise(cluster)


def _candidates(looked: Sequence[LookedAt]) -> dict[str, list[tuple[Candidate, ...]]]:
    rules: dict[str, Callable[[bool], bool]] = {SORTED: lambda benign: not benign, ANYHOW: lambda benign: True}
    return {
        name: [tuple(Candidate(c.outline, c.score) for c in view.clusters if rule(c.is_benign)) for view in looked]
        for name, rule in rules.items()
    }


def _called_benign(truths: Sequence[ViewTruth], looked: Sequence[LookedAt], threshold: float) -> dict[str, Any]:
    called: list[list[bool]] = []
    for truth, view in zip(truths, looked, strict=True):
        kept = [one for one in view.clusters if one.score >= threshold]
        best = [best_hit(c, kept, truth.spacing_mm) for c in truth.clusters if _is_suspicious(c)]
        called.append([one.is_benign for one in best if one is not None])

    def statistic(indices: Indices) -> float:
        values = [value for index in indices for value in called[index]]
        return float(np.mean(values)) if values else float("nan")

    everything = [value for view in called for value in view]
    if not everything:
        return {"found": 0, "benign": 0, "share": None}
    found = bootstrap_interval(statistic, [truth.examination for truth in truths], repeats=_REPEATS)
    share = found.rounded()
    return {"found": len(everything), "benign": sum(everything), "share": share}
