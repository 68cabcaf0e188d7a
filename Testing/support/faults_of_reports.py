"""Faults to plant in good reports; each function spoils one in place."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.content_tree import content_tree


def items_named(report: Dataset, code: Any) -> list[Dataset]:
    return [
        item
        for item in content_tree(report).values()
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code.value
    ]


def outlines(report: Dataset) -> list[Dataset]:
    return items_named(report, codes.OUTLINE) or items_named(report, codes.IMAGE_REGION)


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


def calcifications(report: Dataset) -> list[Dataset]:
    """Return those outside of clusters last."""
    findings = items_named(report, codes.SINGLE_IMAGE_FINDING)
    return [item for item in findings if item.ConceptCodeSequence[0].CodeValue == codes.INDIVIDUAL_CALCIFICATION.value]


def part(item: Dataset, name: Any) -> Dataset:
    return next(one for one in item.ContentSequence if one.ConceptNameCodeSequence[0].CodeValue == name.value)


def lose_isolated_calcification(report: Dataset) -> None:
    del items_named(report, codes.INDIVIDUAL_IMPRESSION)[-1].ContentSequence[-1]


def draw_isolated_calcification(report: Dataset) -> None:
    intent = part(calcifications(report)[-1], codes.RENDERING_INTENT)
    intent.ConceptCodeSequence[0].CodeValue = codes.PRESENTATION_OPTIONAL.value


def move_calcification(report: Dataset) -> None:
    part(calcifications(report)[0], codes.CENTER).GraphicData = [10.0, 11.0]


def other_number_of_calcification(report: Dataset) -> None:
    part(calcifications(report)[0], codes.TRACKING_IDENTIFIER).TextValue = "R CC calcification 77"


def other_calcification(report: Dataset) -> None:
    part(calcifications(report)[0], codes.TRACKING_UID).UID = "2.25.7"


def other_certainty_of_calcification(report: Dataset) -> None:
    part(calcifications(report)[-1], codes.CERTAINTY).MeasuredValueSequence[0].NumericValue = "1.5"


def move_nipple(report: Dataset) -> None:
    findings = items_named(report, codes.SINGLE_IMAGE_FINDING)
    nipple = next(item for item in findings if item.ConceptCodeSequence[0].CodeValue == codes.NIPPLE.value)
    part(nipple, codes.CENTER).GraphicData = [10.0, 11.0]


def lose_nipple(report: Dataset) -> None:
    del items_named(report, codes.INDIVIDUAL_IMPRESSION)[-1].ContentSequence[1]


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


def wrong_density(report: Dataset) -> None:
    items_named(report, codes.DENSITY)[0].MeasuredValueSequence[0].NumericValue = "1.0"


def required_below_the_point(report: Dataset) -> None:
    optional = (item for item in items_named(report, codes.RENDERING_INTENT) if "ContentSequence" in item)
    item = next(optional)
    item.ConceptCodeSequence[0].CodeValue = codes.PRESENTATION_REQUIRED.value
    del item.ContentSequence


def no_operating_point_of_a_finding(report: Dataset) -> None:
    del next(item for item in items_named(report, codes.RENDERING_INTENT) if "ContentSequence" in item).ContentSequence


def other_recommended_point(report: Dataset) -> None:
    items_named(report, codes.RECOMMENDED_OPERATING_POINT)[0].MeasuredValueSequence[0].NumericValue = "0"


def wrong_maximum_point(report: Dataset) -> None:
    items_named(report, codes.MAXIMUM_OPERATING_POINT)[0].MeasuredValueSequence[0].NumericValue = "5"


def other_score_of_a_point(report: Dataset) -> None:
    told = (item for item in items_named(report, codes.ALGORITHM_PARAMETERS) if "point 0" in item.TextValue)
    next(told).TextValue = "CAD operating point 0: strict, cluster score at least 0.8"


def shared_tracking(report: Dataset) -> None:
    first, second, *_ = items_named(report, codes.TRACKING_UID)
    first.UID = second.UID
