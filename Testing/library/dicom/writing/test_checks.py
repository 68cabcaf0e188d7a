"""Faults are planted in good objects; each has to be caught, and the good object has to pass."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.checks import check_common, check_presentation_state, check_segmentation
from MCDetect.dicom.writing.content_tree import content_tree
from MCDetect.dicom.writing.report_checks import check_cad_report, check_measurement_report
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm, ImageFindings


@dataclass
class Written:
    """What was written about two images with findings and one whose analysis failed."""

    images: list[ImageFindings]
    sources: dict[str, Dataset]
    refused: dict[str, Dataset]
    objects: dict[str, Dataset]

    def check(self, kind: str, written: Dataset) -> None:
        image = self.images[0]
        if kind == "seg":
            check_segmentation(written, image, self.sources[image.sop_instance_uid])
        elif kind == "gsps":
            check_presentation_state(written, image, self.sources[image.sop_instance_uid])
        elif kind == "cad-sr":
            check_cad_report(written, self.images, self.sources, self.refused)
        else:
            check_measurement_report(written, self.images, self.sources)


@pytest.fixture(scope="module")
def written(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path_factory: Any) -> Written:
    folder: Path = tmp_path_factory.mktemp("written")
    headers = [make_mammogram("R", "CC"), make_mammogram("L", "MLO")]
    failed = make_mammogram("L", "CC")
    images = [find(header, clusters=2, isolated=1, seed=seed) for seed, header in enumerate(headers)]
    sources = {str(header.SOPInstanceUID): header for header in headers}
    refused = {str(failed.SOPInstanceUID): failed}
    paths = write_image_objects(images[0], headers[0], algorithm, folder, FORMATS)
    paths += write_study_objects(images, sources, algorithm, refused, folder, FORMATS)
    return Written(images, sources, refused, {path.name.split("_")[0]: dcmread(path) for path in paths})


def items_named(report: Dataset, code: Any) -> list[Dataset]:
    return [
        item
        for item in content_tree(report).values()
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code.value
    ]


def outlines(report: Dataset) -> list[Dataset]:
    return items_named(report, codes.OUTLINE) or items_named(report, codes.IMAGE_REGION)


def polylines(state: Dataset) -> list[Dataset]:
    return list(state.GraphicAnnotationSequence[0].GraphicObjectSequence)


def no_intent(report: Dataset) -> None:
    del items_named(report, codes.SINGLE_IMAGE_FINDING)[0].ContentSequence[0]


def no_intent_of_impression(report: Dataset) -> None:
    del items_named(report, codes.INDIVIDUAL_IMPRESSION)[0].ContentSequence[0]


def no_certainty(report: Dataset) -> None:
    items_named(report, codes.CERTAINTY)[0].ConceptNameCodeSequence[0].CodeValue = "111047"


def move_outline_out(report: Dataset) -> None:
    item = outlines(report)[0]
    item.GraphicData = [item.GraphicData[0], 420.5, *item.GraphicData[2:-2], item.GraphicData[0], 420.5]


def shift_outline(report: Dataset) -> None:
    item = outlines(report)[0]
    item.GraphicData = [value + 0.5 for value in item.GraphicData]


def open_outline(report: Dataset) -> None:
    item = outlines(report)[0]
    item.GraphicData = list(item.GraphicData)[:-2]


def break_reference_inside(report: Dataset) -> None:
    outlines(report)[0].ContentSequence[0].ReferencedContentItemIdentifier = [1, 2, 9]


def refer_to_other_image(report: Dataset) -> None:
    outlines(report)[0].ContentSequence[0].ReferencedContentItemIdentifier = [1, 2, 2]


def refer_to_other_image_by_value(report: Dataset) -> None:
    first, *_, last = (item.ContentSequence[0].ReferencedSOPSequence for item in outlines(report))
    first[0].ReferencedSOPInstanceUID = last[0].ReferencedSOPInstanceUID


def unknown_image(report: Dataset) -> None:
    report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[
        0
    ].ReferencedSOPInstanceUID = "1.2.3"


def wrong_class(report: Dataset) -> None:
    for item in content_tree(report).values():
        if item.get("ValueType") == "IMAGE":
            item.ReferencedSOPSequence[0].ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2.1"


def no_evidence(report: Dataset) -> None:
    del report.CurrentRequestedProcedureEvidenceSequence


def incomplete_evidence(report: Dataset) -> None:
    del report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[-1]


def wrong_summary(report: Dataset) -> None:
    items_named(report, codes.FINDINGS_SUMMARY)[0].ConceptCodeSequence[0].CodeValue = "111241"


def failed_image_told_successful(report: Dataset) -> None:
    items_named(report, codes.FAILED_DETECTIONS)[0].ConceptNameCodeSequence[0].CodeValue = "111063"


def lose_cluster(report: Dataset) -> None:
    del items_named(report, codes.FINDINGS_SUMMARY)[0].ContentSequence[0]


def lose_group(report: Dataset) -> None:
    (container,) = items_named(report, codes.IMAGING_MEASUREMENTS)
    del container.ContentSequence[0]


def lose_calcification(report: Dataset) -> None:
    cluster = items_named(report, codes.SINGLE_IMAGE_FINDING)[0]
    del cluster.ContentSequence[-1]


def wrong_count(report: Dataset) -> None:
    items_named(report, codes.NUMBER_OF_CALCIFICATIONS)[0].MeasuredValueSequence[0].NumericValue = "99"


def wrong_unit(report: Dataset) -> None:
    (*_, last) = items_named(report, codes.CERTAINTY)[:1]
    last.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "1"


def wrong_unit_of_area(report: Dataset) -> None:
    items_named(report, codes.AREA)[0].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "cm2"


def wrong_area(report: Dataset) -> None:
    items_named(report, codes.AREA)[0].MeasuredValueSequence[0].NumericValue = "1.0"


def wrong_distribution(report: Dataset) -> None:
    items_named(report, codes.CALCIFICATION_DISTRIBUTION)[0].ConceptCodeSequence[0].CodeValue = "129765000"


def wrong_finding(report: Dataset) -> None:
    (items_named(report, codes.FINDING) or items_named(report, codes.SINGLE_IMAGE_FINDING)[1:])[0].ConceptCodeSequence[
        0
    ].CodeValue = "111102"


def shared_tracking(report: Dataset) -> None:
    first, second, *_ = items_named(report, codes.TRACKING_UID)
    first.UID = second.UID


def shared_instance(dataset: Dataset) -> None:
    dataset.SOPInstanceUID = dataset.SeriesInstanceUID


def wrong_segment(seg: Dataset) -> None:
    seg.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeValue = "129769006"


def shared_frame_of_reference(seg: Dataset) -> None:
    seg.FrameOfReferenceUID = "2.25.77"


def wrong_patient(dataset: Dataset) -> None:
    dataset.PatientID = "P-43"


def wrong_name(dataset: Dataset) -> None:
    dataset.PatientName = "Doe^Joan"


def no_issuer(dataset: Dataset) -> None:
    del dataset.IssuerOfPatientID


def wrong_study(dataset: Dataset) -> None:
    dataset.StudyInstanceUID = "1.2.3"


def no_series(dataset: Dataset) -> None:
    dataset.SeriesInstanceUID = ""


def other_label(dataset: Dataset) -> None:
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"


def no_maker(dataset: Dataset) -> None:
    dataset.Manufacturer = ""


def flip_pixel(seg: Dataset) -> None:
    data = bytearray(seg.PixelData)
    data[1000] ^= 1
    seg.PixelData = bytes(data)


def swap_segments(seg: Dataset) -> None:
    for groups, number in zip(seg.PerFrameFunctionalGroupsSequence[:2], (2, 1), strict=True):
        groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber = number


def swap_tracking(seg: Dataset) -> None:
    seg.SegmentSequence[0].TrackingUID = seg.SegmentSequence[2].TrackingUID


def no_frame_of_reference(seg: Dataset) -> None:
    seg.FrameOfReferenceUID = ""


def wrong_spacing(seg: Dataset) -> None:
    seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.0673, 0.0673]


def other_source(dataset: Dataset) -> None:
    dataset.ReferencedSeriesSequence[0][
        "ReferencedInstanceSequence" if "SegmentSequence" in dataset else "ReferencedImageSequence"
    ].value[0].ReferencedSOPInstanceUID = "1.2.3"


def move_mark_out(state: Dataset) -> None:
    polyline = polylines(state)[0]
    polyline.GraphicData = [-1.0, *polyline.GraphicData[1:-2], -1.0, polyline.GraphicData[-1]]


def open_mark(state: Dataset) -> None:
    polyline = polylines(state)[0]
    polyline.GraphicData = list(polyline.GraphicData)[:-2]


def lose_mark(state: Dataset) -> None:
    del state.GraphicAnnotationSequence[1].GraphicObjectSequence[0]


def lose_layer(state: Dataset) -> None:
    del state.GraphicLayerSequence[0]


def relative_units(state: Dataset) -> None:
    polylines(state)[0].GraphicAnnotationUnits = "DISPLAY"


ANY = (shared_instance, wrong_patient, wrong_name, no_issuer, wrong_study, no_series, other_label, no_maker)
FAULTS: dict[str, tuple[Callable[[Dataset], None], ...]] = {
    "seg": (
        *ANY,
        flip_pixel,
        swap_segments,
        swap_tracking,
        no_frame_of_reference,
        wrong_spacing,
        other_source,
        wrong_segment,
        shared_frame_of_reference,
    ),
    "gsps": (*ANY, move_mark_out, open_mark, lose_mark, lose_layer, relative_units, other_source),
    "cad-sr": (
        *ANY,
        no_intent,
        no_intent_of_impression,
        no_certainty,
        move_outline_out,
        shift_outline,
        open_outline,
        break_reference_inside,
        refer_to_other_image,
        unknown_image,
        wrong_class,
        no_evidence,
        incomplete_evidence,
        wrong_summary,
        failed_image_told_successful,
        lose_cluster,
        lose_calcification,
        wrong_count,
        wrong_unit,
        wrong_distribution,
        wrong_finding,
        shared_tracking,
    ),
    "measurements-sr": (
        *ANY,
        move_outline_out,
        shift_outline,
        open_outline,
        refer_to_other_image_by_value,
        unknown_image,
        wrong_class,
        no_evidence,
        incomplete_evidence,
        lose_group,
        wrong_count,
        wrong_unit,
        wrong_unit_of_area,
        wrong_area,
        wrong_distribution,
        wrong_finding,
        shared_tracking,
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_good_object_passes(written: Written, kind: str) -> None:
    written.check(kind, written.objects[kind])


PLANTED = [pytest.param(kind, plant, id=f"{kind} {plant.__name__}") for kind in FAULTS for plant in FAULTS[kind]]


@pytest.mark.parametrize(("kind", "plant"), PLANTED)
def test_a_planted_fault_is_caught(written: Written, kind: str, plant: Callable[[Dataset], None]) -> None:
    faulty = deepcopy(written.objects[kind])
    faulty.file_meta = deepcopy(written.objects[kind].file_meta)
    plant(faulty)
    with pytest.raises(OutputError) as caught:
        written.check(kind, faulty)
    assert caught.value.code == "invalid-object"
    assert caught.value.hint
    for private in ("Doe", "P-42", "P-43", "1960"):
        assert private not in str(caught.value)


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "SOPInstanceUID"])
def test_an_object_in_the_series_or_under_the_identifier_of_the_image_is_caught(written: Written, keyword: str) -> None:
    source = written.sources[written.images[0].sop_instance_uid]
    faulty = deepcopy(written.objects["seg"])
    faulty.file_meta = written.objects["seg"].file_meta
    setattr(faulty, keyword, source[keyword].value)
    with pytest.raises(OutputError, match=f"{keyword} is not an identifier of its own"):
        check_common(faulty, source)


def test_an_empty_and_an_absent_value_are_the_same(written: Written) -> None:
    source = deepcopy(written.sources[written.images[0].sop_instance_uid])
    dataset = deepcopy(written.objects["seg"])
    dataset.file_meta = written.objects["seg"].file_meta
    del source.AccessionNumber
    dataset.AccessionNumber = ""
    check_common(dataset, source)


def test_the_check_does_not_trust_the_masks_of_the_writer(written: Written) -> None:
    image = written.images[0]
    first = image.calcifications[0]
    moved = replace(first, runs=tuple((row, column + 1, length) for row, column, length in first.runs))
    other = replace(image, calcifications=(moved, *image.calcifications[1:]))
    with pytest.raises(OutputError, match="pixels of segment 1"):
        check_segmentation(written.objects["seg"], other, written.sources[image.sop_instance_uid])
    assert np.any(written.objects["seg"].pixel_array)


def test_a_region_half_a_pixel_beside_its_outline_is_caught(written: Written) -> None:
    image = written.images[0]
    outline = tuple((row + 0.6, column + 0.6) for row, column in image.clusters[0].outline)
    moved = replace(image, clusters=(replace(image.clusters[0], outline=outline), *image.clusters[1:]))
    with pytest.raises(OutputError, match="pixels of segment 2"):
        check_segmentation(written.objects["seg"], moved, written.sources[image.sop_instance_uid])
