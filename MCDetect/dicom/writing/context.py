"""What an object says besides the findings of its image: that a person has reviewed them, and what belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydicom.dataset import Dataset

from MCDetect.findings import Calcification, Cluster, Correspondence, Decision, ImageFindings, Origin, Review

READER_ALGORITHM = "Marked by a reader"
"""Algorithm Name of what a reader drew: the CAD report asks for a name at every finding, also where none is at work."""


@dataclass(frozen=True)
class ReportContext:
    """What holds for all objects of one call.

    Attributes
    ----------
    review
        That a person has reviewed the findings; None for results as the algorithm made them.
    correspondences
        Clusters that are the same in two views.
    predecessors
        Headers of the earlier reports that the new ones replace, of any study.
    operating_points
        Least scores of a cluster at the operating points of the model, by name; empty where they are not known.
    """

    review: Review | None = None
    correspondences: tuple[Correspondence, ...] = ()
    predecessors: tuple[Dataset, ...] = ()
    operating_points: Mapping[str, float] = field(default_factory=dict)

    def predecessors_of(self, sop_class_uid: str, source: Dataset) -> list[Dataset]:
        """Return the predecessors of a new report of ``sop_class_uid`` in the study of ``source``."""
        return [
            earlier
            for earlier in self.predecessors
            if earlier.get("SOPClassUID") == sop_class_uid
            and earlier.get("StudyInstanceUID") == source.StudyInstanceUID
        ]

    def digest_parts(self) -> list[Any]:
        """Return what else decides the content of an object, for its identifier."""
        replaced = sorted(str(earlier.SOPInstanceUID) for earlier in self.predecessors)
        points = sorted(self.operating_points.items())
        return [self.review, self.correspondences, replaced, points] if self != RAW else []


RAW = ReportContext()
"""Of results as the algorithm made them."""


def shown(image: ImageFindings) -> ImageFindings:
    """Return ``image`` without its rejected clusters and the calcifications that belong to nothing else."""
    kept = tuple(cluster for cluster in image.clusters if cluster.decision is not Decision.REJECTED)
    if len(kept) == len(image.clusters):
        return image
    of_kept = {member for cluster in kept for member in cluster.member_ids}
    rejected = {member for cluster in image.clusters for member in cluster.member_ids} - of_kept
    calcifications = tuple(c for c in image.calcifications if c.id not in rejected)
    return replace(image, clusters=kept, calcifications=calcifications)


def by_reader(one: Cluster | Calcification) -> bool:
    """Say whether a reader drew it as it is now."""
    return one.origin is Origin.READER
