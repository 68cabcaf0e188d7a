"""What is written comes back: everything from all objects together, and from each alone what it carries."""

from __future__ import annotations

from dataclasses import asdict, replace

from hypothesis import given, settings
from support.alike import alike
from support.small_examination import ALGORITHM, identity, small_findings
from support.written_examinations import COLUMNS, EVERYTHING, ROWS, SPACING, examinations, header_of, written

from MCDetect.dicom.results.reading import read_results
from MCDetect.dicom.writing.context import shown
from MCDetect.dicom.writing.reader_texts import clean
from MCDetect.findings import Calcification, Decision, Findings, ImageFindings, Origin, SpacingSource

WITH_OUTLINE = ("id", "tracking_uid", "outline", "score", "distribution", "origin", "benign_type")
SAID = ("morphology", "decision", "reason", "comment", "assessment")
MEASURED = ("area_mm2", "diameter_mm", "density_per_cm2", "descriptors")
OF_STUDY = ("sop_instance_uid", "sop_class_uid", "series_instance_uid", "study_instance_uid", "laterality")


def as_told(findings: Findings) -> Findings:
    """Return findings as objects may hold their texts: control characters and spaces at the ends are not written."""
    images = []
    for image in findings.images:
        clusters = tuple(replace(c, reason=clean(c.reason), comment=clean(c.comment)) for c in image.clusters)
        warnings = tuple(clean(warning) for warning in image.warnings if clean(warning))
        images.append(replace(image, clusters=clusters, warnings=warnings))
    review = findings.review and replace(findings.review, comment=clean(findings.review.comment))
    return replace(findings, images=tuple(images), review=review)


def by_uids(findings: Findings) -> Findings:
    """Return findings with what has no order in a report in one."""
    review = findings.review
    if review is not None:
        review = replace(review, predecessor_uids=tuple(sorted(review.predecessor_uids)))
    pairs = sorted(findings.correspondences, key=lambda pair: sorted(pair.tracking_uids))
    return replace(findings, correspondences=tuple(pairs), review=review)


@given(examinations())
@settings(max_examples=20)
def test_all_objects_together_give_equal_findings(findings: Findings) -> None:
    read = read_results(written(findings, *EVERYTHING))
    alike(asdict(by_uids(read)), asdict(by_uids(as_told(findings))))


@given(examinations())
@settings(max_examples=5)
def test_the_mammograms_change_nothing_of_what_the_objects_tell(findings: Findings) -> None:
    objects = written(findings, *EVERYTHING)
    sources = [header_of(number) for number in range(len(findings.images))]
    assert read_results(objects, sources) == read_results(objects)


@given(examinations())
@settings(max_examples=12)
def test_the_cad_report_alone_gives_what_it_carries(findings: Findings) -> None:
    read, told = read_results(written(findings, "cad-sr")), as_told(findings)
    alike(asdict(read.algorithm), asdict(told.algorithm))
    alike(asdict(replace(by_uids(read), images=()))["correspondences"], asdict(by_uids(told))["correspondences"])
    for image, original in zip(read.images, told.images, strict=True):
        for name in (*OF_STUDY, "view", "spacing_mm", "nipple"):
            alike(getattr(image, name), getattr(original, name), name)
        compare_calcifications(image, original)
        compare_clusters(image, original, (*WITH_OUTLINE, "member_ids"))
        for cluster, wanted in zip(image.clusters, original.clusters, strict=True):
            assert (cluster.decision is Decision.REJECTED) == (wanted.decision is Decision.REJECTED)
            # One type is told: the reader's, else the algorithm's.
            assert cluster.morphology is (None if wanted.morphology is wanted.benign_type else wanted.morphology)


