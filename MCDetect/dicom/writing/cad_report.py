"""Mammography CAD SR of one study (DICOM PS3.16, template 4000): what a mammography workstation draws.

The report speaks of every mammogram of the study that was looked at, with and without findings, and of those whose
analysis failed. A finding is a cluster; its calcifications are nested in it. A cluster that a reader rejected stays in
the report and is not for presentation. Neither are calcifications outside of clusters and the nipple, and the summary
does not count them: with them nearly every report would have to say "with findings" (CID 6047).

Templates: 4000 root, 4020 image library, 4001 overall impression, 4003 individual impression with the findings of
``cad_findings``, ``cad_calcifications`` and ``cad_mentions``, 4015 and 4017 detections performed with 4023 (operating
points), 4016 and 4018 analyses performed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import MammographyCADSRStorage

from MCDetect.dicom.parts import told_by_report
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.cad_calcifications import Positions, Setting, algorithm_items, impression_of_image
from MCDetect.dicom.writing.cad_findings import Feature, feature_item, features_of, intent_of
from MCDetect.dicom.writing.cad_image_library import image_library
from MCDetect.dicom.writing.cad_mentions import mention, mentioned
from MCDetect.dicom.writing.common import CAD_REPORT, complete, instance_uid, series_uid
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.dicom.writing.macros import evidence
from MCDetect.dicom.writing.operating_points import operating_point_items, operating_points, parameter_items
from MCDetect.dicom.writing.review_items import document_modules
from MCDetect.findings import Algorithm, Correspondence, ImageFindings

# The image library is the second item of the root, after the language; see `cad_report`.
_LIBRARY_POSITION = (1, 2)


def cad_report(
    images: Sequence[ImageFindings],
    sources: Mapping[str, Dataset],
    refused: Mapping[str, Dataset],
    algorithm: Algorithm,
    context: ReportContext = RAW,
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
    context
        Who reviewed them, which clusters are the same, and which operating points the model has.
    """
    succeeded = [sources[image.sop_instance_uid] for image in images]
    failed = list(refused.values())
    library = [*succeeded, *failed]
    positions = {
        str(source.SOPInstanceUID): (*_LIBRARY_POSITION, number) for number, source in enumerate(library, start=1)
    }
    dataset = Dataset()
    dataset.SOPClassUID = MammographyCADSRStorage
    dataset.SOPInstanceUID = instance_uid(CAD_REPORT, algorithm, images, list(positions), context)
    dataset.SeriesInstanceUID = series_uid(CAD_REPORT, algorithm, str(library[0].StudyInstanceUID), context)
    dataset.Modality = "SR"
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.PerformedProcedureCodeSequence = []
    document_modules(dataset, library[0], context)
    dataset.ContentDate, dataset.ContentTime = "", ""
    dataset.CurrentRequestedProcedureEvidenceSequence = evidence(library)
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "4000"
    dataset.ContentTemplateSequence = [template]
    root = items.container(items.CONTAINS, codes.MAMMOGRAPHY_CAD_REPORT)
    del root.RelationshipType  # the root has no parent
    dataset.update(root)
    features = features_of(images, context.correspondences)
    outlined = {image.sop_instance_uid: told_by_report(image) for image in images}
    setting = Setting(algorithm, positions, operating_points(algorithm, context.operating_points), outlined)
    items.add(
        dataset,
        items.code(items.HAS_CONCEPT_MODIFIER, codes.LANGUAGE, codes.ENGLISH),
        image_library(images, sources, refused),
        _overall_impression(images, features, context.correspondences, bool(failed), setting),
        _summary_of_detections(succeeded, failed, setting),
        _summary_of_analyses(features, algorithm, positions),
    )
    complete(dataset, CAD_REPORT, library[0], algorithm, context=context, images=images)
    return dataset


def findings_summary(found: bool, some_failed: bool, all_failed: bool) -> Code:
    """Return the code of the CAD Processing and Findings Summary (CID 6047)."""
    if all_failed:
        return codes.NONE_SUCCEEDED
    if some_failed:
        return codes.SOME_SUCCEEDED_WITH_FINDINGS if found else codes.SOME_SUCCEEDED_WITHOUT_FINDINGS
    return codes.ALL_SUCCEEDED_WITH_FINDINGS if found else codes.ALL_SUCCEEDED_WITHOUT_FINDINGS


def _overall_impression(
    images: Sequence[ImageFindings],
    features: Sequence[Feature],
    correspondences: Sequence[Correspondence],
    failed: bool,
    setting: Setting,
) -> Dataset:
    status = findings_summary(bool(features), failed, not images)
    summary = items.code(items.CONTAINS, codes.FINDINGS_SUMMARY, status)
    for feature in features:
        impression = items.container(items.INFERRED_FROM, codes.INDIVIDUAL_IMPRESSION)
        items.add(
            impression,
            items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, intent_of(feature, setting.points)),
            feature_item(items.CONTAINS, feature, setting),
        )
        items.add(summary, impression)
    besides = (impression_of_image(image, setting) for image in images)
    items.add(summary, *(impression for impression in besides if impression is not None))
    return items.add(summary, *(mention(one, images, setting) for one in mentioned(images, correspondences)))


def _summary_of_detections(succeeded: Sequence[Dataset], failed: Sequence[Dataset], setting: Setting) -> Dataset:
    status = {(True, False): codes.SUCCEEDED, (True, True): codes.PARTIALLY_SUCCEEDED, (False, True): codes.FAILED}[
        bool(succeeded), bool(failed)
    ]
    summary = items.code(items.CONTAINS, codes.SUMMARY_OF_DETECTIONS, status)
    for name, sources in ((codes.SUCCESSFUL_DETECTIONS, succeeded), (codes.FAILED_DETECTIONS, failed)):
        if sources:
            performed = items.add(
                items.code(items.CONTAINS, codes.DETECTION_PERFORMED, codes.CALCIFICATION_CLUSTER),
                *algorithm_items(setting.algorithm, with_parameters=True),
                *parameter_items(setting.points),
                *(
                    items.by_reference(items.HAS_PROPERTIES, setting.positions[str(source.SOPInstanceUID)])
                    for source in sources
                ),
                *operating_point_items(setting.points),
            )
            items.add(summary, items.add(items.container(items.INFERRED_FROM, name), performed))
    return summary


def _summary_of_analyses(features: Sequence[Feature], algorithm: Algorithm, positions: Positions) -> Dataset:
    """Return what was analysed besides the images themselves (CID 6043): whether clusters of two views are the same."""
    related = dict.fromkeys(
        image.sop_instance_uid
        for feature in features
        if feature.correspondence is not None
        for image, _ in feature.findings()
    )
    if not related:
        return items.code(items.CONTAINS, codes.SUMMARY_OF_ANALYSES, codes.NOT_ATTEMPTED)
    performed = items.add(
        items.code(items.CONTAINS, codes.ANALYSIS_PERFORMED, codes.SPATIAL_COLLOCATION),
        *algorithm_items(algorithm),
        *(items.by_reference(items.HAS_PROPERTIES, positions[uid]) for uid in related),
    )
    successful = items.add(items.container(items.INFERRED_FROM, codes.SUCCESSFUL_ANALYSES), performed)
    return items.add(items.code(items.CONTAINS, codes.SUMMARY_OF_ANALYSES, codes.SUCCEEDED), successful)
