"""CAD reports as other makers write them: old codes, other outlines, findings of other kinds."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from support.older_cad_report import older_cad_report
from support.small_examination import small_mammogram, stored_study

from MCDetect.dicom.results.reading import kind_of_result, read_results
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.content_tree import content_tree
from MCDetect.errors import InputError
from MCDetect.findings import Decision, Findings

OLD = {
    "129769006": "F-01775",
    "129770007": "F-01776",
    "129765000": "F-01771",
    "129756007": "F-01768",
    "73056007": "T-04020",
    "399162004": "R-10242",
    "399368009": "R-10226",
}


@pytest.fixture
def foreign(objects: dict[str, bytes]) -> Dataset:
    """Return a report of another maker: codes of SNOMED RT, no tracking, no parameters, no review."""
    report = dcmread(BytesIO(objects["cad-sr"]))
    report.Manufacturer, report.SeriesDescription = "Other Maker", "CAD"
    del report.ParticipantSequence
    for item in content_tree(report).values():
        for sequence in ("ConceptCodeSequence", "ConceptNameCodeSequence"):
            for code in item.get(sequence, []):
                if code.CodeValue in OLD:
                    code.CodeValue, code.CodingSchemeDesignator = OLD[code.CodeValue], "SRT"
        kept = [
            child
            for child in item.get("ContentSequence", [])
            if not named(child, codes.TRACKING_UID)
            and not named(child, codes.TRACKING_IDENTIFIER)
            and not named(child, codes.ALGORITHM_PARAMETERS)
        ]
        if kept:
            item.ContentSequence = kept
    for item in items(report, codes.ALGORITHM_NAME):
        item.TextValue = "Finder"
    return report


def named(item: Dataset, code: Any) -> bool:
    return "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code.value


def items(report: Dataset, code: Any) -> list[Dataset]:
    return [item for item in content_tree(report).values() if named(item, code)]


def test_a_report_with_old_codes_is_read(foreign: Dataset) -> None:
    assert kind_of_result(foreign) == "cad-sr"
    findings = read_results([foreign])
    assert (findings.algorithm.name, findings.algorithm.bundle) == ("Finder", "unknown")
    assert findings.algorithm.bundle_sha256 == "0" * 64
    assert findings.review is None
    first, second = findings.images
    assert (first.laterality, first.view, second.view) == ("R", "CC", "MLO")
    assert first.spacing_mm == (0.07, 0.07)
    (cluster,) = first.clusters  # the rejected one is "not for presentation", which no reader has said here
    assert cluster.decision is Decision.UNDECIDED
    assert (cluster.count, cluster.score) == (2, 0.8)
    assert cluster.distribution.value == "linear"
    assert cluster.morphology is not None
    assert cluster.morphology.value == "round"
    assert [(c.row, c.column) for c in first.members(cluster)] == [(5.5, 5.5), (8.5, 9.5)]
    assert any("not for presentation" in warning for warning in first.warnings)
    (same,) = findings.correspondences
    assert set(same.tracking_uids) == {cluster.tracking_uid, second.clusters[0].tracking_uid}
    assert not same.confirmed
    # Without tracking UIDs those are made of the report and the place in it: the same again and again.
    assert read_results([foreign]) == findings


@pytest.mark.parametrize("told", [7, None])
def test_a_number_of_calcifications_that_a_report_does_not_name_is_kept_and_none_is_made_up(
    foreign: Dataset, tmp_path: Path, told: int | None
) -> None:
    for item in items(foreign, codes.SINGLE_IMAGE_FINDING):
        left = [child for child in item.ContentSequence if not named(child, codes.SINGLE_IMAGE_FINDING)]
        item.ContentSequence = [child for child in left if told or not named(child, codes.NUMBER_OF_CALCIFICATIONS)]
    for item in items(foreign, codes.NUMBER_OF_CALCIFICATIONS):
        item.MeasuredValueSequence[0].NumericValue = told
    findings = read_results([foreign], [small_mammogram(0), small_mammogram(1)])
    for cluster in (image.clusters[0] for image in findings.images):
        assert (cluster.member_ids, cluster.told_count, cluster.count) == ((), told, told)
        assert cluster.density_per_cm2 == pytest.approx(100 * (told or 0) / cluster.area_mm2)
    # What is exported again says the same, and says nothing where nothing is known.
    reports = [one for one in stored_study(findings.images, tmp_path / "again") if one.Modality == "SR"]
    assert len(reports) == 2
    for report in reports:
        measured = [item.MeasuredValueSequence[0] for item in items(report, codes.NUMBER_OF_CALCIFICATIONS)]
        assert [one.NumericValue for one in measured] == ([told, told] if told else [])
    assert len(items(reports[1], codes.DENSITY)) == (2 if told else 0)
    for image in read_results(reports).images:
        assert [(cluster.told_count, cluster.count) for cluster in image.clusters] == [(told, told)]


def circle(item: Dataset) -> None:
    item.GraphicType, item.GraphicData = "CIRCLE", [10.0, 8.0, 14.0, 8.0]


def ellipse(item: Dataset) -> None:
    item.GraphicType, item.GraphicData = "ELLIPSE", [6.0, 8.0, 14.0, 8.0, 10.0, 4.0, 10.0, 12.0]


@pytest.mark.parametrize("change", [circle, ellipse])
def test_circles_and_ellipses_become_polygons(foreign: Dataset, change: Callable[[Dataset], None]) -> None:
    change(items(foreign, codes.OUTLINE)[0])
    cluster = read_results([foreign]).images[0].clusters[0]
    distances = np.linalg.norm(np.array(cluster.outline) - (7.5, 9.5), axis=1)
    np.testing.assert_allclose(distances, 4.0)
    assert cluster.area_mm2 == pytest.approx(np.pi * 16 * 0.0049, rel=0.02)


def test_a_cluster_without_an_outline_gets_one_round_its_calcifications(foreign: Dataset) -> None:
    for item in list(content_tree(foreign).values()):
        if "ContentSequence" in item:
            item.ContentSequence = [child for child in item.ContentSequence if not named(child, codes.OUTLINE)]
    cluster = read_results([foreign]).images[0].clusters[0]
    rows = [row for row, _ in cluster.outline]
    assert min(rows) == pytest.approx(5.5 - 2 / 0.07)
    assert max(rows) == pytest.approx(8.5 + 2 / 0.07)


def test_findings_of_other_kinds_are_left_out_and_told(foreign: Dataset) -> None:
    kind = items(foreign, codes.SINGLE_IMAGE_FINDING)[0].ConceptCodeSequence[0]
    kind.CodeValue, kind.CodingSchemeDesignator = "F-01796", "SRT"  # mammography breast density
    image = read_results([foreign]).images[0]
    assert image.clusters == ()
    assert len(image.calcifications) == 2  # they are findings of their own now
    assert any("no calcifications" in warning for warning in image.warnings)


def test_a_reference_in_a_circle_ends(foreign: Dataset) -> None:
    tree = content_tree(foreign)
    position = next(place for place, item in tree.items() if named(item, codes.COMPOSITE_FEATURE))
    loop = Dataset()
    loop.RelationshipType, loop.ReferencedContentItemIdentifier = "INFERRED FROM", list(position)
    tree[position].ContentSequence.append(loop)
    assert len(read_results([foreign]).correspondences) == 1


def test_a_report_in_the_style_of_2005_is_read(tmp_path: Path) -> None:
    path = tmp_path / "older.dcm"
    older_cad_report().save_as(path, enforce_file_format=True)
    findings = read_results([path])
    assert (findings.algorithm.name, findings.algorithm.version) == ("Calcs", "2.1")
    first, second = findings.images
    assert [(image.laterality, image.view) for image in findings.images] == [("L", "CC"), ("L", "MLO")]
    assert [image.series_instance_uid for image in findings.images] == ["1.2.3.4.7"] * 2
    assert first.spacing_mm == second.spacing_mm == pytest.approx((0.05, 0.05))
    (cluster,), (other,) = first.clusters, second.clusters
    assert (cluster.count, cluster.score, other.score) == (3, 0.85, 0.4)
    assert [(c.row, c.column) for c in first.members(cluster)] == [(100, 200), (104, 206), (110, 203)]
    assert cluster.area_mm2 == pytest.approx(np.pi * 20 * 10 * 0.0025, rel=0.02)
    assert other.area_mm2 == pytest.approx(np.pi * 100 * 0.0025, rel=0.02)
    assert other.diameter_mm == pytest.approx(20 * 0.05, rel=0.02)  # of the outline, for no calcification is told
    rows, columns = zip(*cluster.outline, strict=True)
    assert (min(columns), max(columns)) == pytest.approx((183, 223))
    assert (min(rows), max(rows)) == pytest.approx((95, 115))
    assert "Findings of the report that are no calcifications were left out: 1." in first.warnings
    (same,) = findings.correspondences
    assert set(same.tracking_uids) == {cluster.tracking_uid, other.tracking_uid}
    assert Findings.from_json(findings.to_json()) == findings


@pytest.mark.parametrize("unit", ["cm", ""])
def test_a_spacing_in_another_unit_is_not_guessed(unit: str) -> None:
    report = older_cad_report()
    for entry in report.ContentSequence[0].ContentSequence:
        for item in entry.ContentSequence:
            if item.ValueType == "NUM":
                item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = unit
    with pytest.raises(InputError) as caught:
        read_results([report])
    assert caught.value.code == "no-spacing"


@pytest.mark.parametrize("kind", ["seg", "measurements-sr"])
def test_other_objects_of_other_makers_are_refused(objects: dict[str, bytes], kind: str) -> None:
    dataset = dcmread(BytesIO(objects[kind]))
    dataset.Manufacturer = "Other Maker"
    with pytest.raises(InputError, match="of other makers only Mammography CAD reports") as caught:
        read_results([dataset])
    assert caught.value.code == "not-a-result"
