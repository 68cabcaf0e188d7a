"""Reading back structured reports: the tree of content, its references and its coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.cad_mentions import is_mention
from MCDetect.dicom.writing.cad_report import findings_summary
from MCDetect.dicom.writing.calcification_checks import check_breasts, check_calcifications, check_nipples
from MCDetect.dicom.writing.checks import check_common, check_graphic, check_image_references, fail
from MCDetect.dicom.writing.content_tree import (
    Position,
    children,
    code_value,
    content_tree,
    named,
    selected_image,
)
from MCDetect.dicom.writing.context import RAW, ReportContext, shown
from MCDetect.dicom.writing.geometry import graphic_outline
from MCDetect.dicom.writing.operating_points import OperatingPoint, operating_points, told_in_words
from MCDetect.dicom.writing.review_checks import check_composites, check_presentation, check_review, check_statements
from MCDetect.findings import Algorithm, Cluster, ImageFindings

_KINDS = {code.value for code in (codes.CALCIFICATION_CLUSTER, codes.INDIVIDUAL_CALCIFICATION, codes.NIPPLE)}


def check_measurement_report(
    written: Dataset,
    images: Sequence[ImageFindings],
    sources: Mapping[str, Dataset],
    context: ReportContext = RAW,
) -> None:
    """Check a TID 1500 report: a group a cluster with its outline and numbers, on the right image, and what was said.

    A rejected cluster has a group without an outline, apart from the measurements. Where no cluster is left, each image
    has a group saying so.

    Raises
    ------
    OutputError
        ``invalid-object``, as from every function in this module.
    """
    tree = _check_document(written, [sources[image.sop_instance_uid] for image in images], context)
    everything = {position for position, item in tree.items() if named(item, codes.MEASUREMENT_GROUP)}
    breasts = {
        position
        for position in everything
        if [code_value(tree[child]) for child in children(tree, position, codes.FINDING)] == [codes.BREAST.value]
    }
    left = [shown(image) for image in images]
    check_breasts(tree, breasts, left)
    groups = everything - breasts
    rejected = {position for position in groups if named(tree[position[:-1]], codes.REJECTED_CLUSTERS)}
    if any(not named(tree[position[:-1]], codes.IMAGING_MEASUREMENTS) for position in everything - rejected):
        fail("a group stands neither with the measurements nor with what a reader rejected")
    _check_outlines(tree, groups - rejected, left, codes.IMAGE_REGION)
    _check_tracking(tree, groups, images)
    _check_counts(tree, groups, images)
    for position in groups:
        _, cluster = _clusters(images)[_tracking_uid(tree, position)]
        check_statements(tree, position, cluster, context)


def check_cad_report(  # noqa: PLR0917
    written: Dataset,
    images: Sequence[ImageFindings],
    sources: Mapping[str, Dataset],
    refused: Mapping[str, Dataset],
    algorithm: Algorithm,
    context: ReportContext = RAW,
) -> None:
    """Check a Mammography CAD report: summary, status of each image, and every finding with intent and geometry."""
    points = operating_points(algorithm, context.operating_points)
    succeeded = [sources[image.sop_instance_uid] for image in images]
    tree = _check_document(written, [*succeeded, *refused.values()], context)
    summary = [item for item in tree.values() if named(item, codes.FINDINGS_SUMMARY)]
    found = any(image.clusters for image in images)
    if len(summary) != 1 or code_value(summary[0]) != findings_summary(found, bool(refused), not images).value:
        fail("the summary of the report does not fit its findings")
    for position, item in tree.items():
        is_finding = named(item, codes.SINGLE_IMAGE_FINDING)
        is_drawn = is_finding or named(item, codes.INDIVIDUAL_IMPRESSION) or named(item, codes.COMPOSITE_FEATURE)
        if is_drawn and not children(tree, position, codes.RENDERING_INTENT):
            fail("a finding does not say whether it is to be drawn")
        if is_finding:
            if code_value(item) not in _KINDS:
                fail("a finding is neither a cluster nor a calcification nor the nipple")
            for name in (codes.ALGORITHM_NAME, codes.ALGORITHM_VERSION, codes.CENTER):
                if len(children(tree, position, name)) != 1:
                    fail(f"a finding has no {name.meaning}")
    clusters = {
        position
        for position, item in tree.items()
        if named(item, codes.SINGLE_IMAGE_FINDING)
        and code_value(item) == codes.CALCIFICATION_CLUSTER.value
        and not is_mention(tree, position)
    }
    _check_operating_points(tree, points)
    _check_outlines(tree, clusters, images, codes.OUTLINE)
    _check_counts(tree, clusters, images)
    for position in clusters:
        check_presentation(tree, position, _clusters(images)[_tracking_uid(tree, position)][1], points)
    check_composites(tree, images, context)
    check_calcifications(tree, images)
    check_nipples(tree, images)
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


def _check_document(written: Dataset, referenced: Sequence[Dataset], context: ReportContext) -> dict[Position, Dataset]:
    """Check what all reports have; ``referenced`` are the headers of the images that the report speaks of."""
    sources = {str(source.SOPInstanceUID): source for source in referenced}
    predecessors = context.predecessors_of(written.SOPClassUID, referenced[0])
    check_common(written, referenced[0])
    check_image_references(written, sources | {str(earlier.SOPInstanceUID): earlier for earlier in predecessors})
    check_review(written, predecessors, context)
    check_evidence(written, referenced)
    tree = content_tree(written)
    for position, item in tree.items():
        if "ReferencedContentItemIdentifier" in item:
            target = tree.get(tuple(item.ReferencedContentItemIdentifier))
            if target is None or target.get("ValueType") != "IMAGE":
                fail("a reference inside the report leads nowhere")
        elif item.get("ValueType") == "SCOORD":
            source = sources.get(selected_image(tree, position))
            if source is None:
                fail("coordinates belong to no image")
            check_graphic(item.GraphicData, item.GraphicType, source)
    return tree


def _check_operating_points(tree: Mapping[Position, Dataset], points: Sequence[OperatingPoint]) -> None:
    """Check that each container of detections tells the points of the model, the last of them being that of the run."""
    for performed in (position for position, item in tree.items() if named(item, codes.DETECTION_PERFORMED)):
        for name in (codes.MAXIMUM_OPERATING_POINT, codes.RECOMMENDED_OPERATING_POINT):
            told = [
                float(tree[child].MeasuredValueSequence[0].NumericValue) for child in children(tree, performed, name)
            ]
            if told != [len(points) - 1]:
                fail("the operating point of the report is not that of the findings")
        words = {str(tree[child].TextValue) for child in children(tree, performed, codes.ALGORITHM_PARAMETERS)}
        if not words.issuperset(told_in_words(number, point) for number, point in enumerate(points)):
            fail("the report does not tell what its operating points are")


def _check_outlines(
    tree: Mapping[Position, Dataset], findings: set[Position], images: Sequence[ImageFindings], name: Code
) -> None:
    """Check that each cluster has one finding at ``findings``, with its own outline on its own image."""
    expected = _clusters(images)
    _check_tracking(tree, findings, images)
    for position in findings:
        image, cluster = expected[_tracking_uid(tree, position)]
        outlines = children(tree, position, name)
        if len(outlines) != 1 or tree[outlines[0]].GraphicType != "POLYLINE":
            fail("a cluster has no outline")
        points = np.reshape(tree[outlines[0]].GraphicData, (-1, 2))
        outline = graphic_outline(image, cluster)
        if points.shape != outline.shape or not np.allclose(points, outline, rtol=0, atol=0.01):
            fail("an outline is not that of its cluster")
        if selected_image(tree, outlines[0]) != image.sop_instance_uid:
            fail("an outline lies on the wrong image")


def _check_tracking(tree: Mapping[Position, Dataset], findings: set[Position], images: Sequence[ImageFindings]) -> None:
    if sorted(_tracking_uid(tree, position) for position in findings) != sorted(_clusters(images)):
        fail("the clusters of the report are not those of the findings")


def _check_counts(tree: Mapping[Position, Dataset], findings: set[Position], images: Sequence[ImageFindings]) -> None:
    expected = _clusters(images)
    for position in findings:
        counts = children(tree, position, codes.NUMBER_OF_CALCIFICATIONS)
        _, cluster = expected[_tracking_uid(tree, position)]
        told = [float(tree[count].MeasuredValueSequence[0].NumericValue) for count in counts]
        if told != ([] if cluster.count is None else [cluster.count]):
            fail("the number of calcifications is not that of the cluster")


def _clusters(images: Sequence[ImageFindings]) -> dict[str, tuple[ImageFindings, Cluster]]:
    return {cluster.tracking_uid: (image, cluster) for image in images for cluster in image.clusters}


def _detected_on(tree: Mapping[Position, Dataset], name: Code) -> set[str]:
    """Return the images that a container of detections (successful or failed) refers to."""
    containers = [position for position, item in tree.items() if named(item, name)]
    return {
        str(tree[tuple(item.ReferencedContentItemIdentifier)].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        for position, item in tree.items()
        if "ReferencedContentItemIdentifier" in item
        and any(position[: len(container)] == container for container in containers)
    }


def _tracking_uid(tree: Mapping[Position, Dataset], position: Position) -> str:
    found = children(tree, position, codes.TRACKING_UID)
    return str(tree[found[0]].UID) if found else ""
