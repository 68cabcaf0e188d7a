"""From a scored group of calcifications to a cluster of the findings, and what an image is called in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.dicom.identifiers import picture_uid, stable_uid
from MCDetect.dicom.orientation import points_to_last_column
from MCDetect.findings import Calcification, Cluster, ImageFindings, score_of
from MCDetect.inference.cluster_score import cluster_features, cluster_score
from MCDetect.inference.clusters import describe_cluster, ungrouped
from MCDetect.inference.morphology.sorting import SortedGroup
from MCDetect.inference.morphology.viewing import TypedView, describe
from MCDetect.inference.settings import DetectorSettings
from MCDetect.preprocessing.nipple import most_anterior_point
from MCDetect.preprocessing.whole_breast import shows_whole_breast

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram

BoolImage = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ScoredCluster:
    """A cluster before the operating point decides: its members with what they are, features and score.

    Attributes
    ----------
    group
        With the members that are reported.
    features, score
        Of all members.
    left_out
        Ids of the others: next to strong calcifications, weak marks are mostly grain.
    """

    group: SortedGroup
    features: dict[str, float]
    score: float
    left_out: frozenset[int] = frozenset()

    @classmethod
    def of(cls, group: SortedGroup, patch_logits: Mapping[int, float], settings: DetectorSettings) -> ScoredCluster:
        """Return a group with its score; ``patch_logits`` are those of the patches round its members, by id."""
        logits = [settings.logit_of(member) for member in group.members]
        judged = [patch_logits[member.id] for member in group.members]
        features = cluster_features(logits, settings.threshold, judged)
        score = cluster_score(features, settings.score_weights, settings.score_intercept)
        last_needed = sorted(logits, reverse=True)[settings.minimum_count - 1]
        least = min(settings.member_threshold, last_needed - settings.member_reach)
        kept = tuple(member for member, logit in zip(group.members, logits, strict=True) if logit >= least)
        left_out = frozenset(member.id for member in ungrouped(group.members, [kept]))
        return cls(replace(group, members=kept), features, score, left_out)

    @property
    def members(self) -> tuple[Calcification, ...]:
        """The calcifications."""
        return self.group.members

    @property
    def is_benign(self) -> bool:
        """Whether it is of a typically benign type, and so no suspicious cluster."""
        return self.group.benign_type is not None


def make_cluster(
    number: int,
    candidate: ScoredCluster,
    mammogram: Mammogram,
    typed: TypedView,
    *,
    outline_margin_mm: float,
    breast_area_mm2: float,
    nipple: tuple[float, float] | None,
    identity: tuple[str, str],
) -> Cluster:
    """Return the cluster with its outline, measures, type and descriptors.

    Parameters
    ----------
    number
        Its id.
    candidate
        Members and score.
    mammogram, typed
        The view, and what its marks are.
    outline_margin_mm, breast_area_mm2, nipple
        See :func:`MCDetect.inference.clusters.describe_cluster`.
    identity
        SOP Instance UID of the image and SHA-256 of the bundle: the tracking UID is made of them and the outline.
    """
    spacing = mammogram.spacing.millimetres
    geometry = describe_cluster(
        candidate.members,
        spacing,
        mammogram.shape,
        outline_margin_mm=outline_margin_mm,
        breast_area_mm2=breast_area_mm2,
        nipple=nipple,
    )
    image_uid, bundle = identity
    return Cluster(
        id=number,
        member_ids=tuple(member.id for member in candidate.members),
        outline=geometry.outline,
        area_mm2=geometry.area_mm2,
        diameter_mm=geometry.diameter_mm,
        density_per_cm2=geometry.density_per_cm2,
        score=candidate.score,
        distribution=geometry.distribution,
        tracking_uid=stable_uid(image_uid, bundle, "cluster", *map(str, geometry.outline)),
        benign_type=candidate.group.benign_type,
        descriptors=describe(candidate.group, typed.contrasts, spacing, geometry.distribution),
    )


def findings_of_view(
    mammogram: Mammogram,
    uids: dict[str, str],
    clusters: tuple[Cluster, ...],
    calcifications: tuple[Calcification, ...],
    *,
    breast_area_mm2: float,
    nipple: tuple[float, float] | None,
) -> ImageFindings:
    """Return the findings of a view; ``uids`` are those of :func:`identity_of`."""
    return ImageFindings(
        **uids,
        laterality=mammogram.laterality,
        view=mammogram.view,
        rows=mammogram.shape[0],
        columns=mammogram.shape[1],
        spacing_mm=mammogram.spacing.millimetres,
        spacing_source=mammogram.spacing.source,
        score=score_of(clusters),
        breast_area_mm2=breast_area_mm2,
        calcifications=calcifications,
        clusters=clusters,
        warnings=mammogram.warnings,
        nipple=nipple,
        source=mammogram.source,
    )


def nipple_of(mammogram: Mammogram, mask: BoolImage) -> tuple[float, float] | None:
    """Return (row, column) of the most anterior point, where the header says which way a whole breast points."""
    toward_last = points_to_last_column(mammogram.header)
    if toward_last is None or not shows_whole_breast(mammogram.header, mask, mammogram.valid):
        return None
    return most_anterior_point(mask, mammogram.spacing.millimetres, points_to_last_column=toward_last)


def identity_of(mammogram: Mammogram) -> dict[str, str]:
    """Return the UIDs of the image; those of a picture without header are made of its content."""
    attributes = ("SOPInstanceUID", "SOPClassUID", "SeriesInstanceUID", "StudyInstanceUID")
    keys = ("sop_instance_uid", "sop_class_uid", "series_instance_uid", "study_instance_uid")
    if mammogram.header is not None:
        return {key: str(mammogram.header.get(name, "")) for key, name in zip(keys, attributes, strict=True)}
    return {key: picture_uid(key, mammogram.pixels) if key != "sop_class_uid" else "" for key in keys}
