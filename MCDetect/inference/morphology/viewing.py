"""All marks of a view: large ones taken whole, every one typed, groups sorted, each described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Distribution
from MCDetect.descriptors import Descriptors, Spread
from MCDetect.findings import Calcification, Cluster
from MCDetect.inference.clusters import Group, Members
from MCDetect.inference.faint import GroupFaint
from MCDetect.inference.morphology.arrangement import nearest_distances
from MCDetect.inference.morphology.bodies import find_body
from MCDetect.inference.morphology.features import FEATURES, ViewContext, feature_matrix
from MCDetect.inference.morphology.model import MorphologyModel
from MCDetect.inference.morphology.sorting import SortedGroup, Typing, sort_groups
from MCDetect.inference.morphology.suspicion import suspicion
from MCDetect.inference.morphology.whole import marked_whole

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]

_LOG_CONTRAST = FEATURES.index("log_contrast")


@dataclass(frozen=True)
class TypedView:
    """The marks of a view with their types, and its groups.

    Attributes
    ----------
    marks
        All calcifications, those on one large body as one; with their benign types. Of those below the threshold of
        members (:mod:`MCDetect.inference.faint`) the ones in groups.
    groups
        Suspicious and typically benign groups of them.
    contrasts
        Height over the surroundings, over the range of grey values of the breast, by id.
    members_only
        Ids of the marks that are not reported by themselves: too faint for that.
    """

    marks: tuple[Calcification, ...]
    groups: tuple[SortedGroup, ...]
    contrasts: Mapping[int, float]
    members_only: frozenset[int] = frozenset()

    def with_least_single_score(self, least: float) -> TypedView:
        """Return the view with the marks below a score reported only as members of a cluster, too."""
        weak = {mark.id for mark in self.marks if mark.score < least}
        return replace(self, members_only=self.members_only | weak)

    def reported(self, clusters: Iterable[Cluster]) -> tuple[Calcification, ...]:
        """Return the marks to report with these clusters."""
        members = {number for cluster in clusters for number in cluster.member_ids}
        return tuple(mark for mark in self.marks if mark.id not in self.members_only or mark.id in members)


@dataclass(frozen=True)
class GroupedView:
    """The marks of a view in groups; what the faint ones among them are is found by :meth:`typed`.

    Attributes
    ----------
    picture, mask, spacing_mm
        As for :func:`group_view`.
    marks
        Those above the threshold of members, with large bodies whole.
    typing
        What they are; None without a model.
    groups
        Of them.
    faint
        All faint marks, with numbers after those of ``marks``.
    more
        Members of the groups that appear only with faint marks.
    """

    picture: FloatImage
    mask: BoolImage
    spacing_mm: tuple[float, float]
    marks: Members
    typing: Typing | None
    groups: tuple[SortedGroup, ...]
    faint: Members
    more: tuple[Members, ...]

    @property
    def members(self) -> Members:
        """All members of all groups."""
        return tuple(member for members in (*(one.members for one in self.groups), *self.more) for member in members)

    def typed(self) -> TypedView:
        """Return the view with the types of all marks in groups and of all above the threshold."""
        # The faint marks in no group are never reported, and what they are costs most of the time.
        in_groups = {member.id for members in self.more for member in members}
        weak = tuple(mark for mark in self.faint if mark.id in in_groups)
        members_only = frozenset(m.id for m in weak)
        if self.typing is None:
            groups = (*self.groups, *(SortedGroup(members, (), None) for members in self.more))
            return TypedView((*self.marks, *weak), groups, {}, members_only)
        bodies = {m.id: find_body(self.picture, m, self.spacing_mm) for m in weak}
        context = ViewContext(self.picture, self.mask, self.spacing_mm, [*self.marks, *self.faint])
        typing = self.typing.with_faint(weak, feature_matrix(weak, bodies, context))
        groups = (*self.groups, *(typing.judged(members) for members in self.more))
        types = {number: kind for number, kind in typing.benign.items() if kind is not None}
        for one in groups:
            for member in one.members:
                if one.benign_type is None:
                    types.pop(member.id, None)  # it is one of a suspicious group
                elif member.id not in types:
                    types[member.id] = typing.of_member(member.id)
        typed = {mark.id: replace(mark, benign_type=types.get(mark.id)) for mark in (*self.marks, *weak)}
        return TypedView(
            tuple(typed.values()),
            tuple(replace(one, members=tuple(typed[m.id] for m in one.members)) for one in groups),
            {n: float(np.exp(row[_LOG_CONTRAST])) for n, row in typing.features.items()},
            members_only,
        )


def group_view(
    picture: FloatImage,
    mask: BoolImage,
    spacing_mm: tuple[float, float],
    marks: Sequence[Calcification],
    *,
    model: MorphologyModel | None,
    group: Group,
    faint: Sequence[Calcification] = (),
    group_faint: GroupFaint | None = None,
) -> GroupedView:
    """Take large bodies whole, type the marks of a view, and group them.

    Parameters
    ----------
    picture
        float32 (rows, columns), bright is attenuating.
    mask
        The breast.
    spacing_mm
        (between rows, between columns).
    marks
        Calcifications as the network marks them.
    model
        Of the bundle; with None nothing is taken whole or typed.
    group
        How calcifications are grouped.
    faint, group_faint
        Marks below the threshold, and how they make groups (:func:`MCDetect.inference.faint.groups_of_faint`).
    """
    typing: Typing | None = None
    if model is None:
        whole = tuple(marks)
        groups = [SortedGroup(members, (), None) for members in group(whole)]
    else:
        whole, features = whole_marks(picture, mask, spacing_mm, marks)
        typing = Typing.of(whole, features, model, spacing_mm)
        groups = sort_groups(group(whole), typing, group)
    every: Members = ()
    more: Sequence[Members] = ()
    if faint and group_faint is not None:
        every = _numbered(faint, whole)
        grouped = {m.id for one in groups for m in one.members}
        single = [m for m in whole if m.id not in grouped and (typing is None or typing.benign[m.id] is None)]
        more = group_faint([one.members for one in groups], single, every)
    return GroupedView(picture, mask, spacing_mm, whole, typing, tuple(groups), every, tuple(more))


def _numbered(faint: Sequence[Calcification], after: Sequence[Calcification]) -> tuple[Calcification, ...]:
    return tuple(replace(mark, id=number) for number, mark in enumerate(faint, start=len(after) + 1))


def whole_marks(
    picture: FloatImage, mask: BoolImage, spacing_mm: tuple[float, float], marks: Sequence[Calcification]
) -> tuple[tuple[Calcification, ...], npt.NDArray[np.float64]]:
    """Return the marks with large bodies whole, and their (marks, features)."""
    found = {m.id: find_body(picture, m, spacing_mm) for m in marks}
    whole = marked_whole(marks, found, spacing_mm)
    # Most marks stay as they are, and so do their bodies.
    known = {m.runs: found[m.id] for m in marks}
    bodies = {m.id: known.get(m.runs) or find_body(picture, m, spacing_mm) for m in whole}
    return whole, feature_matrix(whole, bodies, ViewContext(picture, mask, spacing_mm, whole))


def describe(
    one: SortedGroup, contrasts: Mapping[int, float], spacing_mm: tuple[float, float], distribution: Distribution
) -> Descriptors | None:
    """Return the descriptors of a group; None where there is no model of morphologies."""
    if not one.morphologies:
        return None
    points = np.array([(m.row, m.column) for m in one.members]) * np.asarray(spacing_mm)
    return Descriptors(
        nearest_neighbour_mm=_spread(nearest_distances(points)),
        size_mm=_spread([m.diameter_mm for m in one.members]),
        contrast=_spread([contrasts[m.id] for m in one.members]),
        morphologies=one.morphologies,
        suspicion=suspicion(one.morphologies, distribution),
    )


def _spread(values: Sequence[float] | npt.NDArray[np.float64]) -> Spread:
    return Spread(float(np.mean(values)), float(np.std(values)))
