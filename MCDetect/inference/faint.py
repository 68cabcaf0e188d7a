"""Faint calcifications: too weak to be marked one by one, and evidence where several lie together.

A calcification network leaves many weak peaks on grain and strands. One of them alone means nothing, so single marks
ask for a high threshold. Three within a centimetre are seldom chance: they are looked for at a lower one, and marked
only as members of a cluster that is reported.
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

if TYPE_CHECKING:
    from MCDetect.inference.settings import DetectorSettings

_FAINT_MARGIN = 0.5
"""Logits that a faint calcification goes down from its threshold: further down it would run into the grain."""

Members = tuple[Calcification, ...]
Group = Callable[[Sequence[Calcification]], list[Members]]
Join = Callable[
    [Sequence[Members], Sequence[Calcification], Sequence[Calcification]], tuple[list[Members], list[Members]]
]
""":func:`join_faint` with its keyword arguments given."""


def marks_of(
    logits: npt.NDArray[np.float32],
    spacing_mm: tuple[float, float],
    mask: npt.NDArray[np.bool_],
    settings: DetectorSettings,
) -> tuple[Members, Members]:
    """Return the calcifications that stand by themselves, and the faint ones, from the logits of the stored pixels.

    The two share no pixel; each is numbered from 1.
    """
    find = partial(find_calcifications, logits, spacing_mm, mask=mask, **settings.calibration)
    strong = find(threshold=settings.threshold)
    if settings.faint_threshold >= settings.threshold:
        return strong, ()
    return strong, find(threshold=settings.faint_threshold, below=settings.threshold, margin=_FAINT_MARGIN)


def join_faint(
    groups: Sequence[Members],
    single: Sequence[Calcification],
    faint: Sequence[Calcification],
    *,
    spacing_mm: tuple[float, float],
    distance_mm: float,
    group: Group,
) -> tuple[list[Members], list[Members]]:
    """Give faint marks to the groups that they lie in, and group those that are left with the single marks.

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
        A faint mark belongs to the group of the nearest mark within this distance.
    group
        Groups calcifications.

    Returns
    -------
    list, list
        The given groups with what they got, in the same order; the new groups.
    """
    owner = _nearest_group(groups, faint, np.asarray(spacing_mm), distance_mm)
    extended = [
        (*members, *(mark for mark, number in zip(faint, owner, strict=True) if number == index))
        for index, members in enumerate(groups)
    ]
    left = [mark for mark, number in zip(faint, owner, strict=True) if number < 0]
    return extended, group([*single, *left])


def _nearest_group(
    groups: Sequence[Members],
    faint: Sequence[Calcification],
    spacing: npt.NDArray[np.float64],
    distance_mm: float,
) -> npt.NDArray[np.intp]:
    """Return, for each faint mark, the number of the group of the nearest member in reach, else -1."""
    owners = np.array([index for index, members in enumerate(groups) for _ in members], dtype=np.intp)
    if not len(owners) or not faint:
        return np.full(len(faint), -1, dtype=np.intp)
    tree = cKDTree(_points([member for members in groups for member in members], spacing))
    _, nearest = tree.query(_points(faint, spacing), distance_upper_bound=distance_mm)
    found: npt.NDArray[np.intp] = np.append(owners, -1)[nearest]  # out of reach is numbered after the last
    return found


def _points(marks: Sequence[Calcification], spacing: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    points: npt.NDArray[np.float64] = np.array([(mark.row, mark.column) for mark in marks]) * spacing
    return points
