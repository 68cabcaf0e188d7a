"""Vascular calcifications of the frozen set, which lie along a vessel and count among no other figures.

They are 4 to 22 mm long: there is no one place where a mark ought to be, so they cannot be matched as others are. Here
each is a disc with its length as diameter, which leaves room for marks that are there by chance; how often that would
be is told beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from MCDetect.evaluation.bootstrap import Indices, bootstrap_interval
from MCDetect.training.detection.looking import LookedAt, Mark
from MCDetect.training.detection.mark_figures import LEAST_RATIO
from MCDetect.training.detection.marks import near_any
from MCDetect.training.detection.tables import interval, table
from MCDetect.training.detection.truths import TrueCalcification, ViewTruth

KIND = "vascular"
_REPEATS = 200


def vascular_figures(
    truths: Sequence[ViewTruth], looked: Sequence[LookedAt], least_logit: float, least_score: float
) -> dict[str, Any]:
    """Return how many vascular calcifications are marked, and how many lie in a cluster that is reported.

    Parameters
    ----------
    truths, looked
        Of the same views, in order.
    least_logit
        From which a mark is reported by itself; lower ones are of members of clusters.
    least_score
        From which a cluster is reported.

    Returns
    -------
    dict
        Their number (signal-to-noise ratio 3 and more); by name the share with its interval by examination, None
        without any; ``"marked by chance"``: the share that a mark would lie on if false marks lay anywhere.
    """
    clean = [
        replace(t, calcifications=tuple(c for c in t.calcifications if c.kind != KIND), clusters=()) for t in truths
    ]
    density = _false_marks_per_cm2(truths, looked, least_logit)
    known = [one for truth in truths for one in _of(truth)]

    def marked(least: float) -> Callable[[int, TrueCalcification], bool]:
        return lambda view, one: any(
            mark.logit >= least and _within(mark, one, truths[view].spacing_mm) and not near_any(mark, clean[view])
            for mark in looked[view].marks[0]
        )

    def in_cluster(view: int, one: TrueCalcification, benign: bool | None = None) -> bool:
        return any(
            cluster.score >= least_score
            and benign in (None, cluster.is_benign)
            and _within(_middle(cluster.outline), one, truths[view].spacing_mm)
            for cluster in looked[view].clusters
        )

    rules: Mapping[str, Callable[[int, TrueCalcification], bool]] = {
        "marked, at the calcification threshold": marked(-math.inf),
        "marked, at the threshold of marks that stand alone": marked(least_logit),
        "in a cluster that is reported": in_cluster,
        "in a cluster that is reported as typically benign": lambda view, one: in_cluster(view, one, True),
        "in a cluster that is reported as suspicious": lambda view, one: in_cluster(view, one, False),
    }
    areas_cm2 = [math.pi / 4 * (one.diameter_mm / 10) ** 2 for one in known]
    return {
        "vascular calcifications": len(known),
        "signal-to-noise ratio from": LEAST_RATIO,
        "marked by chance": round(float(np.mean([1 - math.exp(-density * a) for a in areas_cm2])), 4)
        if known
        else None,
        **{name: _share(truths, rule) for name, rule in rules.items()},
    }


def vascular_table(figures: Mapping[str, Any]) -> str:
    """Return the shares as a table."""
    shares = {name: part for name, part in figures.items() if isinstance(part, dict)}
    return table(["", "share"], [[name, interval(part)] for name, part in shares.items()])


def _of(truth: ViewTruth) -> list[TrueCalcification]:
    return [one for one in truth.calcifications if one.kind == KIND and one.signal_to_noise >= LEAST_RATIO]


def _false_marks_per_cm2(truths: Sequence[ViewTruth], looked: Sequence[LookedAt], least_logit: float) -> float:
    views = [(t, v) for t, v in zip(truths, looked, strict=True) if t.is_normal]
    wrong = sum(m.logit >= least_logit and not near_any(m, t) for t, view in views for m in view.marks[0])
    area = sum(view.area_cm2 for _, view in views)
    return wrong / area if area else 0.0


def _within(mark: Mark, one: TrueCalcification, spacing_mm: float) -> bool:
    return math.hypot(mark.row - one.row, mark.column - one.column) * spacing_mm <= one.diameter_mm / 2


def _middle(outline: Sequence[tuple[float, float]]) -> Mark:
    rows, columns = zip(*outline, strict=True)
    return Mark((min(rows) + max(rows)) / 2, (min(columns) + max(columns)) / 2, 0.0, 0.0)


def _share(truths: Sequence[ViewTruth], rule: Callable[[int, TrueCalcification], bool]) -> dict[str, float] | None:
    found = [[rule(view, one) for one in _of(truth)] for view, truth in enumerate(truths)]
    if not any(found):
        return None

    def statistic(indices: Indices) -> float:
        values = [value for index in indices for value in found[index]]
        return float(np.mean(values)) if values else float("nan")

    share = bootstrap_interval(statistic, [truth.examination for truth in truths], repeats=_REPEATS)
    return share.rounded()
