from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.dicom.contours import runs_of_contour
from MCDetect.dicom.export import write_study_objects
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.content_tree import content_tree
from MCDetect.findings import Algorithm, Decision

CAD = frozenset({"cad-sr"})
FOUR_VIEWS = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]

# name: (clusters of each analysed image, number of images whose analysis failed)
CASES = {
    "one image with findings": ([2], 0),
    "one image without findings": ([0], 0),
    "one image that failed": ([], 1),
    "four images with findings": ([1, 0, 2, 0], 0),
    "four images without findings": ([0, 0, 0, 0], 0),
    "four images, one failed, with findings": ([1, 0, 1], 1),
    "four images, one failed, without findings": ([0, 0, 0], 1),
    "four images that failed": ([], 4),
}


@pytest.fixture
def write(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path) -> Any:
    def write_case(case: str) -> Any:
        clusters, failed = CASES[case]
        headers = [make_mammogram(*view) for view in FOUR_VIEWS[: len(clusters) + failed]]
        images = [find(header, count, 2) for header, count in zip(headers, clusters, strict=False)]
        sources = {str(header.SOPInstanceUID): header for header in headers[: len(clusters)]}
        refused = {str(header.SOPInstanceUID): header for header in headers[len(clusters) :]}
        (path,) = write_study_objects(images, sources, algorithm, refused, tmp_path, CAD)
        return images, refused, path

    return write_case


def named(tree: dict[tuple[int, ...], Dataset], code: Any) -> list[tuple[tuple[int, ...], Dataset]]:
    return [
        (position, item)
        for position, item in tree.items()
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code.value
    ]


def child(item: Dataset, code: Any) -> Dataset:
    (found,) = [
        one
        for one in item.ContentSequence
        if "ConceptNameCodeSequence" in one and one.ConceptNameCodeSequence[0].CodeValue == code.value
    ]
    return found


@pytest.mark.parametrize("case", CASES)
def test_dciodvfy_and_dsrdump_find_no_fault(
    write: Any, faults_by_dciodvfy: Any, faults_by_dsrdump: Any, case: str
) -> None:
    _, _, path = write(case)
    assert faults_by_dciodvfy(path) == []
    assert faults_by_dsrdump(path) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", ["one image with findings", "four images, one failed, with findings"])
def test_pixelmed_finds_no_fault_in_the_template_with_findings(write: Any, faults_by_pixelmed: Any, case: str) -> None:
    assert faults_by_pixelmed(write(case)[2]) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", ["four images without findings", "one image that failed"])
def test_pixelmed_finds_no_fault_in_the_template_without_findings(
    write: Any, faults_by_pixelmed: Any, case: str
) -> None:
    assert faults_by_pixelmed(write(case)[2]) == []


@pytest.mark.slow
def test_pixelmed_would_see_a_missing_intent(write: Any, faults_by_pixelmed: Any, tmp_path: Path) -> None:
    report = dcmread(write("one image with findings")[2])
    for _, finding in named(content_tree(report), codes.SINGLE_IMAGE_FINDING):
        del finding.ContentSequence[0]
    report.save_as(tmp_path / "faulty.dcm")
    assert any("Rendering Intent" in fault for fault in faults_by_pixelmed(tmp_path / "faulty.dcm"))


@pytest.mark.parametrize(
    ("case", "summary", "detections"),
    [
        ("one image with findings", "111242", "111222"),
        ("one image without findings", "111241", "111222"),
        ("one image that failed", "111245", "111224"),
        ("four images, one failed, with findings", "111244", "111223"),
        ("four images, one failed, without findings", "111243", "111223"),
        ("four images that failed", "111245", "111224"),
    ],
)
def test_the_summaries_tell_what_was_done_and_found(write: Any, case: str, summary: str, detections: str) -> None:
    report = dcmread(write(case)[2])
    assert child(report, codes.FINDINGS_SUMMARY).ConceptCodeSequence[0].CodeValue == summary
    assert child(report, codes.SUMMARY_OF_DETECTIONS).ConceptCodeSequence[0].CodeValue == detections
    assert child(report, codes.SUMMARY_OF_ANALYSES).ConceptCodeSequence[0].CodeValue == "111225"


