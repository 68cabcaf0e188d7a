"""Which clusters are reported apart as typically benign: the right ones, and the wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from MCDetect.evaluation.hits import Candidate, centre_inside
from MCDetect.training.detection.looking import FoundCluster, LookedAt
from MCDetect.training.detection.truths import TrueCluster, ViewTruth


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
            best = _best_hit(cluster, kept, truth.spacing_mm)
            counts[0] += 1
            counts[1] += best is not None
            counts[2] += best is not None and best.is_benign
    return {"by morphology": dict(sorted(kinds.items())), "false clusters": wrong}


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


def _best_hit(cluster: TrueCluster, found: Sequence[FoundCluster], spacing_mm: float) -> FoundCluster | None:
    spacing = (spacing_mm, spacing_mm)
    hits = [one for one in found if centre_inside(Candidate(one.outline, one.score), cluster.as_truth(), spacing)]
    return max(hits, key=lambda one: one.score, default=None)
