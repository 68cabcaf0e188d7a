"""Groups of calcifications sorted into suspicious and typically benign ones.

A group is typically benign when the cluster model says so. Of any other group those members are taken out that are of a
typically benign type by themselves (a rod, a popcorn) as long as a group is left; if none is left, the whole group is
benign if most of its members are. What was taken out is a benign group of its own where enough of it lies together.
Both models say "benign" only above thresholds at which few suspicious ones would be lost on simulated views
(:mod:`MCDetect.training.morphology.train`): to call a suspicious cluster benign is the worse mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Morphology
from MCDetect.descriptors import MorphologyProbability
from MCDetect.findings import Calcification
from MCDetect.inference.clusters import Group, Members
from MCDetect.inference.morphology.arrangement import arrangement_of
from MCDetect.inference.morphology.model import BENIGN_TYPES, MorphologyModel

FloatMatrix = npt.NDArray[np.float64]

_LEAST_MM = 0.5
"""Typically benign ones are coarse; the shape of a smaller one is that of a few pixels. Plaques are small as well."""


@dataclass(frozen=True)
class SortedGroup:
    """A group with its morphologies (the most probable first) and its typically benign type, if it is of one."""

    members: Members
    morphologies: tuple[MorphologyProbability, ...]
    benign_type: Morphology | None


@dataclass(frozen=True)
class Typing:
    """What the first model says of every mark of a view: features, probabilities and benign type, by id."""

    features: Mapping[int, FloatMatrix]
    probabilities: Mapping[int, FloatMatrix]
    benign: Mapping[int, Morphology | None]
    model: MorphologyModel
    spacing_mm: tuple[float, float]

    @classmethod
    def of(
        cls,
        marks: Sequence[Calcification],
        features: FloatMatrix,
        model: MorphologyModel,
        spacing_mm: tuple[float, float],
    ) -> Typing:
        """Type all marks of a view from their (marks, features)."""
        probabilities = model.calcification.probabilities(features)
        ids = [mark.id for mark in marks]
        return cls(
            dict(zip(ids, features, strict=True)),
            dict(zip(ids, probabilities, strict=True)),
            {m.id: _benign_type(m, row, model) for m, row in zip(marks, probabilities, strict=True)},
            model,
            spacing_mm,
        )

    def with_faint(self, marks: Sequence[Calcification], features: FloatMatrix) -> Typing:
        """Return the same with faint marks, whose shapes say too little for a benign type of their own."""
        if not marks:
            return self
        probabilities = self.model.calcification.probabilities(features)
        ids = [mark.id for mark in marks]
        return Typing(
            {**self.features, **dict(zip(ids, features, strict=True))},
            {**self.probabilities, **dict(zip(ids, probabilities, strict=True))},
            {**self.benign, **dict.fromkeys(ids)},
            self.model,
            self.spacing_mm,
        )

    def arrangement(self, members: Members) -> FloatMatrix:
        """Return the features of a group."""
        features = np.array([self.features[m.id] for m in members])
        probabilities = np.array([self.probabilities[m.id] for m in members])
        points = np.array([(m.row, m.column) for m in members]) * np.asarray(self.spacing_mm)
        return arrangement_of(points, features, probabilities)

    def judged(self, members: Members, benign_type: Morphology | None = None) -> SortedGroup:
        """Return a group with its morphologies; ``benign_type`` is what is known of it already."""
        cluster = self.model.cluster
        row = cluster.probabilities(self.arrangement(members)[None])[0]
        ranked = sorted(zip(cluster.terms, row.tolist(), strict=True), key=lambda one: -one[1])
        morphologies = tuple(MorphologyProbability(term, probability) for term, probability in ranked)
        return SortedGroup(members, morphologies, benign_type or cluster.benign_type(row))

    def of_member(self, number: int) -> Morphology:
        """Return the most probable benign type of a mark of a benign group."""
        terms, row = self.model.calcification.terms, self.probabilities[number]
        return max(BENIGN_TYPES, key=lambda term: row[terms.index(term)])


def sort_groups(
    groups: Sequence[Members], typing: Typing, group: Group, *, members_first: bool = False
) -> list[SortedGroup]:
    """Return the groups, sorted into suspicious and benign ones.

    Parameters
    ----------
    groups
        Members of each group of a view.
    typing
        What is known of each mark.
    group
        How calcifications are grouped.
    members_first
        Whether suspicious members that make a group by themselves are one even where the model calls the whole group
        benign: it was fitted on groups that lie together.
    """
    result: list[SortedGroup] = []
    for members in groups:
        whole = typing.judged(members)
        benign = tuple(m for m in members if typing.benign[m.id] is not None)
        if not benign or (whole.benign_type is not None and not members_first):
            result.append(whole)
            continue
        rest = group([m for m in members if typing.benign[m.id] is None])
        if not rest:
            is_benign = 2 * len(benign) > len(members)
            result.append(replace(whole, benign_type=_most_common(benign, typing) if is_benign else None))
            continue
        result += [typing.judged(part) for part in rest]
        result += [typing.judged(part, _most_common(part, typing)) for part in group(benign)]
    return result


def _benign_type(mark: Calcification, row: FloatMatrix, model: MorphologyModel) -> Morphology | None:
    found = model.calcification.benign_type(row)
    return None if found is not Morphology.VASCULAR and mark.diameter_mm < _LEAST_MM else found


def _most_common(members: Members, typing: Typing) -> Morphology | None:
    return Counter(typing.benign[m.id] for m in members).most_common(1)[0][0]
