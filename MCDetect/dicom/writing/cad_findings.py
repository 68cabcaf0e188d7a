"""Findings of the Mammography CAD report: a cluster with its calcifications, or clusters that are one in two views.

DICOM PS3.16: template 4006 single image finding with 4010 (cluster), 4019 (algorithm), 4021 (geometry) and 4108
(tracking); template 4004 composite feature with 4005.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.cad_calcifications import (
    Setting,
    algorithm_items,
    calcification_item,
    certainty_items,
    tracking_items,
    type_items,
)
from MCDetect.dicom.writing.context import by_reader
from MCDetect.dicom.writing.geometry import cluster_center, graphic_outline
from MCDetect.dicom.writing.operating_points import OperatingPoint, intent_item, need_not_be_drawn, number_of
from MCDetect.dicom.writing.tracking import joint_identifier, tracking_identifier
from MCDetect.findings import Cluster, Correspondence, Decision, ImageFindings


@dataclass(frozen=True)
class Feature:
    """A cluster with its image, or two features that a correspondence joins."""

    finding: tuple[ImageFindings, Cluster] | None = None
    correspondence: Correspondence | None = None
    joined: tuple[Feature, ...] = ()

    def findings(self) -> Iterator[tuple[ImageFindings, Cluster]]:
        """Yield every cluster below with its image."""
        if self.finding is not None:
            yield self.finding
        for feature in self.joined:
            yield from feature.findings()


def features_of(images: Sequence[ImageFindings], correspondences: Sequence[Correspondence]) -> list[Feature]:
    """Return the clusters of a study as they stand in its report, in the order of ``images``.

    A template has room for two targets in a composite feature, so that a cluster that is seen in three views is joined
    to the feature of the other two. A correspondence is left out that joins what is joined already, or names a cluster
    that is not in the report or was rejected, or two of one image; ``cad_mentions`` tells of those.
    """
    features = {c.tracking_uid: Feature((image, c)) for image in images for c in image.clusters}
    alone = dict(features)
    for correspondence in correspondences:
        pair = [alone[uid].finding for uid in correspondence.tracking_uids if uid in alone]
        views = {found[0].sop_instance_uid for found in pair if found and found[1].decision is not Decision.REJECTED}
        first, second = (features.get(uid) for uid in correspondence.tracking_uids)
        if len(views) < 2 or first is None or second is None or first is second:
            continue
        joined = Feature(None, correspondence, (first, second))
        for _, cluster in joined.findings():
            features[cluster.tracking_uid] = joined
    return list({id(feature): feature for feature in features.values()}.values())


def intent_of(feature: Feature, points: Sequence[OperatingPoint]) -> Code:
    """Return whether a viewer has to draw what stands for a feature, may, or should not (CID 6034).

    That of clusters that are one is that of the one of them which has to be drawn most: they have to be drawn all.
    """
    kept = [cluster for _, cluster in feature.findings() if cluster.decision is not Decision.REJECTED]
    if not kept:
        return codes.NOT_FOR_PRESENTATION
    is_required = any(number_of(cluster, points) == 0 and not need_not_be_drawn(cluster) for cluster in kept)
    return codes.PRESENTATION_REQUIRED if is_required else codes.PRESENTATION_OPTIONAL


def feature_item(relationship: str, feature: Feature, setting: Setting) -> Dataset:
    """Return the content item of a finding or a composite feature."""
    if feature.correspondence is None:
        ((image, cluster),) = feature.findings()
        return _cluster(relationship, image, cluster, setting)
    return _composite(relationship, feature, feature.correspondence, setting)


def correspondence_uid(first: str, second: str) -> str:
    """Return the tracking UID of a composite feature, from which a reader of the report can tell what it joins."""
    return stable_uid("correspondence", *sorted((first, second)))


def _composite(relationship: str, feature: Feature, correspondence: Correspondence, setting: Setting) -> Dataset:
    # That two clusters are one is to be presented when a reader has said so, and may be when software has.
    intent = codes.PRESENTATION_REQUIRED if correspondence.confirmed else codes.PRESENTATION_OPTIONAL
    item = composite_item(relationship, correspondence, feature.findings(), intent, setting)
    return items.add(item, *(feature_item(items.INFERRED_FROM, one, setting) for one in feature.joined))


def composite_item(
    relationship: str,
    correspondence: Correspondence,
    findings: Iterable[tuple[ImageFindings, Cluster]],
    intent: Code,
    setting: Setting,
) -> Dataset:
    """Return a composite feature without its targets; ``findings`` are at least the clusters that correspond."""
    names = {cluster.tracking_uid: tracking_identifier(image, cluster) for image, cluster in findings}
    first, second = correspondence.tracking_uids
    label = joint_identifier(names[first], names[second], confirmed=correspondence.confirmed)
    # A reader joins with full certainty; that is no statement of the algorithm.
    is_readers = correspondence.confirmed and correspondence.score == 1
    item = items.add(
        items.code(relationship, codes.COMPOSITE_FEATURE, codes.CALCIFICATION_CLUSTER),
        items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, intent),
        *tracking_items(label, correspondence_uid(first, second)),
        items.code(items.HAS_PROPERTIES, codes.COMPOSITE_TYPE, codes.RELATED_SPATIALLY),
        items.code(items.HAS_PROPERTIES, codes.SCOPE_OF_FEATURE, codes.ON_MULTIPLE_IMAGES),
        *algorithm_items(setting.algorithm, is_readers=is_readers),
    )
    if is_readers:
        return item
    certainty = 100 * correspondence.score
    return items.add(item, items.number(items.HAS_PROPERTIES, codes.CERTAINTY_OF_FEATURE, certainty, codes.PERCENT, 1))


def _cluster(relationship: str, image: ImageFindings, cluster: Cluster, setting: Setting) -> Dataset:
    position = setting.positions[image.sop_instance_uid]
    outline = items.coordinates(items.HAS_PROPERTIES, codes.OUTLINE, "POLYLINE", graphic_outline(image, cluster))
    center = items.coordinates(items.HAS_PROPERTIES, codes.CENTER, "POINT", cluster_center(image, cluster))
    finding = items.add(
        items.code(relationship, codes.SINGLE_IMAGE_FINDING, codes.CALCIFICATION_CLUSTER),
        intent_item(cluster, setting.points),
        *tracking_items(tracking_identifier(image, cluster), cluster.tracking_uid),
        *algorithm_items(setting.algorithm, is_readers=by_reader(cluster)),
        *certainty_items(cluster),
        items.add(center, items.by_reference(items.SELECTED_FROM, position)),
        items.add(outline, items.by_reference(items.SELECTED_FROM, position)),
    )
    items.add(finding, *type_items(cluster.morphology or cluster.benign_type))
    items.add(
        finding,
        items.code(items.HAS_PROPERTIES, codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS[cluster.distribution]),
    )
    if cluster.count is not None:
        number = items.number(items.HAS_PROPERTIES, codes.NUMBER_OF_CALCIFICATIONS, cluster.count, codes.NO_UNITS)
        items.add(finding, number)
    # A mark on each of its calcifications may be drawn wherever the outline of the cluster is.
    rejected = cluster.decision is Decision.REJECTED
    intent = codes.NOT_FOR_PRESENTATION if rejected else codes.PRESENTATION_OPTIONAL
    members = image.members(cluster)
    return items.add(
        finding, *(calcification_item(items.INFERRED_FROM, image, member, intent, setting) for member in members)
    )
