"""Faults planted in what objects say of a review; each has to be caught."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.bi_rads import AssessmentCategory, Morphology
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.cad_report import cad_report
from MCDetect.dicom.writing.content_tree import content_tree
from MCDetect.dicom.writing.context import ReportContext
from MCDetect.dicom.writing.measurement_report import measurement_report
from MCDetect.dicom.writing.report_checks import check_cad_report, check_measurement_report
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm, Correspondence, Decision, Review


def named(report: Dataset, code: Any) -> list[Dataset]:
    return [
        item
        for item in content_tree(report).values()
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code.value
    ]


def remove(report: Dataset, code: Any) -> None:
    for item in content_tree(report).values():
        for child in list(item.get("ContentSequence", [])):
            if "ConceptNameCodeSequence" in child and child.ConceptNameCodeSequence[0].CodeValue == code.value:
                item.ContentSequence.remove(child)
                return


def present_what_was_rejected(report: Dataset) -> None:
    for item in named(report, codes.RENDERING_INTENT):
        item.ConceptCodeSequence[0].CodeValue = "111150"


def lose_correspondence(report: Dataset) -> None:
    named(report, codes.COMPOSITE_FEATURE)[0].ContentSequence[2].UID = "1.2.3"


def lose_target(report: Dataset) -> None:
    feature = named(report, codes.COMPOSITE_FEATURE)[0]
    del feature.ContentSequence[-1]


def lose_person(report: Dataset) -> None:
    del report.ParticipantSequence


def other_person(report: Dataset) -> None:
    report.ParticipantSequence[0].PersonName = "Somebody^Else"


def incomplete(report: Dataset) -> None:
    report.CompletionFlag = "PARTIAL"


def verified_by_nobody(report: Dataset) -> None:
    report.VerificationFlag = "VERIFIED"
    if "VerifyingObserverSequence" in report:
        del report.VerifyingObserverSequence


def not_told_reviewed(report: Dataset) -> None:
    report.SeriesDescription = "MCDetect (research use)"


def lose_predecessor(report: Dataset) -> None:
    del report.PredecessorDocumentsSequence


def lose_decision(report: Dataset) -> None:
    remove(report, codes.READERS_DECISION)


def other_decision(report: Dataset) -> None:
    named(report, codes.READERS_DECISION)[0].ConceptCodeSequence[0].CodeValue = "rejected"


def lose_reason(report: Dataset) -> None:
    remove(report, codes.REASON_OF_DECISION)


def measure_what_was_rejected(report: Dataset) -> None:
    named(report, codes.IMAGING_MEASUREMENTS)[0].ContentSequence.append(pop_rejected(report))


def hang_what_was_rejected_elsewhere(report: Dataset) -> None:
    report.ContentSequence.append(pop_rejected(report))


def lose_what_was_rejected(report: Dataset) -> None:
    remove(report, codes.REJECTED_CLUSTERS)


def reject_what_was_accepted(report: Dataset) -> None:
    accepted = named(report, codes.IMAGING_MEASUREMENTS)[0].ContentSequence.pop(0)
    named(report, codes.REJECTED_CLUSTERS)[0].ContentSequence.append(accepted)


def draw_what_was_rejected(report: Dataset) -> None:
    region = named(report, codes.IMAGE_REGION)[0]
    named(report, codes.REJECTED_CLUSTERS)[0].ContentSequence[0].ContentSequence.append(deepcopy(region))


def pop_rejected(report: Dataset) -> Dataset:
    groups = named(report, codes.REJECTED_CLUSTERS)[0].ContentSequence
    rejected: Dataset = groups.pop()
    if not groups:
        remove(report, codes.REJECTED_CLUSTERS)
    return rejected


def other_assessment(report: Dataset) -> None:
    named(report, codes.ASSESSMENT_CATEGORY)[0].ConceptCodeSequence[0].CodeValue = "397140005"


def other_morphology(report: Dataset) -> None:
    named(report, codes.CALCIFICATION_TYPE)[0].ConceptCodeSequence[0].CodeValue = "129759000"


def certainty_of_a_reader(report: Dataset) -> None:
    clusters = [item for item in content_tree(report).values() if "ContentSequence" in item]
    drawn = next(
        item for item in clusters if any(child.get("TextValue") == "R CC cluster 3" for child in item.ContentSequence)
    )
    drawn.ContentSequence.append(deepcopy(named(report, codes.CERTAINTY)[0]))


BOTH = (lose_person, other_person, incomplete, verified_by_nobody, not_told_reviewed, lose_predecessor)
FAULTS: dict[str, tuple[Callable[[Dataset], None], ...]] = {
    "cad-sr": (
        *BOTH,
        present_what_was_rejected,
        lose_correspondence,
        lose_target,
        other_morphology,
        certainty_of_a_reader,
    ),
    "measurements-sr": (
        *BOTH,
        lose_decision,
        other_decision,
        lose_reason,
        measure_what_was_rejected,
        hang_what_was_rejected_elsewhere,
        lose_what_was_rejected,
        reject_what_was_accepted,
        draw_what_was_rejected,
        other_assessment,
        other_morphology,
        certainty_of_a_reader,
    ),
}


@pytest.fixture(scope="module")
def reviewed(make_mammogram: Any, find: Any, algorithm: Algorithm) -> Any:
    headers = [make_mammogram("R", "CC"), make_mammogram("R", "MLO", 2)]
    images = [find(header, 3, 1, seed=number) for number, header in enumerate(headers)]
    sources = {str(header.SOPInstanceUID): header for header in headers}
    first, second, third = images[0].clusters
    clusters = (
        replace(
            first,
            decision=Decision.ACCEPTED,
            morphology=Morphology.AMORPHOUS,
            assessment=AssessmentCategory.LOW_SUSPICION,
        ),
        replace(second, decision=Decision.REJECTED, reason="skin"),
        replace(third, origin=type(third.origin)("reader"), score=1.0, decision=Decision.ACCEPTED),
    )
    images[0] = replace(images[0], clusters=clusters)
    makers: dict[str, Any] = {
        "cad-sr": lambda context: cad_report(images, sources, {}, algorithm, context),
        "measurements-sr": lambda context: measurement_report(images, sources, algorithm, context),
    }
    raw = tuple(make(ReportContext()) for make in makers.values())
    joined = Correspondence((first.tracking_uid, images[1].clusters[0].tracking_uid), 0.5)
    context = ReportContext(Review("Reader^Rita", "2026-11-21T14:00:00+00:00", complete=True), (joined,), raw)
    objects = {}
    for kind, make in makers.items():
        stream = BytesIO()
        make(context).save_as(stream, enforce_file_format=True)
        objects[kind] = stream.getvalue()

    def check(kind: str, report: Dataset) -> None:
        if kind == "cad-sr":
            check_cad_report(report, images, sources, {}, algorithm, context)
        else:
            check_measurement_report(report, images, sources, context)

    return objects, check


@pytest.mark.parametrize("kind", FAULTS)
def test_a_good_report_passes(reviewed: Any, kind: str) -> None:
    objects, check = reviewed
    check(kind, dcmread(BytesIO(objects[kind])))


@pytest.mark.parametrize(
    ("kind", "plant"),
    [pytest.param(kind, plant, id=f"{kind} {plant.__name__}") for kind in FAULTS for plant in FAULTS[kind]],
)
def test_a_planted_fault_is_caught(reviewed: Any, kind: str, plant: Callable[[Dataset], None]) -> None:
    objects, check = reviewed
    report = dcmread(BytesIO(objects[kind]))
    plant(report)
    with pytest.raises(OutputError) as caught:
        check(kind, report)
    assert caught.value.code == "invalid-object"
    assert "Rita" not in str(caught.value)
