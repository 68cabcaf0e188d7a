"""TID 1500 measurement report of one study (DICOM PS3.16): the sizes of its clusters, for any viewer.

Each cluster is a planar region with measurements (template 1410): its outline, area, longest diameter, number of
calcifications, their density, certainty, distribution, benign type and descriptors, and what a reader said of it:
morphology, assessment, decision, comment.
Sizes stand here and not in the Mammography CAD report, whose template has no place for them. Clusters that a reader
rejected stand apart from the measurements and have no region (template 1501): no viewer draws or counts them.

The image library tells of each image its size, where its millimetres come from, the area of the breast that was
searched, and warnings. In a study without clusters, or with rejected ones only, each image has a group (template 1501)
that says so, with the area and how many single calcifications are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import highdicom
from pydicom.dataset import Dataset

from MCDetect.dicom.identifiers import MANUFACTURER, stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.cad_image_library import library_entry
from MCDetect.dicom.writing.common import (
    MEASUREMENT_REPORT,
    complete,
    instance_uid,
    series_uid,
    stand_in,
)
from MCDetect.dicom.writing.content_tree import named
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.dicom.writing.measurement_groups import Group, groups_of, rejected_groups_of
from MCDetect.dicom.writing.reader_texts import clean, person_name
from MCDetect.dicom.writing.review_items import document_modules
from MCDetect.findings import Algorithm, ImageFindings, Review
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
    headers = [stand_in(sources[image.sop_instance_uid]) for image in images]
    uids = [image.sop_instance_uid for image in images]
    report = highdicom.sr.MeasurementReport(
        observation_context=_observers(algorithm, context.review),
        procedure_reported=codes.IMAGING_PROCEDURE,
        imaging_measurements=groups_of(images, algorithm, context),
        title=codes.IMAGING_MEASUREMENT_REPORT,
        language_of_content_item_and_descendants=highdicom.sr.LanguageOfContentItemAndDescendants(codes.ENGLISH),
    )
    # highdicom copies and searches the whole content; it is given the report without its groups.
    measurements = _measurements_of(report)
    groups = measurements.ContentSequence
    measurements.ContentSequence = highdicom.sr.ContentSequence()
    dataset: Dataset = highdicom.sr.ComprehensiveSR(
        evidence=headers,
        content=report,
        series_instance_uid=series_uid(MEASUREMENT_REPORT, algorithm, images[0].study_instance_uid, context),
        series_number=MEASUREMENT_REPORT.series_number,
        sop_instance_uid=instance_uid(MEASUREMENT_REPORT, algorithm, images, uids, context),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
    )
    measurements.ContentSequence = groups
    source = sources[images[0].sop_instance_uid]
    dataset.ContentSequence = list(dataset.ContentSequence)  # highdicom's own sequence takes no other items
    _insert_library(dataset, images, sources)
    _add_rejected(dataset, rejected_groups_of(images, algorithm, context))
    if context.review is not None and clean(context.review.comment):
        items.add(dataset, items.text(items.CONTAINS, codes.COMMENT, clean(context.review.comment)))
    document_modules(dataset, source, context)
    _name_local_scheme(dataset)
    complete(dataset, MEASUREMENT_REPORT, source, algorithm, context=context, images=images)
    return dataset


def _measurements_of(report: highdicom.sr.MeasurementReport) -> Dataset:
    """Return the container of the groups."""
    container: Dataset = next(item for item in report[0].ContentSequence if named(item, codes.IMAGING_MEASUREMENTS))
    return container


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


def _insert_library(dataset: Dataset, images: Sequence[ImageFindings], sources: Mapping[str, Dataset]) -> None:
    """Put an image library (template 1600) with what is told of each image before the measurements."""
    group = items.container(items.CONTAINS, codes.IMAGE_LIBRARY_GROUP)
    for image in images:
        entry = library_entry(image, sources[image.sop_instance_uid], codes.SIDES)
        for name, pixels in ((codes.PIXEL_ROWS, image.rows), (codes.PIXEL_COLUMNS, image.columns)):
            items.add(entry, items.number(items.HAS_ACQUISITION_CONTEXT, name, pixels, codes.PIXELS))
        items.add(group, items.add(entry, *_of_image(image)))
    library = items.add(items.container(items.CONTAINS, codes.IMAGE_LIBRARY), group)
    names = [item.ConceptNameCodeSequence[0].CodeValue for item in dataset.ContentSequence]
    dataset.ContentSequence.insert(names.index(codes.IMAGING_MEASUREMENTS.value), library)


def _add_rejected(dataset: Dataset, groups: Sequence[Group]) -> None:
    """Put what a reader rejected behind the measurements, where there is any."""
    if groups:
        rejected = items.container(items.CONTAINS, codes.REJECTED_CLUSTERS)
        items.add(dataset, items.add(rejected, *(group[0] for group in groups)))


def _of_image(image: ImageFindings) -> list[Dataset]:
    """Return where the millimetres come from, the area of the breast if it is known, and the warnings."""
    source = codes.SPACING_SOURCES[image.spacing_source]
    told = [items.code(items.HAS_ACQUISITION_CONTEXT, codes.SPACING_SOURCE, source)]
    if image.breast_area_mm2:
        area = image.breast_area_mm2
        measured = items.number(items.HAS_ACQUISITION_CONTEXT, codes.AREA, area, codes.SQUARE_MILLIMETRE)
        told.append(items.add(measured, items.code(items.HAS_CONCEPT_MODIFIER, codes.FINDING_SITE, codes.BREAST)))
    texts = filter(None, map(clean, image.warnings))
    return told + [items.text(items.HAS_ACQUISITION_CONTEXT, codes.COMMENT, text) for text in texts]


def _name_local_scheme(dataset: Dataset) -> None:
    """Say whose the local codes are (PS3.3, section C.12.1.1.17)."""
    item = Dataset()
    item.CodingSchemeDesignator = codes.LOCAL_SCHEME
    item.CodingSchemeName = "MCDetect local codes"
    item.CodingSchemeResponsibleOrganization = MANUFACTURER
    dataset.CodingSchemeIdentificationSequence = [item]