def test_each_image_is_told_to_have_succeeded_or_failed(write: Any) -> None:
    images, refused, path = write("four images, one failed, with findings")
    report = dcmread(path)
    tree = content_tree(report)
    for name, expected in (
        (codes.SUCCESSFUL_DETECTIONS, [image.sop_instance_uid for image in images]),
        (codes.FAILED_DETECTIONS, list(refused)),
    ):
        ((_, container),) = named(tree, name)
        (performed,) = container.ContentSequence
        references = [item for item in performed.ContentSequence if "ReferencedContentItemIdentifier" in item]
        entries = [tree[tuple(item.ReferencedContentItemIdentifier)] for item in references]
        assert [entry.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for entry in entries] == expected
        parameters = [item.TextValue for item in performed.ContentSequence if item.get("ValueType") == "TEXT"]
        assert parameters[:2] == ["MCDetect", "0.1.0"]
        assert any("c0ffee" in text for text in parameters)


def test_a_finding_is_a_cluster_with_its_geometry_on_its_own_image(write: Any) -> None:
    images, _, path = write("four images with findings")
    tree = content_tree(dcmread(path))
    findings = [
        item
        for _, item in named(tree, codes.SINGLE_IMAGE_FINDING)
        if item.ConceptCodeSequence[0].CodeValue == "129769006"
    ]
    assert len(findings) == 3
    clusters = [(image, cluster) for image in images for cluster in image.clusters]
    for finding, (image, cluster) in zip(findings, clusters, strict=True):
        assert child(finding, codes.RENDERING_INTENT).ConceptCodeSequence[0].CodeValue == "111150"
        assert cluster.tracking_uid == child(finding, codes.TRACKING_UID).UID
        certainty = child(finding, codes.CERTAINTY).MeasuredValueSequence[0]
        assert float(certainty.NumericValue) == pytest.approx(100 * cluster.score, abs=0.05)
        outline = child(finding, codes.OUTLINE)
        assert outline.GraphicType == "POLYLINE"
        expected = [(column + 0.5, row + 0.5) for row, column in (*cluster.outline, cluster.outline[0])]
        assert np.allclose(np.reshape(outline.GraphicData, (-1, 2)), expected, atol=1e-3)
        entry = tree[tuple(outline.ContentSequence[0].ReferencedContentItemIdentifier)]
        assert entry.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.sop_instance_uid
        count = child(finding, codes.NUMBER_OF_CALCIFICATIONS).MeasuredValueSequence[0]
        assert count.NumericValue == cluster.count
        distribution = child(finding, codes.CALCIFICATION_DISTRIBUTION).ConceptCodeSequence[0]
        assert distribution.CodeMeaning.lower().startswith(cluster.distribution.value)
        nested = [
            item
            for item in finding.ContentSequence
            if item.get("ConceptCodeSequence") and item.ConceptCodeSequence[0].CodeValue == "129770007"
        ]
        centers = [child(item, codes.CENTER).GraphicData for item in nested]
        wanted = [(member.column + 0.5, member.row + 0.5) for member in image.members(cluster)]
        assert np.allclose(centers, wanted, atol=1e-3)


def test_the_image_library_describes_every_image(write: Any) -> None:
    report = dcmread(write("four images, one failed, without findings")[2])
    entries = child(report, codes.IMAGE_LIBRARY).ContentSequence
    sides = [child(entry, codes.IMAGE_LATERALITY).ConceptCodeSequence[0].CodeMeaning for entry in entries]
    views = [child(entry, codes.IMAGE_VIEW).ConceptCodeSequence[0].CodeMeaning for entry in entries]
    assert sides == ["Right breast", "Left breast"] * 2
    assert views == ["cranio-caudal"] * 2 + ["medio-lateral oblique"] * 2
    spacing = child(entries[0], codes.HORIZONTAL_PIXEL_SPACING).MeasuredValueSequence[0]
    assert float(spacing.NumericValue) == 0.0673


