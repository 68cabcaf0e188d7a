"""Correspondences that the tree of findings of a Mammography CAD report has no room for.

A composite feature has two targets, so that three clusters that are one are told by two features; a third statement
about the same three would make a ring. One about a cluster that a reader rejected must not be presented. Such a
correspondence is a composite feature of its own that names its clusters again (the same tracking UIDs, no outline) and
is not for presentation, nor is anything in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset

from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.cad_calcifications import Setting, algorithm_items, center_item, tracking_items
from MCDetect.dicom.writing.cad_findings import Feature, composite_item, features_of
from MCDetect.dicom.writing.content_tree import Position, children, code_value, named
from MCDetect.dicom.writing.context import by_reader
from MCDetect.dicom.writing.geometry import cluster_center
from MCDetect.dicom.writing.tracking import tracking_identifier
from MCDetect.findings import Cluster, Correspondence, ImageFindings


def mentioned(images: Sequence[ImageFindings], correspondences: Sequence[Correspondence]) -> list[Correspondence]:
    """Return the correspondences between clusters of two images that :func:`features_of` leaves out."""
    told = _pairs_of(features_of(images, correspondences))
    image_of = {cluster.tracking_uid: image.sop_instance_uid for image in images for cluster in image.clusters}
    found: dict[frozenset[str], Correspondence] = {}
    for one in correspondences:
        pair = frozenset(one.tracking_uids)
        if pair not in told and len({image_of[uid] for uid in pair if uid in image_of}) == 2:
            found.setdefault(pair, one)
    return list(found.values())


def mention(correspondence: Correspondence, images: Sequence[ImageFindings], setting: Setting) -> Dataset:
    """Return the impression that tells a correspondence of :func:`mentioned`."""
    hidden = items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, codes.NOT_FOR_PRESENTATION)
    places = {cluster.tracking_uid: (image, cluster) for image in images for cluster in image.clusters}
    found = [places[uid] for uid in correspondence.tracking_uids]
    item = composite_item(items.CONTAINS, correspondence, found, codes.NOT_FOR_PRESENTATION, setting)
    items.add(item, *(_name(image, cluster, setting) for image, cluster in found))
    return items.add(items.container(items.INFERRED_FROM, codes.INDIVIDUAL_IMPRESSION), hidden, item)


def is_mention(tree: Mapping[Position, Dataset], position: Position) -> bool:
    """Say whether a finding at ``position`` only names a cluster again that is a finding elsewhere in the report."""
    parent = position[:-1]
    if parent not in tree or not named(tree[parent], codes.COMPOSITE_FEATURE):
        return False
    intents = [code_value(tree[child]) for child in children(tree, parent, codes.RENDERING_INTENT)]
    return intents == [codes.NOT_FOR_PRESENTATION.value]


def _name(image: ImageFindings, cluster: Cluster, setting: Setting) -> Dataset:
    return items.add(
        items.code(items.INFERRED_FROM, codes.SINGLE_IMAGE_FINDING, codes.CALCIFICATION_CLUSTER),
        items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, codes.NOT_FOR_PRESENTATION),
        *tracking_items(tracking_identifier(image, cluster), cluster.tracking_uid),
        *algorithm_items(setting.algorithm, is_readers=by_reader(cluster)),
        center_item(cluster_center(image, cluster), image, setting),
    )


def _pairs_of(features: Sequence[Feature]) -> set[frozenset[str]]:
    pairs: set[frozenset[str]] = set()
    for feature in features:
        if feature.correspondence is not None:
            pairs |= {frozenset(feature.correspondence.tracking_uids)}
        pairs |= _pairs_of(feature.joined)
    return pairs
