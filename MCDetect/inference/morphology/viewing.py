"""All marks of a view: large ones taken whole, every one typed, groups sorted, each described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Distribution
from MCDetect.descriptors import Descriptors, Spread
from MCDetect.findings import Calcification, Cluster
from MCDetect.inference.clusters import Members, ungrouped
from MCDetect.inference.grouping import Grouping
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

    def reported(
        self, clusters: Iterable[Cluster], left_out: frozenset[int] = frozenset()
    ) -> tuple[Calcification, ...]:
        """Return the marks to report with these clusters; ``left_out`` are those that the clusters do without."""
        members = {number for cluster in clusters for number in cluster.member_ids}
        hidden = (self.members_only | left_out) - members
        return tuple(mark for mark in self.marks if mark.id not in hidden)


def type_view(
    picture: FloatImage,
    mask: BoolImage,
    spacing_mm: tuple[float, float],
    marks: Sequence[Calcification],
    faint: Sequence[Calcification] = (),
    *,
    model: MorphologyModel,
    grouping: Grouping,
) -> TypedView:
    """Type the marks of a view and sort their groups.

    Parameters
    ----------
    picture
        float32 (rows, columns), bright is attenuating.
    mask
        The breast.
    spacing_mm
        (between rows, between columns).
    marks, faint
        Calcifications as the network marks them, and those below the threshold.
    model
        Of the bundle.
    grouping
        How they make groups.
    """
    whole, features = whole_marks(picture, mask, spacing_mm, marks)
    typing = Typing.of(whole, features, model, spacing_mm)
    near = grouping.together(whole)
    far = grouping.strewn_beside(near, whole)
    groups = [
        *sort_groups(near, typing, grouping.together),
        *sort_groups(far, typing, grouping.strewn, members_first=True),
    ]
    weak: tuple[Calcification, ...] = ()
    if faint and grouping.faint is not None:
        every = _numbered(faint, whole)
        found = [one.members for one in groups]
        single = [mark for mark in ungrouped(whole, found) if typing.benign[mark.id] is None]
        more = grouping.faint(found, single, every)
        # The others are never reported, and what they are costs most of the time.
        weak = _members_of(more, every)
        bodies = {m.id: find_body(picture, m, spacing_mm) for m in weak}
        context = ViewContext(picture, mask, spacing_mm, [*whole, *every])
        typing = typing.with_faint(weak, feature_matrix(weak, bodies, context))
        # Nor does the shape of a faint mark say enough to call a group of them benign.
        groups = [*groups, *(replace(typing.judged(members), benign_type=None) for members in more)]
    types = {number: kind for number, kind in typing.benign.items() if kind is not None}
    for one in groups:
        for member in one.members:
            if one.benign_type is None:
                types.pop(member.id, None)  # it is one of a suspicious group
            elif member.id not in types:
                types[member.id] = typing.of_member(member.id)
    typed = {mark.id: replace(mark, benign_type=types.get(mark.id)) for mark in (*whole, *weak)}
    return TypedView(
        tuple(typed.values()),
        tuple(replace(one, members=tuple(typed[m.id] for m in one.members)) for one in groups),
        {n: float(np.exp(row[_LOG_CONTRAST])) for n, row in typing.features.items()},
        frozenset(m.id for m in weak),
    )


def _members_of(groups: Sequence[Members], marks: Sequence[Calcification]) -> Members:
    members = {member.id for one in groups for member in one}
    return tuple(mark for mark in marks if mark.id in members)


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


def untyped(marks: Sequence[Calcification], faint: Sequence[Calcification] = (), *, grouping: Grouping) -> TypedView:
    """Return the marks and groups of a bundle without a model of morphologies: nothing is typed."""
    weak: tuple[Calcification, ...] = ()
    near = grouping.together(marks)
    groups = [*near, *grouping.strewn_beside(near, marks)]
    if faint and grouping.faint is not None:
        every = _numbered(faint, marks)
        more = grouping.faint(groups, ungrouped(marks, groups), every)
        weak = _members_of(more, every)
        groups = [*groups, *more]
    sorted_groups = tuple(SortedGroup(members, (), None) for members in groups)
    return TypedView((*marks, *weak), sorted_groups, {}, frozenset(m.id for m in weak))


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
