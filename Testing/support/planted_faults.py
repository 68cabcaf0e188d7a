"""Faults to plant in objects that are good, by kind of object; each is a function that spoils a data set in place."""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset
from support import faults_of_reports as report


def polylines(state: Dataset) -> list[Dataset]:
    return list(state.GraphicAnnotationSequence[0].GraphicObjectSequence)


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
        report.no_intent,
        report.no_intent_of_impression,
        report.no_certainty,
        report.move_outline_out,
        report.shift_outline,
        report.open_outline,
        report.break_reference_inside,
        report.refer_to_other_image,
        report.unknown_image,
        report.wrong_class,
        report.no_evidence,
        report.incomplete_evidence,
        report.wrong_summary,
        report.failed_image_told_successful,
        report.lose_cluster,
        report.lose_calcification,
        report.lose_isolated_calcification,
        report.draw_isolated_calcification,
        report.move_calcification,
        report.other_number_of_calcification,
        report.other_calcification,
        report.other_certainty_of_calcification,
        report.move_nipple,
        report.lose_nipple,
        report.wrong_count,
        report.wrong_unit,
        report.wrong_distribution,
        report.wrong_finding,
        report.shared_tracking,
        report.required_below_the_point,
        report.no_operating_point_of_a_finding,
        report.other_recommended_point,
        report.wrong_maximum_point,
        report.other_score_of_a_point,
    ),
    "measurements-sr": (
        *ANY,
        report.move_outline_out,
        report.shift_outline,
        report.open_outline,
        report.refer_to_other_image_by_value,
        report.unknown_image,
        report.wrong_class,
        report.no_evidence,
        report.incomplete_evidence,
        report.lose_group,
        report.wrong_count,
        report.wrong_unit,
        report.wrong_unit_of_area,
        report.wrong_area,
        report.wrong_density,
        report.wrong_distribution,
        report.wrong_finding,
        report.shared_tracking,
    ),
}
