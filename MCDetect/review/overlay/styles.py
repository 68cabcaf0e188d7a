"""How findings look. Colours are those of Okabe and Ito, told apart by colour-blind readers and light on grey.

No difference is in the colour alone: accepted and rejected outlines have a sign in their label, rejected ones are
dashed, those that a reader drew have ticks, and the selected one is thick.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from MCDetect.findings import Cluster, Decision
from MCDetect.score_text import cluster_score_text

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Style:
    """Colour (0 to 1), width in pixels of the screen, and opacity of lines."""

    colour: Colour
    width: float
    opacity: float = 1.0


class Lines(Enum):
    """The sets of lines of a view; each is one MRML node."""

    UNDECIDED = "undecided clusters"
    BENIGN = "typically benign clusters"
    ACCEPTED = "accepted clusters"
    REJECTED = "rejected clusters"
    SELECTED = "selected cluster"
    MARKS = "calcifications"
    READER_MARKS = "calcifications of the reader"


STYLES = {
    Lines.UNDECIDED: Style((0.902, 0.624, 0.0), 2),  # orange
    Lines.BENIGN: Style((0.8, 0.8, 0.8), 1.5),  # light grey, thinner
    Lines.ACCEPTED: Style((0.0, 0.82, 0.6), 2),  # bluish green, lighter than in print
    Lines.REJECTED: Style((0.80, 0.475, 0.655), 2, 0.8),  # reddish purple
    Lines.SELECTED: Style((0.941, 0.894, 0.259), 4),  # yellow
    Lines.MARKS: Style((0.337, 0.706, 0.914), 1),  # sky blue
    Lines.READER_MARKS: Style((0.941, 0.894, 0.259), 1),
}

DARK_BENIGN: Colour = (0.3, 0.3, 0.3)
"""Instead of light grey on a picture that shows air white."""

_OF_DECISION = {
    Decision.UNDECIDED: Lines.UNDECIDED,
    Decision.ACCEPTED: Lines.ACCEPTED,
    Decision.REJECTED: Lines.REJECTED,
}
_SIGNS = {Decision.UNDECIDED: "", Decision.ACCEPTED: " +", Decision.REJECTED: " x"}


def lines_of(cluster: Cluster) -> Lines:
    """Return the set of lines that a cluster is drawn in while it is not selected."""
    if cluster.decision is Decision.UNDECIDED and cluster.is_typically_benign:
        return Lines.BENIGN
    return _OF_DECISION[cluster.decision]


def label_of(cluster: Cluster) -> str:
    """Return number, score (or "drawn"), "benign" if it is, and decision: ``"3: 0.87 +"`` or ``"16: drawn"``.

    The table has the type in full: beside a finding it would cover the breast.
    """
    benign = " benign" if cluster.is_typically_benign else ""
    return f"{cluster.id}: {cluster_score_text(cluster, 'drawn')}{benign}{_SIGNS[cluster.decision]}"
