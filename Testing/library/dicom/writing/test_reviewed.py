"""Objects about findings that a person has reviewed."""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import highdicom
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.bi_rads import AssessmentCategory, Morphology
from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.cad_findings import features_of
from MCDetect.dicom.writing.content_tree import content_tree
from MCDetect.dicom.writing.context import ReportContext, shown
from MCDetect.dicom.writing.measurement_report import measurement_report
from MCDetect.findings import Algorithm, Correspondence, Decision, ImageFindings, Origin, Review

REVIEW = Review("Reader^Rita", "2026-11-21T14:00:00+01:00", complete=True, comment="Prior of 2024 not at hand.")


@dataclass
class Examination:
    """Three views of one breast that were reviewed."""

    images: list[ImageFindings]
    sources: dict[str, Dataset]
    context: ReportContext

    def write(self, algorithm: Algorithm, folder: Path, context: ReportContext | None = None) -> dict[str, list[Path]]:
        context = context or self.context
        paths = [
            path
            for image in self.images
            for path in write_image_objects(
                image, self.sources[image.sop_instance_uid], algorithm, folder, FORMATS, context
            )
        ]
        paths += write_study_objects(self.images, self.sources, algorithm, {}, folder, FORMATS, context)
        kinds: dict[str, list[Path]] = {}
        for path in paths:
            kinds.setdefault(path.name.split("_")[0], []).append(path)
        return kinds


@pytest.fixture
def examine(make_mammogram: Any, find: Any) -> Callable[..., Examination]:
    """Return a function: what a reader accepted, rejected, drew and joined; ``changes`` are for the headers."""

    def make(review: Review | None = REVIEW, **changes: Any) -> Examination:
        headers = [make_mammogram("R", view, number, **changes) for number, view in ((1, "CC"), (2, "MLO"), (3, "MLO"))]
        images = [find(header, 3 if number == 0 else 1, 2, seed=number) for number, header in enumerate(headers)]
        accepted, rejected, drawn = images[0].clusters
        clusters = (
            replace(
                accepted,
                decision=Decision.ACCEPTED,
                morphology=Morphology.FINE_PLEOMORPHIC,
                assessment=AssessmentCategory.MODERATE_SUSPICION,
                comment="Neu gegenüber früher,\nzwei Zeilen.",
            ),
            replace(rejected, decision=Decision.REJECTED, reason="vascular", morphology=Morphology.VASCULAR),
            replace(drawn, member_ids=(), told_count=0, origin=Origin.READER, score=1.0, decision=Decision.ACCEPTED),
        )
        lost = set(drawn.member_ids)
        kept = tuple(c for c in images[0].calcifications if c.id not in lost)
        first = replace(kept[0], origin=Origin.READER, score=1.0)
        images[0] = replace(images[0], clusters=clusters, calcifications=(first, *kept[1:]))
        uids = [image.clusters[0].tracking_uid for image in images]
        context = ReportContext(
            review,
            (
                Correspondence((uids[0], uids[1]), 0.75, confirmed=True),
                Correspondence((uids[2], uids[1]), 1.0, confirmed=True),
                Correspondence((uids[2], uids[0]), 0.5),
                Correspondence((rejected.tracking_uid, uids[1]), 0.9),
            ),
        )
        return Examination(images, {str(header.SOPInstanceUID): header for header in headers}, context)

    return make


def items(report: Dataset, code: Any) -> list[Dataset]:
    return [
        item
        for item in content_tree(report).values()
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code.value
    ]


def tracked(parent: Dataset) -> str:
    (uid,) = [item.UID for item in parent.ContentSequence if item.get("ValueType") == "UIDREF"]
    return str(uid)


def values(parent: Dataset, code: Any) -> list[str]:
    return [
        item.ConceptCodeSequence[0].CodeValue
        for item in parent.get("ContentSequence", [])
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code.value
    ]


@pytest.mark.parametrize(
    "review",
    [REVIEW, replace(REVIEW, complete=False), replace(REVIEW, reader="Yamada^Tarou=山田^太郎"), None],
    ids=["complete", "partial", "name in another character set", "decisions without a review"],
)
def test_every_judge_accepts_what_was_reviewed(
    examine: Any,
    algorithm: Algorithm,
    with_pixels: Any,
    faults_by_dciodvfy: Any,
    faults_by_dsrdump: Any,
    run_tool: Any,
    tmp_path: Path,
    review: Review | None,
) -> None:
    examination = examine(review, InstitutionName="Hospital")
    written = examination.write(algorithm, tmp_path)
    assert {kind: len(paths) for kind, paths in written.items()} == {
        "seg": 3,
        "gsps": 3,
        "cad-sr": 1,
        "measurements-sr": 1,
    }
    everything = [path for paths in written.values() for path in paths]
    for path in everything:
        assert faults_by_dciodvfy(path) == []
    for path in (*written["cad-sr"], *written["measurements-sr"]):
        assert faults_by_dsrdump(path) == []
    for path in written["gsps"]:
        assert "Test passed" in run_tool("dcmpschk", path)
    originals = [
        with_pixels(header, tmp_path / f"source{number}.dcm")
        for number, header in enumerate(examination.sources.values())
    ]
    complaints = run_tool("dcentvfy", *everything, *originals).splitlines()
    assert [line for line in complaints if "AccessionNumber" not in line] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cad-sr", "measurements-sr"])
