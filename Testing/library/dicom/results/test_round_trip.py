"""What is written comes back, as far as each object carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian
from support.random_findings import algorithms, benign_types, descriptors, reviews

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.descriptors import Descriptors
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.results.reading import read_results
from MCDetect.dicom.writing.cad_report import cad_report
from MCDetect.dicom.writing.context import RAW, ReportContext, shown
from MCDetect.dicom.writing.measurement_report import measurement_report
from MCDetect.dicom.writing.reader_texts import clean, person_name
from MCDetect.dicom.writing.segmentation import segmentation
from MCDetect.findings import (
    Calcification,
    Cluster,
    Correspondence,
    Decision,
    Findings,
    ImageFindings,
    Origin,
    SpacingSource,
)

ROWS, COLUMNS, CELL = 120, 100, 10
SPACING = (0.07, 0.06)
VIEWS = (("R", "CC", "399162004"), ("R", "MLO", "399368009"), ("L", "CC", "399162004"))

texts = st.text(max_size=20)
scores = st.floats(0, 1)


def header_of(number: int) -> Dataset:
    laterality, _, view = VIEWS[number]
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SpecificCharacterSet = "ISO_IR 100"
    header.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    header.StudyInstanceUID, header.SeriesInstanceUID = "1.2.3", f"1.2.3.{number + 1}"
    header.SOPInstanceUID = f"1.2.3.{number + 1}.1"
    header.Modality, header.ImageLaterality, header.PatientID = "MG", laterality, "P-42"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = view, "SCT", "view"
    header.ViewCodeSequence = [code]
    header.Rows, header.Columns, header.ImagerPixelSpacing = ROWS, COLUMNS, list(SPACING)
    return header


@st.composite
def calcifications(draw: st.DrawFn, identifier: int, cell: tuple[int, int]) -> Calcification:
    """Draw a connected one that touches no other: each has a cell of its own."""
    top, left = cell[0] * CELL + 1, cell[1] * CELL + 1
    widths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=6))
    runs = tuple((top + line, left, width) for line, width in enumerate(widths))
    origin = draw(st.sampled_from(Origin))
    return Calcification(
        id=identifier,
        row=top + draw(st.floats(0, 5, width=16)),
        column=left + draw(st.floats(0, 5, width=16)),
        area_mm2=sum(widths) * SPACING[0] * SPACING[1],
        diameter_mm=1.0,
        score=1.0 if origin is Origin.READER else draw(scores),
        runs=runs,
        origin=origin,
        benign_type=draw(st.none() | benign_types),
    )


@st.composite
def clusters(draw: st.DrawFn, number: int, members: Sequence[Calcification], image_uid: str) -> Cluster:
    origin = draw(st.sampled_from(Origin)) if members else Origin.READER
    top, left = draw(st.integers(0, 40)), draw(st.integers(0, 40))
    height, width = draw(st.floats(5, 50, width=16)), draw(st.floats(5, 50, width=16))
    return Cluster(
        id=number + 1,
        member_ids=tuple(member.id for member in members),
        outline=((top, left), (top, left + width), (top + height, left + width), (top + height, left)),
        area_mm2=draw(st.floats(0.5, 300)),
        diameter_mm=draw(st.floats(0.05, 30)),
        density_per_cm2=1.0,
        score=1.0 if origin is Origin.READER else draw(scores),
        distribution=draw(st.sampled_from(Distribution)),
        tracking_uid=stable_uid(image_uid, "cluster", str(number)),
        origin=origin,
        decision=draw(st.sampled_from(Decision)),
        reason=draw(texts),
        comment=draw(texts),
        morphology=draw(st.none() | st.sampled_from(Morphology)),
        assessment=draw(st.none() | st.sampled_from(AssessmentCategory)),
        benign_type=draw(st.none() | benign_types),
        descriptors=draw(st.none() | descriptors),
    )


@st.composite
def images(draw: st.DrawFn, number: int) -> ImageFindings:
    header = header_of(number)
    cells = draw(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 8)), unique=True, max_size=9))
    found = tuple(draw(calcifications(index + 1, cell)) for index, cell in enumerate(cells))
    owners = [draw(st.integers(0, 3)) for _ in found]
    made = []
    for cluster in range(draw(st.integers(0, 3))):
        members = [one for one, owner in zip(found, owners, strict=True) if owner == cluster]
        made.append(draw(clusters(cluster, members, header.SOPInstanceUID)))
    return ImageFindings(
        sop_instance_uid=header.SOPInstanceUID,
        sop_class_uid=str(header.SOPClassUID),
        series_instance_uid=header.SeriesInstanceUID,
        study_instance_uid=header.StudyInstanceUID,
        laterality=VIEWS[number][0],
        view=VIEWS[number][1],
        rows=ROWS,
        columns=COLUMNS,
        spacing_mm=SPACING,
        spacing_source=SpacingSource.AT_DETECTOR,
        score=0.0,
        breast_area_mm2=0.0,
        calcifications=found,
        clusters=tuple(made),
    )


@st.composite
def examinations(draw: st.DrawFn) -> Findings:
    drawn = tuple(draw(images(number)) for number in range(draw(st.integers(1, 3))))
    review = draw(st.none() | reviews)
    pairs = []
    for first, second in ((0, 1), (1, 2), (0, 2)):
        if second < len(drawn) and drawn[first].clusters and drawn[second].clusters:
            uids = (drawn[first].clusters[0].tracking_uid, drawn[second].clusters[0].tracking_uid)
            pairs.append(Correspondence(uids, draw(scores), draw(st.booleans())))
    algorithm = draw(algorithms)
    return Findings(replace(algorithm, device="unknown"), drawn, (), tuple(pairs), review)


def written(findings: Findings, *kinds: str) -> list[Dataset]:
    """Write the objects of these kinds and read them as data sets."""
    context = ReportContext(findings.review, findings.correspondences)
    sources = {image.sop_instance_uid: header_of(number) for number, image in enumerate(findings.images)}
    objects: list[Dataset] = []
    if "seg" in kinds:
        for image in findings.images:
            if shown(image).calcifications or shown(image).clusters:
                objects.append(segmentation(image, sources[image.sop_instance_uid], findings.algorithm, context))
    if "cad-sr" in kinds:
        objects.append(cad_report(findings.images, sources, {}, findings.algorithm, context))
    if "measurements-sr" in kinds:
        objects.append(measurement_report(findings.images, sources, findings.algorithm, context))
    stored = []
    for one in objects:
        stream = BytesIO()
        one.save_as(stream, enforce_file_format=True)
        stored.append(dcmread(BytesIO(stream.getvalue())))
    return stored


def pixels(image: ImageFindings, members: Sequence[Calcification]) -> set[object]:
    return {member.runs for member in members}


def check_clusters(image: ImageFindings, original: ImageFindings, exact: Sequence[str]) -> None:
    """Compare clusters in what has to be exact, and outlines, scores and sizes as far as they are rounded."""
    assert [c.tracking_uid for c in image.clusters] == [c.tracking_uid for c in original.clusters]
    for cluster, wanted in zip(image.clusters, original.clusters, strict=True):
        for name in exact:
            value = getattr(wanted, name)
            assert getattr(cluster, name) == (clean(value) if name in ("reason", "comment") else value), name
        assert cluster.score == pytest.approx(wanted.score, abs=0.0006)


EXACT_IN_BOTH = ("id", "origin", "distribution", "benign_type")
EXACT = (*EXACT_IN_BOTH, "morphology", "decision", "assessment", "reason", "comment")


@given(examinations())
@settings(max_examples=15)
def test_all_objects_together_give_the_findings_back(findings: Findings) -> None:
    sources = [header_of(number) for number in range(len(findings.images))]
    read = read_results(written(findings, "seg", "cad-sr", "measurements-sr"), sources)
    assert read.algorithm.bundle_sha256 == findings.algorithm.bundle_sha256
    assert read.algorithm.threshold == pytest.approx(findings.algorithm.threshold, rel=1e-5)
    check_review(read, findings)
    for image, original in zip(read.images, findings.images, strict=True):
        kept = shown(original)
        for name in ("sop_class_uid", "series_instance_uid", "study_instance_uid", "laterality", "view", "rows"):
            assert getattr(image, name) == getattr(original, name), name
        assert image.spacing_mm == SPACING
        assert image.spacing_source is SpacingSource.AT_DETECTOR
        assert image.warnings == ()
        check_clusters(image, original, EXACT)
        for cluster, wanted in zip(image.clusters, original.clusters, strict=True):
            assert cluster.count == wanted.count
            np.testing.assert_allclose(cluster.outline, wanted.outline, atol=1e-3)
            assert cluster.area_mm2 == pytest.approx(wanted.area_mm2, abs=0.0051)
            assert cluster.diameter_mm == pytest.approx(wanted.diameter_mm, abs=0.0051)
            check_descriptors(cluster.descriptors, wanted.descriptors)
            if wanted.decision is not Decision.REJECTED:
                assert pixels(image, image.members(cluster)) == pixels(original, original.members(wanted))
        assert pixels(image, shown(image).calcifications) == pixels(kept, kept.calcifications)
        assert pixels(image, image.isolated_calcifications) == pixels(kept, original.isolated_calcifications)
        # Of those in clusters also centre and score are there, if they are the nearest to their pixels.
        assert len(image.calcifications) == len(original.calcifications)


def check_descriptors(descriptors: Descriptors | None, wanted: Descriptors | None) -> None:
    """Compare descriptors as far as they are rounded; morphologies of equal probability may change places."""
    assert (descriptors is None) == (wanted is None)
    if descriptors is None or wanted is None:
        return
    for name in ("nearest_neighbour_mm", "size_mm", "contrast"):
        assert getattr(descriptors, name).mean == pytest.approx(getattr(wanted, name).mean, abs=1e-4)
        assert getattr(descriptors, name).deviation == pytest.approx(getattr(wanted, name).deviation, abs=1e-4)
    read = {one.morphology: one.probability for one in descriptors.morphologies}
    assert read == pytest.approx({one.morphology: one.probability for one in wanted.morphologies}, abs=1e-6)
    assert descriptors.morphology.probability == pytest.approx(wanted.morphology.probability, abs=1e-6)
    assert descriptors.suspicion == pytest.approx(wanted.suspicion, abs=1e-6)


def check_review(read: Findings, findings: Findings) -> None:
    review, wanted = read.review, findings.review
    if wanted is None:
        assert review is None
        return
    assert review is not None
    assert (review.reader, review.complete) == (person_name(wanted.reader), wanted.complete)
    assert review.reviewed_at == wanted.reviewed_at
    assert review.comment == clean(wanted.comment)


@given(examinations())
@settings(max_examples=15)
def test_the_cad_report_alone_gives_what_it_carries(findings: Findings) -> None:
    read = read_results(written(findings, "cad-sr"))
    for image, original in zip(read.images, findings.images, strict=True):
        assert (image.laterality, image.view, image.spacing_mm) == (original.laterality, original.view, SPACING)
        check_clusters(image, original, EXACT_IN_BOTH)
        for cluster, wanted in zip(image.clusters, original.clusters, strict=True):
            assert (cluster.decision is Decision.REJECTED) == (wanted.decision is Decision.REJECTED)
            # One type is told: the reader's, else the algorithm's.
            same = wanted.morphology is wanted.benign_type
            assert cluster.morphology is (None if same else wanted.morphology)
            np.testing.assert_allclose(cluster.outline, wanted.outline, atol=1e-3)
            members = sorted(image.members(cluster), key=lambda c: (c.row, c.column))
            originals = sorted(original.members(wanted), key=lambda c: (c.row, c.column))
            for member, other in zip(members, originals, strict=True):
                assert (member.row, member.column) == pytest.approx((other.row, other.column), abs=1e-3)
                assert member.score == pytest.approx(other.score, abs=0.0006)
                assert (member.origin, member.benign_type) == (other.origin, other.benign_type)
    joined = {frozenset(c.tracking_uids): c for c in read.correspondences}
    known = {frozenset(c.tracking_uids): c for c in findings.correspondences}
    assert joined.keys() <= known.keys()
    for pair, correspondence in joined.items():
        assert correspondence.score == pytest.approx(known[pair].score, abs=0.0006)
        assert correspondence.confirmed == known[pair].confirmed
    rejected = {c.tracking_uid for image in findings.images for c in image.clusters if c.decision is Decision.REJECTED}
    left_out = {pair for pair in known if not pair & rejected} - joined.keys()
    # Of three that join the same three clusters, two say it.
    assert len(left_out) == (1 if len([pair for pair in known if not pair & rejected]) == 3 else 0)


@given(examinations())
@settings(max_examples=10)
def test_the_measurements_alone_give_what_they_carry(findings: Findings) -> None:
    read = read_results(written(findings, "measurements-sr"))
    originals = [image for image in findings.images if image.clusters] or findings.images
    for image, original in zip(read.images, originals, strict=True):
        assert (image.rows, image.columns, image.spacing_mm) == (ROWS, COLUMNS, SPACING)
        assert (image.laterality, image.view) == (original.laterality, original.view)
        check_clusters(image, original, EXACT)
        assert image.clusters or image.breast_area_mm2 == pytest.approx(original.breast_area_mm2, abs=0.5)
        for cluster, wanted in zip(image.clusters, original.clusters, strict=True):
            check_descriptors(cluster.descriptors, wanted.descriptors)


@given(examinations())
@settings(max_examples=10)
def test_the_segmentations_alone_give_the_pixels(findings: Findings) -> None:
    objects = written(findings, "seg")
    if not objects:
        return
    read = {image.sop_instance_uid: image for image in read_results(objects).images}
    for original in findings.images:
        kept = shown(original)
        if original.sop_instance_uid not in read:
            assert not kept.calcifications
            continue
        image = read[original.sop_instance_uid]
        assert pixels(image, image.calcifications) == pixels(kept, kept.calcifications)
        assert [(c.id, c.tracking_uid) for c in image.clusters] == [(c.id, c.tracking_uid) for c in kept.clusters]
        for cluster, wanted in zip(image.clusters, kept.clusters, strict=True):
            assert pixels(image, image.members(cluster)) == pixels(kept, kept.members(wanted))
        assert (image.laterality, image.rows, image.columns) == (original.laterality, ROWS, COLUMNS)


@given(examinations())
@settings(max_examples=8)
def test_what_was_read_can_be_written_and_read_again_without_change(findings: Findings) -> None:
    sources = [header_of(number) for number in range(len(findings.images))]
    once = read_results(written(findings, "seg", "cad-sr", "measurements-sr"), sources)
    twice = read_results(written(once, "seg", "cad-sr", "measurements-sr"), sources)
    for image, again in zip(once.images, twice.images, strict=True):
        assert [c.runs for c in image.calcifications] == [c.runs for c in again.calcifications]
        assert [(c.tracking_uid, c.decision, c.comment) for c in image.clusters] == [
            (c.tracking_uid, c.decision, c.comment) for c in again.clusters
        ]
    assert Findings.from_json(once.to_json()) == once
    assert RAW.review is None
