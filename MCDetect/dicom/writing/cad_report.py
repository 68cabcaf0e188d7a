"""Mammography CAD SR of one study (DICOM PS3.16, template 4000): what a mammography workstation draws.

The report speaks of every mammogram of the study that was looked at, with and without findings, and of those whose
analysis failed. A finding is a cluster; its calcifications are nested in it. Calcifications outside of clusters are
not findings here: they are in the segmentation.

Templates: 4000 root, 4020 image library, 4001 overall impression, 4003 individual impression, 4006 single image
finding with 4010 (cluster), 4019 (algorithm), 4021 (geometry) and 4108 (tracking), 4015 and 4017 detections performed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import MammographyCADSRStorage

from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.cad_image_library import image_library
from MCDetect.dicom.writing.common import (
    CAD_REPORT,
    algorithm_parameters,
    complete,
    instance_uid,
    series_uid,
)
from MCDetect.dicom.writing.geometry import cluster_center, graphic_outline, graphic_point
from MCDetect.dicom.writing.macros import evidence
from MCDetect.findings import Algorithm, Calcification, Cluster, ImageFindings

# The image library is the second item of the root, after the language; see `cad_report`.
_LIBRARY_POSITION = (1, 2)


def cad_report(
    images: Sequence[ImageFindings],
    sources: Mapping[str, Dataset],
    refused: Mapping[str, Dataset],
    algorithm: Algorithm,
) -> Dataset:
    """Return the Mammography CAD report of one study.

    Parameters
    ----------
    images
        What was found, an entry for each image that was analysed.
    sources
        Headers of these images by SOP Instance UID.
    refused
        Headers of the mammograms whose analysis failed, by SOP Instance UID.
    algorithm
        What made the findings.
    """
    succeeded = [sources[image.sop_instance_uid] for image in images]
    failed = list(refused.values())
    library = [*succeeded, *failed]
    positions = {
        str(source.SOPInstanceUID): (*_LIBRARY_POSITION, number) for number, source in enumerate(library, start=1)
    }
    dataset = Dataset()
    dataset.SOPClassUID = MammographyCADSRStorage
    dataset.SOPInstanceUID = instance_uid(CAD_REPORT, algorithm, images, list(positions))
    dataset.SeriesInstanceUID = series_uid(CAD_REPORT, algorithm, str(library[0].StudyInstanceUID))
    dataset.Modality = "SR"
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.PerformedProcedureCodeSequence = []
    dataset.CompletionFlag = "COMPLETE"
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.ContentDate, dataset.ContentTime = "", ""
    dataset.CurrentRequestedProcedureEvidenceSequence = evidence(library)
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "4000"
    dataset.ContentTemplateSequence = [template]
    root = items.container(items.CONTAINS, codes.MAMMOGRAPHY_CAD_REPORT)
    del root.RelationshipType  # the root has no parent
    dataset.update(root)
    items.add(
        dataset,
        items.code(items.HAS_CONCEPT_MODIFIER, codes.LANGUAGE, codes.ENGLISH),
        image_library(images, sources, refused),
        _overall_impression(images, bool(failed), algorithm, positions),
        _summary_of_detections(succeeded, failed, algorithm, positions),
        # Analyses are temporal comparison, image quality and the like (CID 6043), none of which is done here.
        items.code(items.CONTAINS, codes.SUMMARY_OF_ANALYSES, codes.NOT_ATTEMPTED),
    )
    complete(dataset, CAD_REPORT, library[0], algorithm)
    return dataset


def findings_summary(found: bool, some_failed: bool, all_failed: bool) -> Code:
    """Return the code of the CAD Processing and Findings Summary (CID 6047)."""
    if all_failed:
        return codes.NONE_SUCCEEDED
    if some_failed:
        return codes.SOME_SUCCEEDED_WITH_FINDINGS if found else codes.SOME_SUCCEEDED_WITHOUT_FINDINGS
    return codes.ALL_SUCCEEDED_WITH_FINDINGS if found else codes.ALL_SUCCEEDED_WITHOUT_FINDINGS


def _overall_impression(
    images: Sequence[ImageFindings], failed: bool, algorithm: Algorithm, positions: Mapping[str, Sequence[int]]
) -> Dataset:
    found = any(image.clusters for image in images)
    summary = items.code(items.CONTAINS, codes.FINDINGS_SUMMARY, findings_summary(found, failed, not images))
    for image in images:
        for cluster in image.clusters:
            impression = items.container(items.INFERRED_FROM, codes.INDIVIDUAL_IMPRESSION)
            items.add(
                impression,
                items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, codes.PRESENTATION_REQUIRED),
                _cluster(image, cluster, algorithm, positions[image.sop_instance_uid]),
            )
            items.add(summary, impression)
    return summary


def _cluster(image: ImageFindings, cluster: Cluster, algorithm: Algorithm, position: Sequence[int]) -> Dataset:
    outline = items.coordinates(items.HAS_PROPERTIES, codes.OUTLINE, "POLYLINE", graphic_outline(image, cluster))
    center = items.coordinates(items.HAS_PROPERTIES, codes.CENTER, "POINT", cluster_center(image, cluster))
    finding = items.add(
        items.code(items.CONTAINS, codes.SINGLE_IMAGE_FINDING, codes.CALCIFICATION_CLUSTER),
        items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, codes.PRESENTATION_REQUIRED),
        items.text(items.HAS_OBSERVATION_CONTEXT, codes.TRACKING_IDENTIFIER, f"Cluster {cluster.id}"),
        items.uid(items.HAS_OBSERVATION_CONTEXT, codes.TRACKING_UID, cluster.tracking_uid),
        *_algorithm(algorithm),
        items.number(items.HAS_PROPERTIES, codes.CERTAINTY, 100 * cluster.score, codes.PERCENT, digits=1),
        items.add(center, items.by_reference(items.SELECTED_FROM, position)),
        items.add(outline, items.by_reference(items.SELECTED_FROM, position)),
        items.code(items.HAS_PROPERTIES, codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS[cluster.distribution]),
        items.number(items.HAS_PROPERTIES, codes.NUMBER_OF_CALCIFICATIONS, cluster.count, codes.NO_UNITS),
    )
    members = image.members(cluster)
    return items.add(finding, *(_calcification(image, member, algorithm, position) for member in members))


def _calcification(
    image: ImageFindings, calcification: Calcification, algorithm: Algorithm, position: Sequence[int]
) -> Dataset:
    point = graphic_point(image, calcification.row, calcification.column)
    center = items.coordinates(items.HAS_PROPERTIES, codes.CENTER, "POINT", point)
    return items.add(
        items.code(items.INFERRED_FROM, codes.SINGLE_IMAGE_FINDING, codes.INDIVIDUAL_CALCIFICATION),
        # The outline of the cluster has to be drawn; a mark on each of its calcifications may be.
        items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, codes.PRESENTATION_OPTIONAL),
        *_algorithm(algorithm),
        items.number(items.HAS_PROPERTIES, codes.CERTAINTY, 100 * calcification.score, codes.PERCENT, digits=1),
        items.add(center, items.by_reference(items.SELECTED_FROM, position)),
    )


def _summary_of_detections(
    succeeded: Sequence[Dataset],
    failed: Sequence[Dataset],
    algorithm: Algorithm,
    positions: Mapping[str, Sequence[int]],
) -> Dataset:
    status = {(True, False): codes.SUCCEEDED, (True, True): codes.PARTIALLY_SUCCEEDED, (False, True): codes.FAILED}[
        bool(succeeded), bool(failed)
    ]
    summary = items.code(items.CONTAINS, codes.SUMMARY_OF_DETECTIONS, status)
    for name, sources in ((codes.SUCCESSFUL_DETECTIONS, succeeded), (codes.FAILED_DETECTIONS, failed)):
        if sources:
            performed = items.add(
                items.code(items.CONTAINS, codes.DETECTION_PERFORMED, codes.CALCIFICATION_CLUSTER),
                *_algorithm(algorithm, with_parameters=True),
                *(
                    items.by_reference(items.HAS_PROPERTIES, positions[str(source.SOPInstanceUID)])
                    for source in sources
                ),
            )
            items.add(summary, items.add(items.container(items.INFERRED_FROM, name), performed))
    return summary


def _algorithm(algorithm: Algorithm, with_parameters: bool = False) -> list[Dataset]:
    """Return name and version, which every finding has to have, and the parameters where they are told once."""
    described = [
        items.text(items.HAS_PROPERTIES, codes.ALGORITHM_NAME, algorithm.name),
        items.text(items.HAS_PROPERTIES, codes.ALGORITHM_VERSION, algorithm.version),
    ]
    if with_parameters:
        described += [
            items.text(items.HAS_PROPERTIES, codes.ALGORITHM_PARAMETERS, f"{name}: {value}")
            for name, value in algorithm_parameters(algorithm)
        ]
    return described
