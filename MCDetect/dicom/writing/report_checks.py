"""Reading back structured reports: the tree of content, its references and its coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.cad_report import findings_summary
from MCDetect.dicom.writing.checks import check_common, check_graphic, check_image_references, fail
from MCDetect.dicom.writing.geometry import graphic_outline
from MCDetect.findings import Cluster, ImageFindings

Position = tuple[int, ...]


def check_measurement_report(written: Dataset, images: Sequence[ImageFindings], sources: Mapping[str, Dataset]) -> None:
    """Check a TID 1500 report: a group a cluster with its outline and numbers, on the right image.

    Raises
    ------
    OutputError
        ``invalid-object``, as from every function in this module.
    """
    measured = [sources[image.sop_instance_uid] for image in images if image.clusters]
    tree = _check_document(written, measured)
    groups = {position for position, item in tree.items() if _named(item, codes.MEASUREMENT_GROUP)}
    _check_outlines(tree, groups, images, codes.IMAGE_REGION)
    _check_counts(tree, groups, images)


def check_cad_report(
    written: Dataset,
    images: Sequence[ImageFindings],
    sources: Mapping[str, Dataset],
    refused: Mapping[str, Dataset],
) -> None:
    """Check a Mammography CAD report: summary, status of each image, and every finding with intent and geometry."""
    succeeded = [sources[image.sop_instance_uid] for image in images]
    tree = _check_document(written, [*succeeded, *refused.values()])
    summary = [item for item in tree.values() if _named(item, codes.FINDINGS_SUMMARY)]
    found = any(image.clusters for image in images)
    if len(summary) != 1 or _code(summary[0]) != findings_summary(found, bool(refused), not images).value:
        fail("the summary of the report does not fit its findings")
    for position, item in tree.items():
        drawn = _named(item, codes.SINGLE_IMAGE_FINDING) or _named(item, codes.INDIVIDUAL_IMPRESSION)
        if drawn and not _children(tree, position, codes.RENDERING_INTENT):
            fail("a finding does not say whether it is to be drawn")
        if _named(item, codes.SINGLE_IMAGE_FINDING):
            for name in (codes.ALGORITHM_NAME, codes.ALGORITHM_VERSION, codes.CERTAINTY, codes.CENTER):
                if len(_children(tree, position, name)) != 1:
                    fail(f"a finding has no {name.meaning}")
    clusters = {
        position
        for position, item in tree.items()
        if _named(item, codes.SINGLE_IMAGE_FINDING) and _code(item) == codes.CALCIFICATION_CLUSTER.value
    }
    _check_outlines(tree, clusters, images, codes.OUTLINE)
    _check_counts(tree, clusters, images)
    nested = sum(_named(item, codes.SINGLE_IMAGE_FINDING) for item in tree.values()) - len(clusters)
    if nested != sum(cluster.count for image in images for cluster in image.clusters):
        fail("the calcifications of a cluster are not all in the report")
    for name, expected in (
        (codes.SUCCESSFUL_DETECTIONS, {image.sop_instance_uid for image in images}),
        (codes.FAILED_DETECTIONS, set(refused)),
    ):
        if _detected_on(tree, name) != expected:
            fail("the report does not tell which images were analysed and which failed")


def check_evidence(written: Dataset, sources: Sequence[Dataset]) -> None:
    """Check that the evidence lists ``sources``, under their study and series, and nothing else."""
    listed = {
        (str(study.StudyInstanceUID), str(series.SeriesInstanceUID), str(instance.ReferencedSOPInstanceUID))
        for study in written.get("CurrentRequestedProcedureEvidenceSequence", [])
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    expected = {
        (str(source.StudyInstanceUID), str(source.SeriesInstanceUID), str(source.SOPInstanceUID)) for source in sources
    }
    if listed != expected:
        fail("the list of evidence is not that of the images in the report")


def content_tree(written: Dataset) -> dict[Position, Dataset]:
    """Return every content item by its position: one-based indices from the root, which is (1,), downwards."""
    return dict(_walk(written, (1,)))


def _walk(item: Dataset, position: Position) -> Iterator[tuple[Position, Dataset]]:
    yield position, item
    for number, child in enumerate(item.get("ContentSequence") or [], start=1):
        yield from _walk(child, (*position, number))


def _check_document(written: Dataset, referenced: Sequence[Dataset]) -> dict[Position, Dataset]:
    """Check what all reports have; ``referenced`` are the headers of the images that the report speaks of."""
    sources = {str(source.SOPInstanceUID): source for source in referenced}
    check_common(written, referenced[0])
    check_image_references(written, sources)
    check_evidence(written, referenced)
    tree = content_tree(written)
    for position, item in tree.items():
        if "ReferencedContentItemIdentifier" in item:
            target = tree.get(tuple(item.ReferencedContentItemIdentifier))
            if target is None or target.get("ValueType") != "IMAGE":
                fail("a reference inside the report leads nowhere")
        elif item.get("ValueType") == "SCOORD":
            source = sources.get(_selected_image(tree, position))
            if source is None:
                fail("coordinates belong to no image")
            check_graphic(item.GraphicData, item.GraphicType, source)
    return tree


def _check_outlines(
    tree: Mapping[Position, Dataset], findings: set[Position], images: Sequence[ImageFindings], name: Code
) -> None:
    """Check that each cluster has one finding at ``findings``, with its own outline on its own image."""
    expected = _clusters(images)
    if sorted(_tracking_uid(tree, position) for position in findings) != sorted(expected):
        fail("the clusters of the report are not those of the findings")
    for position in findings:
        image, cluster = expected[_tracking_uid(tree, position)]
        outlines = _children(tree, position, name)
        if len(outlines) != 1 or tree[outlines[0]].GraphicType != "POLYLINE":
            fail("a cluster has no outline")
        points = np.reshape(tree[outlines[0]].GraphicData, (-1, 2))
        outline = graphic_outline(image, cluster)
        if points.shape != outline.shape or not np.allclose(points, outline, rtol=0, atol=0.01):
            fail("an outline is not that of its cluster")
        if _selected_image(tree, outlines[0]) != image.sop_instance_uid:
            fail("an outline lies on the wrong image")


def _check_counts(tree: Mapping[Position, Dataset], findings: set[Position], images: Sequence[ImageFindings]) -> None:
    expected = _clusters(images)
    for position in findings:
        counts = _children(tree, position, codes.NUMBER_OF_CALCIFICATIONS)
        _, cluster = expected[_tracking_uid(tree, position)]
        if len(counts) != 1 or float(tree[counts[0]].MeasuredValueSequence[0].NumericValue) != cluster.count:
            fail("the number of calcifications is not that of the cluster")


def _clusters(images: Sequence[ImageFindings]) -> dict[str, tuple[ImageFindings, Cluster]]:
    return {cluster.tracking_uid: (image, cluster) for image in images for cluster in image.clusters}


def _detected_on(tree: Mapping[Position, Dataset], name: Code) -> set[str]:
    """Return the images that a container of detections (successful or failed) refers to."""
    containers = [position for position, item in tree.items() if _named(item, name)]
    return {
        str(tree[tuple(item.ReferencedContentItemIdentifier)].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        for position, item in tree.items()
        if "ReferencedContentItemIdentifier" in item
        and any(position[: len(container)] == container for container in containers)
    }


def _selected_image(tree: Mapping[Position, Dataset], position: Position) -> str:
    """Return the SOP Instance UID of the image that the coordinates at ``position`` are selected from, or empty."""
    for child in _all_children(tree, position):
        item = tree[child]
        if "ReferencedContentItemIdentifier" in item:
            item = tree.get(tuple(item.ReferencedContentItemIdentifier), Dataset())
        if item.get("ValueType") == "IMAGE":
            return str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    return ""


def _all_children(tree: Mapping[Position, Dataset], position: Position) -> list[Position]:
    content = tree[position].get("ContentSequence") or []
    return [(*position, number) for number in range(1, len(content) + 1)]


def _children(tree: Mapping[Position, Dataset], position: Position, name: Code) -> list[Position]:
    return [child for child in _all_children(tree, position) if _named(tree[child], name)]


def _tracking_uid(tree: Mapping[Position, Dataset], position: Position) -> str:
    found = _children(tree, position, codes.TRACKING_UID)
    return str(tree[found[0]].UID) if found else ""


def _named(item: Dataset, name: Code) -> bool:
    names = item.get("ConceptNameCodeSequence")
    return bool(names) and (names[0].CodeValue, names[0].CodingSchemeDesignator) == (
        name.value,
        name.scheme_designator,
    )


def _code(item: Dataset) -> str:
    return str(item.ConceptCodeSequence[0].CodeValue)
