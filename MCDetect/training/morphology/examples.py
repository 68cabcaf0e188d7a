"""Marks and clusters of simulated views, with what the truth says they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Morphology
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.findings import Calcification, SpacingSource
from MCDetect.inference.clusters import group_calcifications
from MCDetect.inference.morphology.viewing import whole_marks
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.simulation.truth_file import TruthOfView, read_truth
from MCDetect.training.morphology.views import MORPHOLOGIES, ROD_NUMBERS

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

FloatMatrix = npt.NDArray[np.float64]

_REACH_PIXELS = 3  # a mark this near to a simulated calcification is of it


@dataclass(frozen=True)
class TypedTruth:
    """What was put into a view, for looking up.

    Attributes
    ----------
    kinds
        The term of each calcification, by id.
    clusters
        The cluster of each member, by id of the calcification.
    cluster_kinds
        The term of each cluster, by id.
    """

    truth: TruthOfView
    kinds: dict[int, Morphology]
    clusters: dict[int, int]
    cluster_kinds: dict[int, Morphology]

    @classmethod
    def read(cls, view: Path) -> TypedTruth:
        """Read what lies beside the file of grey values."""
        (truth,) = read_truth(view.with_suffix(".json")).values()
        kinds = {c.id: MORPHOLOGIES[c.kind] for c in truth.calcifications}
        cluster_kinds, clusters = {}, {}
        for cluster in truth.clusters:
            is_rods = (cluster.breast_cluster or 0) >= ROD_NUMBERS
            cluster_kinds[cluster.id] = Morphology.LARGE_ROD_LIKE if is_rods else MORPHOLOGIES[cluster.kind]
            for member in cluster.member_ids:
                clusters[member] = cluster.id
                if is_rods:
                    kinds[member] = Morphology.LARGE_ROD_LIKE
        return cls(truth, kinds, clusters, cluster_kinds)

    def of_marks(self, marks: Sequence[Calcification]) -> dict[int, int]:
        """Return the simulated calcification that each mark lies on, by id of the mark; wrong marks are left out."""
        labels = np.zeros((self.truth.rows, self.truth.columns), dtype=np.int32)
        for calcification in self.truth.calcifications:
            for row, first, count in calcification.runs:
                labels[row, first : first + count] = calcification.id
        found = {}
        for mark in marks:
            held = Counter[int]()
            for row, first, count in mark.runs:
                for reach in (0, _REACH_PIXELS):
                    part = labels[max(0, row - reach) : row + reach + 1, max(0, first - reach) : first + count + reach]
                    held.update(part[part > 0].tolist())
            if held:
                found[mark.id] = held.most_common(1)[0][0]
        return found

    def kind_of_group(self, members: Sequence[Calcification], on: dict[int, int]) -> Morphology | None:
        """Return the term of the simulated cluster that at least half of the members lie on; None if there is none."""
        held = Counter(self.clusters[on[m.id]] for m in members if on.get(m.id) in self.clusters)
        if not held:
            return None
        cluster, count = held.most_common(1)[0]
        return self.cluster_kinds[cluster] if 2 * count >= len(members) else None


@dataclass(frozen=True)
class ViewExamples:
    """The marks of one view that lie on a simulated calcification, and the groups that lie on a simulated cluster.

    Attributes
    ----------
    seed
        Of the view.
    features, places
        (marks, features); (marks, 2) rows and columns in mm.
    terms
        The term of each mark; empty for a wrong mark, which is here as a member of its group.
    groups, group_terms
        Indices of the marks of each group, and its term.
    """

    seed: int
    features: FloatMatrix
    places: FloatMatrix
    terms: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    group_terms: tuple[str, ...]


def examples_of(detector: Detector, view: Path) -> ViewExamples:
    """Detect in a view and say what its marks and groups are."""
    truth = TypedTruth.read(view)
    pixels = np.load(view).astype(np.float32)
    spacing = (truth.truth.spacing_mm, truth.truth.spacing_mm)
    valid = np.ones(pixels.shape, dtype=np.bool_)
    mammogram = Mammogram(
        pixels=pixels,
        valid=valid,
        spacing=Spacing(*spacing, SpacingSource.AT_DETECTOR),
        laterality=truth.truth.laterality,
        view=truth.truth.view,
        source=view.name,
    )
    mask = breast_mask(pixels, spacing, valid)
    found = detector.marks(mammogram, mask, detector.maps(mammogram, mask)[1])
    marks, features = whole_marks(pixels, mask, spacing, found)
    on = truth.of_marks(marks)
    number = {mark.id: index for index, mark in enumerate(marks)}
    groups = [(g, truth.kind_of_group(g, on)) for g in group_calcifications(marks, spacing)]
    return ViewExamples(
        seed=int(view.stem),
        features=features,
        places=np.array([(m.row, m.column) for m in marks]).reshape(-1, 2) * spacing,
        terms=tuple(truth.kinds[on[m.id]].value if m.id in on else "" for m in marks),
        groups=tuple(tuple(number[m.id] for m in g) for g, kind in groups if kind is not None),
        group_terms=tuple(kind.value for _, kind in groups if kind is not None),
    )