def test_side_and_view_of_a_failed_image_are_told_wherever_its_header_says_them(
    make_mammogram: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram("L", "MLO", ImageLaterality=None, Laterality="L", ViewCodeSequence=None, ViewPosition="MLO")
    (path,) = write_study_objects([], {}, algorithm, {str(header.SOPInstanceUID): header}, tmp_path, CAD)
    (entry,) = child(dcmread(path), codes.IMAGE_LIBRARY).ContentSequence
    assert child(entry, codes.IMAGE_LATERALITY).ConceptCodeSequence[0].CodeMeaning == "Left breast"
    assert child(entry, codes.IMAGE_VIEW).ConceptCodeSequence[0].CodeMeaning == "MLO"


def test_the_evidence_lists_every_image_also_the_failed_one(write: Any) -> None:
    images, refused, path = write("four images, one failed, without findings")
    (study,) = dcmread(path).CurrentRequestedProcedureEvidenceSequence
    listed = [series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for series in study.ReferencedSeriesSequence]
    assert sorted(listed) == sorted([*(image.sop_instance_uid for image in images), *refused])


def test_calcifications_outside_of_clusters_and_the_nipple_are_told_and_not_drawn(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = find(header, clusters=0, isolated=5)
    sources = {image.sop_instance_uid: header}
    (path,) = write_study_objects([image], sources, algorithm, {}, tmp_path, CAD)
    report = dcmread(path)
    summary = child(report, codes.FINDINGS_SUMMARY)
    assert summary.ConceptCodeSequence[0].CodeValue == codes.ALL_SUCCEEDED_WITHOUT_FINDINGS.value
    (impression,) = summary.ContentSequence
    findings = [item for _, item in named(content_tree(report), codes.SINGLE_IMAGE_FINDING)]
    for item in (impression, *findings):
        assert child(item, codes.RENDERING_INTENT).ConceptCodeSequence[0].CodeValue == codes.NOT_FOR_PRESENTATION.value
    nipple, *calcifications = findings
    assert nipple.ConceptCodeSequence[0].CodeValue == codes.NIPPLE.value
    assert list(child(nipple, codes.CENTER).GraphicData) == [13.0, header.Rows / 2 + 0.5]
    for item, one in zip(calcifications, image.calcifications, strict=True):
        assert item.ConceptCodeSequence[0].CodeValue == codes.INDIVIDUAL_CALCIFICATION.value
        assert child(item, codes.TRACKING_IDENTIFIER).TextValue == f"R CC calcification {one.id}"
        certainty = child(item, codes.CERTAINTY).MeasuredValueSequence[0]
        assert certainty.FloatingPointValue == 100 * one.score
        assert certainty.NumericValue == round(100 * one.score, 1)


def test_the_pixels_of_a_calcification_that_no_segment_tells_are_outlined(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = find(header, clusters=1, isolated=2)
    rejected = replace(image.clusters[0], decision=Decision.REJECTED)
    first, second = image.isolated_calcifications
    row, column, _ = first.runs[0]
    touching = replace(second, runs=((row - 1, column, 1),), row=row - 1.0, column=float(column))
    others = tuple(one for one in image.calcifications if one.id != second.id)
    image = replace(image, clusters=(rejected,), calcifications=(*others, touching))
    (path,) = write_study_objects([image], {image.sop_instance_uid: header}, algorithm, {}, tmp_path, CAD)
    outlined = {
        child(item, codes.TRACKING_IDENTIFIER).TextValue: runs_of_contour(child(item, codes.OUTLINE).GraphicData)
        for _, item in named(content_tree(dcmread(path)), codes.SINGLE_IMAGE_FINDING)
        if item.ConceptCodeSequence[0].CodeValue == codes.INDIVIDUAL_CALCIFICATION.value
    }
    assert outlined == {f"R CC calcification {one.id}": one.runs for one in image.calcifications}
