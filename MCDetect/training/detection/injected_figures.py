"""Figures of the injected set: what is found of clusters in real mammograms, at thresholds of the simulated set.

False positives cannot be counted on mammograms that nobody annotated, so there is no FROC curve of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from MCDetect.training.detection.figures import ABOVE_NOISE, CRITERIA, RATIO_EDGES, MatchedView, Selection, shares
from MCDetect.training.detection.tables import counted, table
from MCDetect.training.detection.truths import TrueCluster

PARTS: Mapping[str, float] = {"all": 0.0, "above noise": ABOVE_NOISE}
"""Least signal-to-noise ratio of the clusters that count, by name."""

GROUP_THRESHOLDS = ("0.5 false positives a simulated view", "1 false positives a simulated view")
"""Thresholds at which groups are looked at."""

_ALONE = ("estimate", "clusters")  # of one mammogram: no interval by mammogram


def injected_figures(views: Sequence[MatchedView], thresholds: Mapping[str, float]) -> dict[str, Any]:
    """Return the sensitivity for injected clusters at given thresholds."""
    return {name: shares(views, thresholds, partial(_is_of, low=low)) for name, low in PARTS.items()}


def injected_groups(
    matched: Mapping[str, Sequence[MatchedView]], thresholds: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Return the sensitivity by morphology, by signal-to-noise ratio and by mammogram.

    Parameters
    ----------
    matched
        The views by name of the criterion of a hit.
    thresholds
        By name; those of :data:`GROUP_THRESHOLDS` are looked at.

    Returns
    -------
    dict
        By name of the group, of its value, of the criterion, of the part (:data:`PARTS`) and of the threshold.
    """
    some = {name: thresholds[name] for name in GROUP_THRESHOLDS if name in thresholds}
    views = next(iter(matched.values()))
    kinds = sorted({cluster.kind for view in views for cluster in view.truth.clusters})
    selections: dict[str, Selection] = {}
    for low, high in pairwise(RATIO_EDGES):
        name = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and more"
        selections[name] = partial(_is_of, low=low, high=high)
    return {
        "morphology": {
            kind: {
                criterion: {part: shares(of, some, partial(_is_of, kind=kind, low=low)) for part, low in PARTS.items()}
                for criterion, of in matched.items()
            }
            for kind in kinds
        },
        "median signal-to-noise ratio": {
            name: {criterion: {"all": shares(of, some, selected)} for criterion, of in matched.items()}
            for name, selected in selections.items()
        },
        "mammogram": {
            name: {criterion: _of_mammogram(of, name, some) for criterion, of in matched.items()}
            for name in sorted({view.truth.examination for view in views})
        },
    }


def injected_groups_table(groups: Mapping[str, Any], name: str) -> str:
    """Return one kind of groups of :func:`injected_groups` as a table."""
    columns = [
        (criterion, part, threshold)
        for criterion, parts in next(iter(groups.values())).items()
        for part, figures in parts.items()
        for threshold in figures
    ]
    words = {criterion: criterion.split(maxsplit=1)[0] for criterion in CRITERIA}
    header = [f"{words[criterion]}: {part}, at {threshold.split()[0]}" for criterion, part, threshold in columns]
    rows = [
        [group, *(counted(values[criterion][part][threshold]) for criterion, part, threshold in columns)]
        for group, values in groups.items()
    ]
    return table([name, *header], rows)


def _is_of(cluster: TrueCluster, kind: str | None = None, low: float = 0.0, high: float = np.inf) -> bool:
    return (kind is None or cluster.kind == kind) and low <= cluster.signal_to_noise < high


def _of_mammogram(views: Sequence[MatchedView], name: str, thresholds: Mapping[str, float]) -> dict[str, Any]:
    figures = injected_figures([view for view in views if view.truth.examination == name], thresholds)
    return {
        part: {threshold: figure and {key: figure[key] for key in _ALONE} for threshold, figure in by_threshold.items()}
        for part, by_threshold in figures.items()
    }
