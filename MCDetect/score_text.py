"""Scores as people read them, the same everywhere: window, tables, pictures, pages and presentation states.

A score says how sure the algorithm is that a cluster of calcifications is there. It is no probability of cancer, so it
is never shown in per cent; and no algorithm is certain, so it is never rounded to 0 or 1. What machines read (findings,
segmentations, structured reports) holds the number itself.
"""

from __future__ import annotations

from MCDetect.findings import Cluster, Origin

MEANING = "A score says how sure the algorithm is that calcifications are there. It is not the probability of cancer."

READERS = "reader's"
"""Instead of a score, for a cluster that a reader drew."""

_MOST_DIGITS = 17


def score_text(score: float) -> str:
    """Return a score with two digits, and ``">0.99"`` or ``"<0.01"`` for what would be rounded to 1 or 0.

    Parameters
    ----------
    score
        From 0 to 1.
    """
    if score >= 0.995:
        return ">0.99"
    return f"{score:.2f}" if score >= 0.005 else "<0.01"


def cluster_score_text(cluster: Cluster, by_reader: str = READERS) -> str:
    """Return the score of a cluster, or ``by_reader`` for one that a reader drew and that no algorithm has scored."""
    is_drawn = cluster.origin is Origin.READER and cluster.score >= 1
    return by_reader if is_drawn else score_text(cluster.score)


def threshold_text(threshold: float) -> str:
    """Return a least score with three digits, and with more where fewer would make it 0 or 1."""
    for digits in range(3, _MOST_DIGITS):
        text = f"{threshold:.{digits}g}"
        if float(text) not in (0.0, 1.0) or float(text) == threshold:
            return text
    return repr(threshold)
