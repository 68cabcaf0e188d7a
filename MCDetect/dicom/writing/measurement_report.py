"""TID 1500 measurement report of one study (DICOM PS3.16): the sizes of its clusters, for any viewer.

Each cluster is a planar region with measurements (template 1410): its outline, area, longest diameter, number of
calcifications, their density, certainty, distribution, benign type and descriptors, and what a reader said of it:
morphology, assessment, decision, comment.
Sizes stand here and not in the Mammography CAD report, whose template has no place for them. A cluster that a reader
rejected is told without a region (template 1501), so that no viewer draws it.

In a study without clusters each image has a group (template 1501) that says so: clusters absent, the area of the breast
that was searched, and how many single calcifications there are. Where one image has a cluster, images without one have
no group: validators take the first region in a report for a sign that every group must have one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import highdicom
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.descriptors import Descriptors, Spread
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.cad_image_library import library_entry
from MCDetect.dicom.writing.common import (
    MANUFACTURER,
    MEASUREMENT_REPORT,
    algorithm_parameters,
    complete,
    instance_uid,
    series_uid,
    stand_in,
    tracking_identifier,
    view_label,
)
from MCDetect.dicom.writing.context import RAW, ReportContext, by_reader
from MCDetect.dicom.writing.geometry import graphic_outline
from MCDetect.dicom.writing.reader_texts import clean, person_name
from MCDetect.dicom.writing.review_items import document_modules
from MCDetect.findings import Algorithm, Cluster, Decision, ImageFindings, Review
from MCDetect.version import __version__


def measurement_report(
    images: Sequence[ImageFindings],
    sources: Mapping[str, Dataset],
    algorithm: Algorithm,
    context: ReportContext = RAW,
) -> Dataset:
    """Return a Comprehensive SR with a group of measurements for each cluster of ``images``, or that there is none.

    Parameters
    ----------
    images
        The findings of one study, at least one image.
    sources
        Headers of the images by SOP Instance UID.
    algorithm
        What made the findings.
    context
        Who reviewed them.
    """
    measured = measured_images(images)
    headers = [stand_in(sources[image.sop_instance_uid]) for image in measured]
    uids = [image.sop_instance_uid for image in images]
    report = highdicom.sr.MeasurementReport(
        observation_context=_observers(algorithm, context.review),
        procedure_reported=codes.MAMMOGRAPHY,
        imaging_measurements=[
            group
            for image in measured
            for group in (
                [_group(image, cluster, algorithm, context) for cluster in image.clusters]
                or [_group_without_cluster(image, algorithm)]
            )
        ],
        title=codes.IMAGING_MEASUREMENT_REPORT,
        language_of_content_item_and_descendants=highdicom.sr.LanguageOfContentItemAndDescendants(codes.ENGLISH),
    )
    dataset: Dataset = highdicom.sr.ComprehensiveSR(
        evidence=headers,
        content=report,
        series_instance_uid=series_uid(MEASUREMENT_REPORT, algorithm, measured[0].study_instance_uid, context),
        series_number=MEASUREMENT_REPORT.series_number,
        sop_instance_uid=instance_uid(MEASUREMENT_REPORT, algorithm, images, uids, context),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
    )
    source = sources[measured[0].sop_instance_uid]
    dataset.ContentSequence = list(dataset.ContentSequence)  # highdicom's own sequence takes no other items
    _insert_library(dataset, measured, sources)
    if context.review is not None and clean(context.review.comment):
        items.add(dataset, items.text(items.CONTAINS, codes.COMMENT, clean(context.review.comment)))
    document_modules(dataset, source, context)
    _name_local_scheme(dataset)
    complete(dataset, MEASUREMENT_REPORT, source, algorithm, context=context, images=images)
    return dataset


def measured_images(images: Sequence[ImageFindings]) -> list[ImageFindings]:
    """Return the images that the report of a study speaks of: those with clusters, all where none has one."""
    return [image for image in images if image.clusters] or list(images)


def _observers(algorithm: Algorithm, review: Review | None) -> highdicom.sr.ObservationContext:
    device = highdicom.sr.DeviceObserverIdentifyingAttributes(
        uid=stable_uid("device observer", MANUFACTURER, __version__, algorithm.bundle_sha256),
        name=algorithm.name,
        manufacturer_name=MANUFACTURER,
        model_name=MANUFACTURER,
    )
    context = highdicom.sr.ObserverContext(observer_type=codes.DEVICE, observer_identifying_attributes=device)
    reader = "" if review is None else person_name(review.reader)
    if not reader:
        return highdicom.sr.ObservationContext(observer_device_context=context)
    person = highdicom.sr.ObserverContext(
        observer_type=codes.PERSON,
        observer_identifying_attributes=highdicom.sr.PersonObserverIdentifyingAttributes(name=reader),
    )
    return highdicom.sr.ObservationContext(observer_person_context=person, observer_device_context=context)


def _group(
    image: ImageFindings, cluster: Cluster, algorithm: Algorithm, context: ReportContext
) -> highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations | highdicom.sr.MeasurementsAndQualitativeEvaluations:
    described: dict[str, Any] = {
        "tracking_identifier": highdicom.sr.TrackingIdentifier(
            cluster.tracking_uid, tracking_identifier(image, cluster)
        ),
        "finding_type": codes.CALCIFICATION_CLUSTER,
        "finding_sites": [_site(image)],
        "measurements": _measurements(cluster),
        "qualitative_evaluations": [
            highdicom.sr.QualitativeEvaluation(name, value) for name, value in _evaluations(cluster, context)
        ],
    }
    if not by_reader(cluster):
        described["algorithm_id"] = _identification(algorithm)
    if cluster.decision is Decision.REJECTED:
        group = highdicom.sr.MeasurementsAndQualitativeEvaluations(source_images=[_whole(image)], **described)
    else:
        region = highdicom.sr.ImageRegion(
            graphic_type=highdicom.sr.GraphicTypeValues.POLYLINE,
            graphic_data=graphic_outline(image, cluster),
            source_image=highdicom.sr.SourceImageForRegion(image.sop_class_uid, image.sop_instance_uid),
        )
        group = highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **described)
    for name, said in ((codes.REASON_OF_DECISION, cluster.reason), (codes.COMMENT, cluster.comment)):
        if clean(said):
            contains = highdicom.sr.RelationshipTypeValues.CONTAINS
            group[0].ContentSequence.append(highdicom.sr.TextContentItem(name, clean(said), contains))
    return group


def _group_without_cluster(
    image: ImageFindings, algorithm: Algorithm
) -> highdicom.sr.MeasurementsAndQualitativeEvaluations:
    measurements = [_measurement(codes.NUMBER_OF_CALCIFICATIONS, len(image.calcifications), codes.NO_UNITS, 0)]
    if image.breast_area_mm2:  # unknown where the findings were read from objects that do not tell it
        measurements.insert(0, _measurement(codes.AREA, image.breast_area_mm2, codes.SQUARE_MILLIMETRE, 0))
    return highdicom.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=highdicom.sr.TrackingIdentifier(
            stable_uid(image.sop_instance_uid, algorithm.bundle_sha256, "no cluster"),
            f"{view_label(image)} without clusters",
        ),
        algorithm_id=_identification(algorithm),
        finding_type=codes.BREAST,
        finding_sites=[_site(image)],
        measurements=measurements,
        qualitative_evaluations=[highdicom.sr.QualitativeEvaluation(codes.CALCIFICATION_CLUSTER, codes.ABSENT)],
        source_images=[_whole(image)],
    )


def _site(image: ImageFindings) -> highdicom.sr.FindingSite:
    return highdicom.sr.FindingSite(codes.BREAST, laterality=codes.SIDES.get(image.laterality))


def _whole(image: ImageFindings) -> highdicom.sr.SourceImageForMeasurementGroup:
    return highdicom.sr.SourceImageForMeasurementGroup(image.sop_class_uid, image.sop_instance_uid)


def _identification(algorithm: Algorithm) -> highdicom.sr.AlgorithmIdentification:
    return highdicom.sr.AlgorithmIdentification(
        name=algorithm.name,
        version=algorithm.version,
        parameters=[f"{name}: {value}" for name, value in algorithm_parameters(algorithm)],
    )


def _measurements(cluster: Cluster) -> list[highdicom.sr.Measurement]:
    measurements = [
        _measurement(codes.AREA, cluster.area_mm2, codes.SQUARE_MILLIMETRE, 2),
        _measurement(codes.DIAMETER, cluster.diameter_mm, codes.MILLIMETRE, 2),
        _measurement(codes.NUMBER_OF_CALCIFICATIONS, cluster.count, codes.NO_UNITS, 0),
        _measurement(codes.DENSITY, cluster.density_per_cm2, codes.PER_SQUARE_CENTIMETRE, 1),
    ]
    if not by_reader(cluster):
        measurements.append(_measurement(codes.CERTAINTY, 100 * cluster.score, codes.PERCENT, 1))
    if cluster.descriptors is not None:
        measurements += [_measurement(name, value, unit, 4) for name, value, unit in described(cluster.descriptors)]
    return measurements


def described(descriptors: Descriptors) -> Iterator[tuple[Code, float, Code]]:
    """Yield name, value and unit of each figure of the descriptors, the most probable morphology first."""
    for field, (mean, deviation) in codes.SPREADS.items():
        unit = codes.MILLIMETRE if field.endswith("_mm") else codes.NO_UNITS
        spread: Spread = getattr(descriptors, field)
        yield mean, spread.mean, unit
        yield deviation, spread.deviation, unit
    for one in descriptors.morphologies:
        yield codes.PROBABILITIES[one.morphology], 100 * one.probability, codes.PERCENT
    yield codes.SUSPICION, 100 * descriptors.suspicion, codes.PERCENT


def _evaluations(cluster: Cluster, context: ReportContext) -> list[tuple[Code, Code]]:
    evaluations = [(codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS[cluster.distribution])]
    if cluster.morphology is not None:
        evaluations.append((codes.CALCIFICATION_TYPE, codes.MORPHOLOGIES[cluster.morphology]))
    if cluster.benign_type is not None:
        evaluations.append((codes.BENIGN_TYPE, codes.MORPHOLOGIES[cluster.benign_type]))
    if cluster.assessment is not None:
        evaluations.append((codes.ASSESSMENT_CATEGORY, codes.ASSESSMENTS[cluster.assessment]))
    if context.review is not None or cluster.decision is not Decision.UNDECIDED:
        evaluations.append((codes.READERS_DECISION, codes.DECISIONS[cluster.decision]))
    return evaluations


def _measurement(name: Code, value: float, unit: Code, digits: int) -> highdicom.sr.Measurement:
    measurement = highdicom.sr.Measurement(name, value, unit)
    # highdicom writes a count as 6.0 and a length with all its digits; this text is what viewers show.
    measurement[0].MeasuredValueSequence[0].NumericValue = f"{value:.{digits}f}"
    return measurement


def _insert_library(dataset: Dataset, images: Sequence[ImageFindings], sources: Mapping[str, Dataset]) -> None:
    """Put an image library (template 1600) with size, spacing, side and view before the measurements."""
    group = items.container(items.CONTAINS, codes.IMAGE_LIBRARY_GROUP)
    for image in images:
        entry = library_entry(image, sources[image.sop_instance_uid], codes.SIDES)
        for name, pixels in ((codes.PIXEL_ROWS, image.rows), (codes.PIXEL_COLUMNS, image.columns)):
            items.add(entry, items.number(items.HAS_ACQUISITION_CONTEXT, name, pixels, codes.PIXELS))
        items.add(group, entry)
    library = items.add(items.container(items.CONTAINS, codes.IMAGE_LIBRARY), group)
    names = [item.ConceptNameCodeSequence[0].CodeValue for item in dataset.ContentSequence]
    dataset.ContentSequence.insert(names.index(codes.IMAGING_MEASUREMENTS.value), library)


def _name_local_scheme(dataset: Dataset) -> None:
    """Say whose the local codes are (PS3.3, section C.12.1.1.17)."""
    item = Dataset()
    item.CodingSchemeDesignator = codes.LOCAL_SCHEME
    item.CodingSchemeName = "MCDetect local codes"
    item.CodingSchemeResponsibleOrganization = MANUFACTURER
    dataset.CodingSchemeIdentificationSequence = [item]