def test_pixelmed_finds_no_fault_in_reviewed_reports(
    examine: Any, algorithm: Algorithm, faults_by_pixelmed: Any, tmp_path: Path, kind: str
) -> None:
    (path,) = examine(InstitutionName="Hospital").write(algorithm, tmp_path)[kind]
    assert faults_by_pixelmed(path) == []


def test_the_cad_report_presents_what_was_accepted_and_not_what_was_rejected(
    examine: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    examination = examine()
    report = dcmread(examination.write(algorithm, tmp_path)["cad-sr"][0])
    findings: dict[str, Dataset] = {}  # a correspondence of what was rejected only names it again, further below
    for finding in items(report, codes.SINGLE_IMAGE_FINDING):
        findings.setdefault(tracked(finding), finding)
    accepted, rejected, drawn = examination.images[0].clusters
    for cluster, intent in ((accepted, "111150"), (rejected, "111152"), (drawn, "111150")):
        assert values(findings[cluster.tracking_uid], codes.RENDERING_INTENT) == [intent]
    nested = [one for one in findings[rejected.tracking_uid].ContentSequence if "ContentSequence" in one]
    assert {values(one, codes.RENDERING_INTENT)[0] for one in nested if one.get("ValueType") == "CODE"} == {"111152"}
    # Only what software found has a certainty; the template wants a name of the algorithm all the same.
    names = {
        item.ConceptNameCodeSequence[0].CodeValue
        for item in findings[drawn.tracking_uid].ContentSequence
        if "ConceptNameCodeSequence" in item
    }
    assert codes.CERTAINTY.value not in names
    assert [item.TextValue for item in items(report, codes.ALGORITHM_NAME)].count("Marked by a reader") == 3
    assert values(findings[accepted.tracking_uid], codes.CALCIFICATION_TYPE) == ["111344"]


def test_a_cluster_seen_in_three_views_is_one_composite_feature_in_another(
    examine: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    examination = examine()
    report = dcmread(examination.write(algorithm, tmp_path)["cad-sr"][0])
    outer, inner, *others = items(report, codes.COMPOSITE_FEATURE)
    assert inner in list(outer.ContentSequence)
    for feature in (outer, inner):
        assert values(feature, codes.RENDERING_INTENT) == ["111150"]  # a reader has confirmed both
        assert values(feature, codes.COMPOSITE_TYPE) == ["111154"]
        targets = [item for item in feature.ContentSequence if item.RelationshipType == "INFERRED FROM"]
        assert len(targets) == 2
    certainty = items(inner, codes.CERTAINTY_OF_FEATURE)
    assert [item.MeasuredValueSequence[0].NumericValue for item in certainty] == [75]
    # The reader's own joint has none. A third correspondence and that of a rejected cluster are told and not drawn.
    told = [item.MeasuredValueSequence[0].NumericValue for item in items(report, codes.CERTAINTY_OF_FEATURE)]
    assert told == [75, 50, 90]
    assert len(others) == 2
    for feature in others:
        targets = [item for item in feature.ContentSequence if item.RelationshipType == "INFERRED FROM"]
        assert len(targets) == 2
        for one in (feature, *targets):
            assert values(one, codes.RENDERING_INTENT) == ["111152"]
            assert items(one, codes.OUTLINE) == []
    # Of the clusters, of what else is in the three views, of the other correspondences.
    impressions = items(report, codes.INDIVIDUAL_IMPRESSION)
    hidden = [values(one, codes.RENDERING_INTENT) == ["111152"] for one in impressions]
    assert hidden == [False, True, False, True, True, True, True, True]
    assert len(features_of(examination.images, examination.context.correspondences)) == 3
    (summary,) = items(report, codes.SUMMARY_OF_ANALYSES)
    assert summary.ConceptCodeSequence[0].CodeValue == codes.SUCCEEDED.value
    (performed,) = items(report, codes.ANALYSIS_PERFORMED)
    assert sum("ReferencedContentItemIdentifier" in item for item in performed.ContentSequence) == 3


def test_the_measurements_say_what_the_reader_said(examine: Any, algorithm: Algorithm, tmp_path: Path) -> None:
    examination = examine()
    path = examination.write(algorithm, tmp_path)["measurements-sr"][0]
    report = dcmread(path)
    groups = {tracked(group): group for group in items(report, codes.MEASUREMENT_GROUP)}
    accepted, rejected, drawn = (groups[cluster.tracking_uid] for cluster in examination.images[0].clusters)
    assert values(accepted, codes.READERS_DECISION) == ["accepted"]
    assert values(accepted, codes.CALCIFICATION_TYPE) == ["111344"]
    assert values(accepted, codes.ASSESSMENT_CATEGORY) == ["MA.II.A.5.4B"]
    assert [item.TextValue for item in items(accepted, codes.COMMENT)] == ["Neu gegenüber früher,\nzwei Zeilen."]
    assert values(rejected, codes.READERS_DECISION) == ["rejected"]
    assert [item.TextValue for item in items(rejected, codes.REASON_OF_DECISION)] == ["vascular"]
    assert items(rejected, codes.IMAGE_REGION) == []
    assert len(items(accepted, codes.IMAGE_REGION)) == len(items(drawn, codes.IMAGE_REGION)) == 1
    assert items(drawn, codes.CERTAINTY) == items(drawn, codes.ALGORITHM_NAME) == []
    person, device = [item.ConceptCodeSequence[0].CodeValue for item in items(report, codes.OBSERVER_TYPE)]
    assert (person, device) == ("121006", "121007")
    read = highdicom.sr.srread(path)
    assert len(read.content.get_planar_roi_measurement_groups()) == 4
    assert read.content.get_image_measurement_groups() == []  # what was rejected is no measurement of the report
    (apart,) = items(report, codes.REJECTED_CLUSTERS)
    assert [tracked(group) for group in apart.ContentSequence] == [examination.images[0].clusters[1].tracking_uid]
    (scheme,) = report.CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == "99MCDETECT"


def test_what_was_rejected_is_neither_segmented_nor_drawn(examine: Any, algorithm: Algorithm, tmp_path: Path) -> None:
    examination = examine()
    written = examination.write(algorithm, tmp_path)
    image = examination.images[0]
    accepted, rejected, drawn = image.clusters
    seg = next(one for one in map(dcmread, written["seg"]) if "R CC" in one.SeriesDescription)
    uids = [item.TrackingUID for item in seg.SegmentSequence]
    assert uids[:3] == [accepted.tracking_uid, accepted.tracking_uid, drawn.tracking_uid]
    kinds = [item.SegmentAlgorithmType for item in seg.SegmentSequence]
    assert kinds == ["SEMIAUTOMATIC", "AUTOMATIC", "MANUAL", "AUTOMATIC"]
    assert "SegmentationAlgorithmIdentificationSequence" not in seg.SegmentSequence[2]
    state = next(one for one in map(dcmread, written["gsps"]) if "R CC" in one.SeriesDescription)
    graphics = [g for layer in state.GraphicAnnotationSequence for g in layer.GraphicObjectSequence]
    assert [g.TrackingUID for g in graphics if g.GraphicType == "POLYLINE"] == [
        accepted.tracking_uid,
        drawn.tracking_uid,
    ]
    assert sum(g.GraphicType == "CIRCLE" for g in graphics) == len(image.calcifications) - len(rejected.member_ids)
    texts = [text.UnformattedTextValue for text in state.GraphicAnnotationSequence[0].TextObjectSequence]
    assert texts[1] == "3: 0 calcifications, by a reader"


def test_a_calcification_shared_with_an_accepted_cluster_stays(examine: Any) -> None:
    image = examine().images[0]
    accepted, rejected, _ = image.clusters
    shared = replace(accepted, member_ids=(*accepted.member_ids, rejected.member_ids[0]))
    left = shown(replace(image, clusters=(shared, rejected)))
    assert rejected.member_ids[0] in {c.id for c in left.calcifications}
    assert rejected.member_ids[1] not in {c.id for c in left.calcifications}


def test_an_image_with_rejected_clusters_only_loses_its_segmentation(
    examine: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    examination = examine()
    image, source = examination.images[1], examination.sources[examination.images[1].sop_instance_uid]
    members = image.clusters[0].member_ids
    image = replace(image, calcifications=tuple(c for c in image.calcifications if c.id in members))
    both = frozenset({"seg", "gsps"})
    assert len(write_image_objects(image, source, algorithm, tmp_path, both)) == 2
    rejected = replace(image, clusters=(replace(image.clusters[0], decision=Decision.REJECTED),))
    assert write_image_objects(rejected, source, algorithm, tmp_path, both, examination.context) == []
    assert list(tmp_path.iterdir()) == []


def test_reviewed_objects_are_in_series_of_their_own(examine: Any, algorithm: Algorithm, tmp_path: Path) -> None:
    examination = examine()
    reviewed = examination.write(algorithm, tmp_path / "reviewed")
    raw = examination.write(algorithm, tmp_path / "raw", ReportContext())
    for kind, paths in reviewed.items():
        for one, other in zip(map(dcmread, paths), map(dcmread, raw[kind]), strict=True):
            assert one.SeriesInstanceUID != other.SeriesInstanceUID
            assert one.SOPInstanceUID != other.SOPInstanceUID
            assert one.SeriesNumber == other.SeriesNumber + 10
            assert "reviewed" in one.SeriesDescription
            assert "reviewed" not in other.SeriesDescription


@pytest.mark.parametrize(
    ("review", "institution", "completion", "verification"),
    [
        (REVIEW, "Hospital", "COMPLETE", "VERIFIED"),
        (REVIEW, None, "COMPLETE", "UNVERIFIED"),
        (replace(REVIEW, complete=False), "Hospital", "PARTIAL", "UNVERIFIED"),
        (replace(REVIEW, reader=""), "Hospital", "COMPLETE", "UNVERIFIED"),
        (None, "Hospital", "COMPLETE", "UNVERIFIED"),
    ],
)
def test_the_flags_tell_how_far_the_review_is(
    examine: Any,
    algorithm: Algorithm,
    tmp_path: Path,
    review: Review | None,
    institution: str | None,
    completion: str,
    verification: str,
) -> None:
    changes = {"InstitutionName": institution} if institution else {}
    written = examine(review, **changes).write(algorithm, tmp_path)
    for path in (*written["cad-sr"], *written["measurements-sr"]):
        report = dcmread(path)
        assert (report.CompletionFlag, report.VerificationFlag) == (completion, verification)
        assert (report.PreliminaryFlag == "FINAL") == (review is not None and review.complete)
        if verification == "VERIFIED":
            (observer,) = report.VerifyingObserverSequence
            assert (observer.VerifyingObserverName, observer.VerifyingOrganization) == ("Reader^Rita", "Hospital")
            assert observer.VerificationDateTime == "20261121140000+0100"


def test_a_reviewed_report_names_the_report_that_it_replaces(
    examine: Any, algorithm: Algorithm, faults_by_dciodvfy: Any, tmp_path: Path
) -> None:
    examination = examine()
    raw = examination.write(algorithm, tmp_path / "raw", ReportContext())
    earlier = tuple(dcmread(raw[kind][0]) for kind in ("cad-sr", "measurements-sr"))
    context = replace(examination.context, predecessors=earlier)
    reviewed = examination.write(algorithm, tmp_path / "reviewed", context)
    for kind, old in zip(("cad-sr", "measurements-sr"), earlier, strict=True):
        report = dcmread(reviewed[kind][0])
        (study,) = report.PredecessorDocumentsSequence
        (series,) = study.ReferencedSeriesSequence
        assert series.SeriesInstanceUID == old.SeriesInstanceUID
        assert [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence] == [old.SOPInstanceUID]
        assert faults_by_dciodvfy(reviewed[kind][0]) == []


@pytest.mark.parametrize(
    ("character_set", "reader", "expected"),
    [
        ("ISO_IR 100", "Müller^Jörg", "ISO_IR 100"),
        (None, "Müller^Jörg", "ISO_IR 192"),
        ("ISO_IR 100", "Yamada^Tarou=山田^太郎", "ISO_IR 192"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎", ["", "ISO 2022 IR 87"]),
        ("ISO 8859", "Müller^Jörg", "ISO_IR 192"),
    ],
)
def test_no_character_of_a_name_is_lost(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path, character_set: Any, reader: str, expected: Any
) -> None:
    header = make_mammogram(SpecificCharacterSet=character_set)
    image = find(header)
    context = ReportContext(replace(REVIEW, reader=reader))
    sources = {image.sop_instance_uid: header}
    for path in write_study_objects([image], sources, algorithm, {}, tmp_path, FORMATS, context):
        report = dcmread(path)
        assert report.get("SpecificCharacterSet") == expected
        assert str(report.ParticipantSequence[0].PersonName) == reader
        assert str(report.PatientName) == "Doe^Jane"


def test_the_same_review_gives_the_same_identifiers_and_another_review_others(
    examine: Any, algorithm: Algorithm
) -> None:
    examination = examine()
    uids = [
        measurement_report(examination.images, examination.sources, algorithm, context).SOPInstanceUID
        for context in (
            examination.context,
            examination.context,
            replace(examination.context, review=replace(REVIEW, comment="")),
            replace(examination.context, review=None),
        )
    ]
    assert uids[0] == uids[1]
    assert len(set(uids)) == 3
    assert stable_uid("x") not in uids
