from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as dictionary
from support.faults_of_reports import items_named

from MCDetect.dicom.export import write_study_objects
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.measurement_report import measurement_report
from MCDetect.dicom.writing.report_checks import check_measurement_report
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm, Decision

MEASUREMENTS = frozenset({"measurements-sr"})
FOUR_VIEWS = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]


@pytest.fixture
def write(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path) -> Any:
    def write_study(*clusters: int, warning: str = "", **changes: Any) -> Any:
        headers = [make_mammogram(*view, **changes) for view in FOUR_VIEWS[: len(clusters)]]
        images = [find(header, count, 1) for header, count in zip(headers, clusters, strict=True)]
        images = [replace(image, warnings=(warning,)) if warning else image for image in images]
        sources = {str(header.SOPInstanceUID): header for header in headers}
        return images, write_study_objects(images, sources, algorithm, {}, tmp_path, MEASUREMENTS)

    return write_study


@pytest.mark.parametrize("clusters", [(1,), (3, 0, 1, 2), (0, 0)])
@pytest.mark.parametrize("changes", [{}, {"FrameOfReferenceUID": "2.25.77"}])
def test_dciodvfy_and_dsrdump_find_no_fault(
    write: Any, faults_by_dciodvfy: Any, faults_by_dsrdump: Any, clusters: tuple[int, ...], changes: dict[str, str]
) -> None:
    _, (path,) = write(*clusters, **changes)
    assert faults_by_dciodvfy(path) == []
    assert faults_by_dsrdump(path) == []


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [(1,), (3, 0, 1, 2), (0, 0)])
def test_pixelmed_finds_no_fault_in_the_template(
    write: Any, faults_by_pixelmed: Any, clusters: tuple[int, ...]
) -> None:
    _, (path,) = write(*clusters)
    assert faults_by_pixelmed(path) == []


def test_highdicom_reads_a_group_with_all_numbers_for_each_cluster(write: Any) -> None:
    images, (path,) = write(2, 0, 1)
    report = highdicom.sr.srread(path)
    groups = report.content.get_planar_roi_measurement_groups()
    clusters = [(image, cluster) for image in images for cluster in image.clusters]
    for group, (image, cluster) in zip(groups, clusters, strict=True):
        assert group.tracking_uid == cluster.tracking_uid
        assert group.finding_type.value == codes.CALCIFICATION_CLUSTER.value
        (site,) = group.finding_sites
        assert site.laterality.meaning == {"R": "Right", "L": "Left"}[image.laterality]
        measured = {item.name.meaning: (item.value, item.unit.value) for item in group.get_measurements()}
        assert measured["Area"] == (cluster.area_mm2, "mm2")
        assert measured["Diameter"] == (cluster.diameter_mm, "mm")
        assert measured["Number of calcifications"] == (cluster.count, "1")
        assert measured["Certainty of Finding"][0] == pytest.approx(100 * cluster.score)
        (evaluation,) = group.get_qualitative_evaluations()
        assert evaluation.value.meaning.lower().startswith(cluster.distribution.value)
        assert group.reference_type == dictionary.DCM.ImageRegion
        expected = [(column + 0.5, row + 0.5) for row, column in (*cluster.outline, cluster.outline[0])]
        assert np.allclose(group.roi.value, expected, atol=1e-3)
        assert group.roi.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.sop_instance_uid


def test_the_evidence_lists_the_images_that_were_measured(write: Any) -> None:
    images, (path,) = write(2, 0, 1)
    listed = [uids[2] for uids in highdicom.sr.srread(path).get_evidence(current_procedure_only=True)]
    assert listed == [image.sop_instance_uid for image in images]


def test_dcmqis_reader_gets_the_measurements(write: Any, run_tool: Any, tmp_path: Path) -> None:
    images, (path,) = write(2)
    run_tool("tid1500reader", "--inputDICOM", path, "--outputMetadata", tmp_path / "read.json")
    read = json.loads((tmp_path / "read.json").read_text(encoding="utf-8"))
    areas = [
        float(item["value"])
        for group in read["Measurements"]
        for item in group["measurementItems"]
        if item["quantity"]["CodeMeaning"] == "Area"
    ]
    assert areas == [round(cluster.area_mm2, 2) for cluster in images[0].clusters]


def test_a_study_without_clusters_gets_a_report_that_says_so_of_each_image(write: Any) -> None:
    images, (path,) = write(0, 0)
    report = highdicom.sr.srread(path)
    assert report.content.get_planar_roi_measurement_groups() == []
    groups = report.content.get_image_measurement_groups()
    for group, image in zip(groups, images, strict=True):
        assert group.finding_type.value == codes.BREAST.value
        assert [str(one.referenced_sop_instance_uid) for one in group.source_images] == [image.sop_instance_uid]
        (evaluation,) = group.get_qualitative_evaluations()
        assert (evaluation.name.value, evaluation.value.value) == (
            codes.CALCIFICATION_CLUSTER.value,
            codes.ABSENT.value,
        )
        measured = {item.name.meaning: (item.value, item.unit.value) for item in group.get_measurements()}
        assert measured == {
            "Area": (image.breast_area_mm2, "mm2"),
            "Number of calcifications": (len(image.calcifications), "1"),
        }
    assert len({group.tracking_uid for group in groups}) == len(images)


