"""Faint calcifications: too weak to be marked one by one, and evidence where several lie together.

A calcification network leaves many weak peaks on grain and strands. One of them alone means nothing, so that a mark by
itself asks for a high threshold, and a member of a group for a lower one. Three within a centimetre are seldom chance:
away from these groups others are looked for among still weaker marks, which are reported only with such a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from MCDetect.findings import Calcification
from MCDetect.inference.calcifications import find_calcifications
from MCDetect.inference.clusters import Group, Members

if TYPE_CHECKING:
    from MCDetect.inference.settings import DetectorSettings

_FAINT_MARGIN = 0.5
"""Logits that a faint calcification goes down from its threshold: further down it would run into the grain."""

_MOST_FAINT = 500
"""The strongest are taken. Mammograms have about 50; a picture full of noise should not take minutes."""

GroupFaint = Callable[[Sequence[Members], Sequence[Calcification], Sequence[Calcification]], list[Members]]
""":func:`groups_of_faint` with its keyword arguments given."""


def marks_of(
    logits: npt.NDArray[np.float32],
    spacing_mm: tuple[float, float],
    mask: npt.NDArray[np.bool_],
    settings: DetectorSettings,
) -> tuple[Members, Members]:
    """Return the calcifications from the threshold of members on, and the faint ones, from the logits of stored pixels.

    The two share no pixel; each is numbered from 1.
    """
    find = partial(find_calcifications, logits, spacing_mm, mask=mask, **settings.calibration)
    strong = find(threshold=settings.threshold)
    if settings.faint_threshold >= settings.threshold:
        return strong, ()
    faint = find(threshold=settings.faint_threshold, below=settings.threshold, margin=_FAINT_MARGIN)
    return strong, faint[:_MOST_FAINT]


def groups_of_faint(
    groups: Sequence[Members],
    single: Sequence[Calcification],
    faint: Sequence[Calcification],
    *,
    spacing_mm: tuple[float, float],
    distance_mm: float,
    group: Group,
    least_clear: int = 0,
    clear_score: float = 0.0,
) -> list[Members]:
    """Return the groups that appear only with faint marks: of those, and of single marks.

    Faint marks in reach of a group that is there without them are left out: half of them are grain (measured on
    simulated views), and they would add nothing to what is known.

    Parameters
    ----------
    groups
        Of marks above the threshold.
    single
        Marks above the threshold that are in no group.
    faint
        Marks below the threshold.
    spacing_mm
        (between rows, between columns).
    distance_mm
        How far a group reaches from each member.
    group
        Groups calcifications.
    least_clear, clear_score
        Number of marks that such a group needs, of at least this score: faint ones complete a cluster, and one bright
        spot makes none of the grain beside it.
    """
    members = [member for one in groups for member in one]
    left = list(faint)
    if members and faint:
        spacing = np.asarray(spacing_mm)
        distances, _ = cKDTree(_points(members, spacing)).query(_points(faint, spacing))
        left = [mark for mark, distance in zip(faint, distances, strict=True) if distance > distance_mm]
    return [one for one in group([*single, *left]) if sum(mark.score >= clear_score for mark in one) >= least_clear]


def _points(marks: Sequence[Calcification], spacing: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    points: npt.NDArray[np.float64] = np.array([(mark.row, mark.column) for mark in marks]) * spacing
    return points
