"""Which clusters are reported apart as typically benign, the right ones and the wrong ones; and which are missed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from MCDetect.evaluation.hits import Candidate, centre_inside
from MCDetect.training.detection.figures import ABOVE_NOISE
from MCDetect.training.detection.looking import FoundCluster, LookedAt
from MCDetect.training.detection.truths import TrueCalcification, TrueCluster, ViewTruth

_NEAR_MM = 0.5


def sorting_figures(truths: Sequence[ViewTruth], looked: Sequence[LookedAt], threshold: float) -> dict[str, Any]:
    """Return, by morphology, how many clusters there are, are found, and are reported as typically benign.

    Parameters
    ----------
    truths, looked
        Of the same views, in order.
    threshold
        Least score of a cluster that counts.

    Returns
    -------
    dict
        ``"by morphology"``: (clusters, found, found as typically benign) by name; ``"false clusters"``: (all, typically
        benign) in views without clusters.
    """
    kinds: dict[str, list[int]] = {}
    wrong = [0, 0]
    for truth, view in zip(truths, looked, strict=True):
        kept = [one for one in view.clusters if one.score >= threshold]
        if truth.is_normal:
            wrong[0] += len(kept)
            wrong[1] += sum(one.is_benign for one in kept)
        for cluster in truth.clusters:
            counts = kinds.setdefault(cluster.kind, [0, 0, 0])
            best = best_hit(cluster, kept, truth.spacing_mm)
            counts[0] += 1
            counts[1] += best is not None
            counts[2] += best is not None and best.is_benign
    return {"by morphology": dict(sorted(kinds.items())), "false clusters": wrong}


def missed_clusters(
    truths: Sequence[ViewTruth],
    looked: Sequence[LookedAt],
    threshold: float,
    least_single: float = -math.inf,
    least_member: float = -math.inf,
) -> list[dict[str, Any]]:
    """Return the clusters above noise that no cluster of at least this score hits, and how much of them is marked.

    A calcification is marked when a mark that is reported by itself (from ``least_single`` up) lies within 0.5 mm of
    its centre, or within its radius; it could be a member of a cluster when one from ``least_member`` up does.
    """
    missed = []
    for truth, view in zip(truths, looked, strict=True):
        kept = [one for one in view.clusters if one.score >= threshold]
        for cluster in truth.clusters:
            if cluster.signal_to_noise < ABOVE_NOISE or best_hit(cluster, kept, truth.spacing_mm) is not None:
                continue
            members = [truth.calcifications[index] for index in cluster.members]
            highest = (_highest_logit(one, view, truth.spacing_mm) for one in members)
            logits = [logit for logit in highest if logit is not None]
            missed.append(
                {
                    "view": truth.seed,
                    **_middle(cluster.outline),
                    "morphology": cluster.kind,
                    "signal-to-noise ratio": round(cluster.signal_to_noise, 1),
                    "calcifications": len(members),
                    "marked": sum(logit >= least_single for logit in logits),
                    "could be members": sum(logit >= least_member for logit in logits),
                }
            )
    return missed


def _highest_logit(one: TrueCalcification, view: LookedAt, spacing_mm: float) -> float | None:
    near_mm = max(_NEAR_MM, one.diameter_mm / 2)
    return max(
        (
            mark.logit
            for mark in view.marks[0]
            if math.hypot(mark.row - one.row, mark.column - one.column) * spacing_mm <= near_mm
        ),
        default=None,
    )


def highest_false_clusters(
    truths: Sequence[ViewTruth], looked: Sequence[LookedAt], most: int = 4
) -> list[dict[str, Any]]:
    """Return the clusters with the highest scores in views without clusters, those that are called benign apart."""
    wrong = [
        {"view": truth.seed, **_middle(one.outline), "score": round(one.score, 2)}
        for truth, view in zip(truths, looked, strict=True)
        if truth.is_normal
        for one in view.clusters
        if not one.is_benign
    ]
    return sorted(wrong, key=lambda one: (-one["score"], one["view"]))[:most]


def _middle(outline: Sequence[tuple[float, float]]) -> dict[str, int]:
    row, column = (round(sum(values) / len(outline)) for values in zip(*outline, strict=True))
    return {"row": row, "column": column}


def missed_table(missed: Sequence[dict[str, Any]]) -> str:
    """Return the missed clusters as a table in Markdown."""
    if not missed:
        return "None was missed."
    names = [name for name in missed[0] if name not in ("row", "column")]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(str(one[name]) for name in names)} |" for one in missed)])


def sorting_table(figures: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| morphology | clusters | found | of these reported as typically benign |", "|---|---|---|---|"]
    lines += [
        f"| {kind} | {clusters} | {found} | {benign} |"
        for kind, (clusters, found, benign) in figures["by morphology"].items()
    ]
    everything, benign = figures["false clusters"]
    lines.append(f"| false, in views without clusters | | {everything} | {benign} |")
    return "\n".join(lines)


def best_hit(cluster: TrueCluster, found: Sequence[FoundCluster], spacing_mm: float) -> FoundCluster | None:
    """Return that of the found clusters which lies on a true one, by their centres, and has the highest score."""
    spacing = (spacing_mm, spacing_mm)
    hits = [one for one in found if centre_inside(Candidate(one.outline, one.score), cluster.as_truth(), spacing)]
    return max(hits, key=lambda one: one.score, default=None)