def test_what_a_reader_rejected_stands_apart_and_every_measurement_has_a_region(
    make_mammogram: Any, find: Any, algorithm: Algorithm
) -> None:
    headers = [make_mammogram(*view) for view in FOUR_VIEWS[:2]]
    images = [find(header, 2, 1) for header in headers]
    first, second = images[0].clusters
    images[0] = replace(images[0], clusters=(replace(first, decision=Decision.REJECTED), second))
    report = measurement_report(images, {str(header.SOPInstanceUID): header for header in headers}, algorithm)
    (measured,), (apart,) = (
        items_named(report, name) for name in (codes.IMAGING_MEASUREMENTS, codes.REJECTED_CLUSTERS)
    )
    with_region = [[has_region(group) for group in parent.ContentSequence] for parent in (measured, apart)]
    assert with_region == [[True, True, True], [False]]


def test_a_study_whose_clusters_were_all_rejected_is_one_without_clusters(
    make_mammogram: Any, find: Any, algorithm: Algorithm
) -> None:
    header = make_mammogram("R", "CC")
    image = find(header, 2, 1)
    rejected = replace(image, clusters=tuple(replace(one, decision=Decision.REJECTED) for one in image.clusters))
    report = measurement_report([rejected], {str(header.SOPInstanceUID): header}, algorithm)
    check_measurement_report(report, [rejected], {str(header.SOPInstanceUID): header})
    (group,) = items_named(report, codes.IMAGING_MEASUREMENTS)[0].ContentSequence
    said = {item.ConceptNameCodeSequence[0].CodeMeaning: item for item in group.ContentSequence}
    assert said["Calcification Cluster"].ConceptCodeSequence[0].CodeMeaning == "Absent"
    assert said["Number of calcifications"].MeasuredValueSequence[0].NumericValue == 1
    assert len(items_named(report, codes.REJECTED_CLUSTERS)[0].ContentSequence) == 2


@pytest.mark.slow
def test_pixelmed_finds_no_fault_in_groups_of_rejected_clusters_either(
    make_mammogram: Any, find: Any, algorithm: Algorithm, faults_by_pixelmed: Any, tmp_path: Path
) -> None:
    header = make_mammogram("R", "CC")
    image = find(header, 2, 1)
    rejected = replace(image, clusters=tuple(replace(one, decision=Decision.REJECTED) for one in image.clusters))
    report = measurement_report([rejected], {str(header.SOPInstanceUID): header}, algorithm)
    # It judges what a template has a place for: there these groups are put.
    (measured,), (apart,) = (
        items_named(report, name) for name in (codes.IMAGING_MEASUREMENTS, codes.REJECTED_CLUSTERS)
    )
    measured.ContentSequence = apart.ContentSequence
    report.ContentSequence.remove(apart)
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    assert faults_by_pixelmed(tmp_path / "report.dcm") == []


def has_region(group: Dataset) -> bool:
    return any(item.ValueType == "SCOORD" for item in group.ContentSequence)


def test_warnings_and_the_whole_area_of_the_breast_are_told(write: Any) -> None:
    images, (path,) = write(1, warning="This is a partial view of the breast.")
    area, *_ = items_named(dcmread(path), codes.AREA)
    assert area.MeasuredValueSequence[0].NumericValue == 400
    assert area.MeasuredValueSequence[0].FloatingPointValue == images[0].breast_area_mm2
    assert [item.TextValue for item in items_named(dcmread(path), codes.COMMENT)] == [images[0].warnings[0]]
    (source,) = items_named(dcmread(path), codes.SPACING_SOURCE)
    assert source.ConceptCodeSequence[0].CodeValue == "magnification-co"


def claim_presence(report: Dataset) -> None:
    items_named(report, codes.CALCIFICATION_CLUSTER)[0].ConceptCodeSequence[0].CodeValue = "52101004"


def count_wrong(report: Dataset) -> None:
    items_named(report, codes.NUMBER_OF_CALCIFICATIONS)[1].MeasuredValueSequence[0].NumericValue = "77"


def speak_of_one_image_twice(report: Dataset) -> None:
    first, second = items_named(report, codes.MEASUREMENT_GROUP)
    second.ContentSequence = first.ContentSequence


def leave_an_image_out(report: Dataset) -> None:
    del items_named(report, codes.IMAGING_MEASUREMENTS)[0].ContentSequence[1]


def other_breast(report: Dataset) -> None:
    items_named(report, codes.AREA)[0].MeasuredValueSequence[0].NumericValue = "500"


def other_spacing_source(report: Dataset) -> None:
    items_named(report, codes.SPACING_SOURCE)[0].ConceptCodeSequence[0].CodeValue = "calibrated"


def say_nothing(report: Dataset) -> None:
    items_named(report, codes.COMMENT)[0].TextValue = "Something"


def search_a_part(report: Dataset) -> None:
    items_named(report, codes.IMAGE_REGION)[0].GraphicData = [0.0, 0.0, 9.0, 0.0, 9.0, 9.0, 0.0, 9.0, 0.0, 0.0]


SPOILT = (
    claim_presence,
    count_wrong,
    speak_of_one_image_twice,
    leave_an_image_out,
    other_breast,
    other_spacing_source,
    say_nothing,
    search_a_part,
)


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_report_that_does_not_deny_clusters_for_each_image_once_is_not_kept(
    make_mammogram: Any, find: Any, algorithm: Algorithm, spoil: Any
) -> None:
    headers = [make_mammogram(*view) for view in FOUR_VIEWS[:2]]
    images = [find(header, 0, 1) for header in headers]
    sources = {str(header.SOPInstanceUID): header for header in headers}
    report = measurement_report(images, sources, algorithm)
    check_measurement_report(report, images, sources)
    spoil(report)
    with pytest.raises(OutputError):
        check_measurement_report(report, images, sources)
