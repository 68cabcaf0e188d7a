"""Which clusters a workstation is asked to draw at which sensitivity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from support.faults_of_reports import items_named

from MCDetect.bundles.store import find_bundle, operating_points_of
from MCDetect.dicom.export import write_study_objects
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.context import ReportContext
from MCDetect.dicom.writing.operating_points import number_of, operating_points
from MCDetect.findings import Algorithm, Correspondence, Decision, Origin

NAMED = {"high-sensitivity": 0.1, "balanced": 0.375, "high-specificity": 0.8}
SCORES = (0.9, 0.5, 0.8)


@pytest.fixture
def report_of(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path) -> Any:
    """Return a function that writes a CAD report about three clusters of :data:`SCORES` and gives its file."""

    def write(named: dict[str, float], **changes: Any) -> Path:
        header = make_mammogram()
        image = find(header, 3, 0)
        clusters = tuple(replace(c, score=score) for c, score in zip(image.clusters, SCORES, strict=True))
        clusters = (clusters[0], replace(clusters[1], **changes), clusters[2])
        image = replace(image, clusters=clusters)
        context = ReportContext(operating_points=named)
        sources = {image.sop_instance_uid: header}
        (path,) = write_study_objects([image], sources, algorithm, {}, tmp_path, frozenset({"cad-sr"}), context)
        return path

    return write


def intents(report: Dataset) -> list[tuple[str, list[str]]]:
    """Return intent and operating point of each cluster."""
    found = []
    for item in items_named(report, codes.SINGLE_IMAGE_FINDING):
        if item.ConceptCodeSequence[0].CodeValue == codes.CALCIFICATION_CLUSTER.value:
            intent = item.ContentSequence[0]
            below = [str(one.MeasuredValueSequence[0].NumericValue) for one in intent.get("ContentSequence", [])]
            found.append((str(intent.ConceptCodeSequence[0].CodeValue), below))
    return found


REQUIRED, OPTIONAL, HIDDEN = ("111150", []), ("111151", ["1"]), ("111152", [])


def test_a_cluster_below_the_strictest_point_is_optional_from_its_own_point_on(report_of: Any) -> None:
    report = dcmread(report_of(NAMED))
    assert intents(report) == [REQUIRED, OPTIONAL, REQUIRED]
    for name in (codes.MAXIMUM_OPERATING_POINT, codes.RECOMMENDED_OPERATING_POINT):
        (item,) = items_named(report, name)
        assert item.MeasuredValueSequence[0].NumericValue == 1  # the run is at "balanced", the second strictest
    impressions = [item.ContentSequence[0] for item in items_named(report, codes.INDIVIDUAL_IMPRESSION)]
    assert [item.ConceptCodeSequence[0].CodeValue for item in impressions] == ["111150", "111151", "111150", "111152"]
    told = [str(item.TextValue) for item in items_named(report, codes.ALGORITHM_PARAMETERS)]
    assert "CAD operating point 0: high-specificity, cluster score at least 0.8" in told
    assert "CAD operating point 1: balanced, cluster score at least 0.375" in told


def test_without_stricter_points_every_cluster_is_required(report_of: Any) -> None:
    for named in ({}, {"balanced": 0.375}, {"high-sensitivity": 0.1}):
        assert intents(dcmread(report_of(named))) == [REQUIRED] * 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"decision": Decision.ACCEPTED}, REQUIRED),
        ({"decision": Decision.REJECTED}, HIDDEN),
        ({"origin": Origin.READER, "score": 1.0}, REQUIRED),
        ({"score": 0.2}, OPTIONAL),  # below the point of the run: edited findings
    ],
)
def test_what_a_reader_says_decides_before_the_score(report_of: Any, changes: dict[str, Any], expected: Any) -> None:
    assert intents(dcmread(report_of(NAMED, **changes))) == [REQUIRED, expected, REQUIRED]


@pytest.mark.slow
def test_pixelmed_and_dciodvfy_find_no_fault_in_them(
    report_of: Any, faults_by_pixelmed: Any, faults_by_dciodvfy: Any
) -> None:
    path = report_of(NAMED)
    assert faults_by_dciodvfy(path) == []
    assert faults_by_pixelmed(path) == []


def test_clusters_that_are_one_are_required_as_soon_as_one_of_them_is(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    headers = [make_mammogram("R", "CC"), make_mammogram("R", "MLO", 2)]
    images = [find(header, 1, 0) for header in headers]
    pairs = zip(images, (0.9, 0.5), strict=True)
    images = [replace(image, clusters=(replace(image.clusters[0], score=score),)) for image, score in pairs]
    uids = tuple(image.clusters[0].tracking_uid for image in images)
    context = ReportContext(correspondences=(Correspondence(uids, 0.6),), operating_points=NAMED)
    sources = {str(header.SOPInstanceUID): header for header in headers}
    (path,) = write_study_objects(images, sources, algorithm, {}, tmp_path, frozenset({"cad-sr"}), context)
    report = dcmread(path)
    impression, *besides = items_named(report, codes.INDIVIDUAL_IMPRESSION)
    assert len(besides) == 2  # the nipples
    assert impression.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "111150"
    assert intents(report) == [REQUIRED, OPTIONAL]


@given(
    named=st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1)),
    threshold=st.floats(0, 1),
    scores=st.lists(st.floats(0, 1), min_size=2),
)
def test_a_higher_score_is_never_drawn_later(
    named: dict[str, float], threshold: float, scores: list[float], find: Any, make_mammogram: Any
) -> None:
    points = operating_points(Algorithm("a", "1", "b", "0" * 64, "run", threshold, "cpu"), named)
    assert points[-1] == ("run", threshold)
    assert sorted(points, key=lambda point: -point.threshold) == list(points)
    cluster = find(make_mammogram(), 1, 0).clusters[0]
    numbers = [number_of(replace(cluster, score=score), points) for score in sorted(scores)]
    assert numbers == sorted(numbers, reverse=True)
    for score, number in zip(sorted(scores), numbers, strict=True):
        if score >= threshold:
            assert score >= points[number].threshold


def test_the_points_of_a_shipped_model_are_known_by_its_hash() -> None:
    bundle = find_bundle()
    made = Algorithm("MCDetect", "0.1.0", bundle.name, bundle.sha256, "balanced", 0.1, "cpu")
    assert operating_points_of(made) == bundle.operating_points
    assert operating_points_of(replace(made, bundle_sha256="0" * 64)) == {}