@given(examinations())
@settings(max_examples=8)
def test_the_measurements_alone_give_what_they_carry(findings: Findings) -> None:
    read, told = read_results(written(findings, "measurements-sr")), as_told(findings)
    drawn = [cluster.origin for image in findings.images for cluster in image.clusters]
    if not drawn or Origin.ALGORITHM in drawn:  # a group of what a reader drew names no algorithm
        alike(asdict(read.algorithm), asdict(told.algorithm))
    assert (read.review is None) == (told.review is None)
    for image, original in zip(read.images, told.images, strict=True):
        names = ("view", "rows", "columns", "spacing_mm", "spacing_source", "breast_area_mm2", "warnings", "score")
        for name in (*OF_STUDY, *names):
            alike(getattr(image, name), getattr(original, name), name)
        compare_clusters(image, original, (*SAID, *MEASURED, *(name for name in WITH_OUTLINE if name != "outline")))
        kept = [c.outline for c in image.clusters if c.decision is not Decision.REJECTED]
        alike(kept, [c.outline for c in original.clusters if c.decision is not Decision.REJECTED], "outline")


@given(examinations())
@settings(max_examples=8)
def test_the_segmentations_alone_give_the_pixels(findings: Findings) -> None:
    objects = written(findings, "seg")
    if not objects:
        return
    everything = read_results(objects)
    if drawn_by_algorithm(findings):
        alike(asdict(everything.algorithm), asdict(findings.algorithm))
    read = {image.sop_instance_uid: image for image in everything.images}
    for original in findings.images:
        kept = shown(original)
        if original.sop_instance_uid not in read:
            assert not kept.calcifications
            continue
        image = read[original.sop_instance_uid]
        for name in (*OF_STUDY, "rows", "columns"):
            assert getattr(image, name) == getattr(original, name)
        assert image.spacing_mm == SPACING  # that of the detector, of which the geometry of the object is made
        assert pixels(image.calcifications) == pixels(kept.calcifications)
        assert [(c.id, c.tracking_uid, c.origin) for c in image.clusters] == [
            (c.id, c.tracking_uid, c.origin) for c in kept.clusters
        ]
        for cluster, wanted in zip(image.clusters, kept.clusters, strict=True):
            assert pixels(image.members(cluster)) == pixels(kept.members(wanted))


def drawn_by_algorithm(findings: Findings) -> bool:
    """Say whether any segment was drawn by the algorithm, which is named then."""
    kept = [shown(image) for image in findings.images]
    parts = [one for image in kept for one in (*image.calcifications, *image.clusters)]
    return any(one.origin is Origin.ALGORITHM for one in parts)


def compare_calcifications(image: ImageFindings, original: ImageFindings) -> None:
    names = ("id", "row", "column", "score", "origin", "benign_type")
    for one, other in zip(image.calcifications, original.calcifications, strict=True):
        for name in names:
            alike(getattr(one, name), getattr(other, name), name)


def compare_clusters(image: ImageFindings, original: ImageFindings, names: tuple[str, ...]) -> None:
    for cluster, wanted in zip(asdict(image)["clusters"], asdict(original)["clusters"], strict=True):
        for name in names:
            alike(cluster[name], wanted[name], name)


def pixels(members: tuple[Calcification, ...]) -> set[tuple[int, int]]:
    return {
        (row, column) for one in members for row, first, length in one.runs for column in range(first, first + length)
    }


@given(examinations())
@settings(max_examples=5)
def test_what_was_read_can_be_written_and_read_again_without_change(findings: Findings) -> None:
    once = read_results(written(findings, *EVERYTHING))
    twice = read_results(written(once, *EVERYTHING))
    alike(asdict(by_uids(twice)), asdict(by_uids(once)))
    assert Findings.from_json(once.to_json()) == once


def test_without_a_word_on_its_spacing_the_header_of_the_mammogram_decides() -> None:
    findings = examination()
    read = read_results(written(findings, "seg", "cad-sr"), [header_of(0)])
    (image,) = read.images
    assert (image.rows, image.columns, image.spacing_source) == (ROWS, COLUMNS, SpacingSource.AT_DETECTOR)


def examination() -> Findings:
    """Return the findings of an image without anything in it."""
    nothing = {"calcifications": (), "clusters": (), "score": 0.0, "spacing_mm": SPACING}
    empty = replace(small_findings(0), **identity(header_of(0)), **nothing)
    return Findings(ALGORITHM, (empty,))
