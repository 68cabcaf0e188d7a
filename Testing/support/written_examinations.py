"""Examinations drawn by hypothesis that objects can hold: consistent findings in images of one study, and headers.

Calcifications may touch, overlap, belong to several clusters or to none, fall apart and have holes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import numpy as np
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, MammographyCADSRStorage
from support.random_findings import algorithms, benign_types, reviews, said
from support.small_examination import STUDY, identity, small_header

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing.cad_report import cad_report
from MCDetect.dicom.writing.context import ReportContext, shown
from MCDetect.dicom.writing.measurement_report import measurement_report
from MCDetect.dicom.writing.segmentation import segmentation
from MCDetect.findings import (
    Calcification,
    Cluster,
    Correspondence,
    Findings,
    ImageFindings,
    Origin,
    Review,
    SpacingSource,
    score_of,
)
from MCDetect.inference.calcifications import measure_calcification

ROWS, COLUMNS = 120, 100
SPACING = (0.07, 0.06)
EVERYTHING = ("seg", "cad-sr", "measurements-sr")

texts = st.text(max_size=20)
scores = st.floats(0, 1)
_CELLS = st.tuples(st.integers(0, 11), st.integers(0, 9))
_SHAPES = (
    ("##", "##"),
    ("#",),
    ("####", "#..#", "####"),  # with a hole
    (".#.", "#.#", ".#."),
    ("#.", ".#"),  # together at a corner only
    ("#..", "...", "..#"),  # in two parts
    ("######", "#.....", "######", ".....#", "######"),
)


def header_of(number: int) -> Dataset:
    """Return the header of the image ``number`` of an examination."""
    return small_header(number, (ROWS, COLUMNS), SPACING)


@st.composite
def calcifications(draw: st.DrawFn, number: int, cell: tuple[int, int], spacing: tuple[float, float]) -> Calcification:
    """Draw one in a cell of the image, measured as those of the detector are; neighbours may touch or overlap."""
    top, left = cell[0] * 9 + draw(st.integers(0, 4)), cell[1] * 9 + draw(st.integers(0, 4))
    shape = np.array([[one == "#" for one in line] for line in draw(st.sampled_from(_SHAPES))])
    pixels = np.argwhere(shape) + np.array((top, left))
    origin = draw(st.sampled_from(Origin))
    score = 1.0 if origin is Origin.READER else draw(scores)
    measured = measure_calcification(number, pixels, np.ones(len(pixels)), spacing, score, origin=origin)
    moved = st.floats(-0.5, 0.5)
    return replace(
        measured,
        row=measured.row + draw(moved),
        column=measured.column + draw(moved),
        benign_type=draw(st.none() | benign_types),
    )


@st.composite
def clusters(draw: st.DrawFn, number: int, members: Sequence[Calcification], image_uid: str) -> Cluster:
    """Draw a cluster of ``members`` with an outline inside of the image."""
    origin = draw(st.sampled_from(Origin)) if members else Origin.READER
    top, left = draw(st.floats(0, 40)), draw(st.floats(0, 40))
    height, width = draw(st.floats(5, 50)), draw(st.floats(5, 50))
    told_count = draw(st.none() | (st.integers(len(members) + 1, 99) if members else st.integers(0, 99)))
    return Cluster(
        id=number,
        member_ids=tuple(member.id for member in draw(st.permutations(members))),
        outline=((top, left), (top, left + width), (top + height, left + width), (top + height, left)),
        area_mm2=draw(st.floats(0.5, 300)),
        diameter_mm=draw(st.floats(0.05, 30)),
        density_per_cm2=draw(st.floats(0.1, 900)) if members or told_count else 0.0,
        score=1.0 if origin is Origin.READER else draw(scores),
        tracking_uid=stable_uid(image_uid, "cluster", str(number)),
        origin=origin,
        told_count=told_count,
        **draw(said(texts)),
    )


@st.composite
def images(draw: st.DrawFn, number: int) -> ImageFindings:
    """Draw the findings of the image ``number``; numbers of calcifications and clusters may have gaps."""
    header = header_of(number)
    spacing = draw(st.sampled_from([SPACING, (0.0673123456789, 0.0673123456789)]))
    cells = draw(st.lists(_CELLS, unique=True, max_size=9))
    numbers = sorted(draw(st.sets(st.integers(1, 40), min_size=len(cells), max_size=len(cells))))
    found = tuple(draw(calcifications(one, cell, spacing)) for one, cell in zip(numbers, cells, strict=True))
    owners = [draw(st.sets(st.integers(0, 3), max_size=2)) for _ in found]
    made = []
    for cluster in sorted(draw(st.sets(st.integers(1, 3)))):
        members = [one for one, owner in zip(found, owners, strict=True) if cluster in owner]
        made.append(draw(clusters(cluster, members, header.SOPInstanceUID)))
    return ImageFindings(
        **identity(header),
        spacing_mm=spacing,
        spacing_source=draw(st.sampled_from(SpacingSource)),
        score=score_of(made),
        breast_area_mm2=draw(st.just(0.0) | st.floats(1, 90_000)),
        calcifications=found,
        clusters=tuple(made),
        warnings=tuple(draw(st.lists(texts, max_size=2))),
        nipple=draw(st.none() | st.tuples(st.floats(0, ROWS - 1), st.floats(0, COLUMNS - 1))),
    )


@st.composite
def examinations(draw: st.DrawFn) -> Findings:
    """Draw the findings of a study of up to three images, some of whose clusters are the same."""
    drawn = tuple(draw(images(number)) for number in range(draw(st.integers(1, 3))))
    pairs = []
    for first, second in draw(st.permutations([(0, 1), (1, 2), (2, 0)])):
        if max(first, second) < len(drawn) and drawn[first].clusters and drawn[second].clusters and draw(st.booleans()):
            uids = tuple(draw(st.sampled_from(drawn[one].clusters)).tracking_uid for one in (first, second))
            pairs.append(Correspondence((uids[0], uids[1]), draw(scores), draw(st.booleans())))
    review = draw(st.none() | reviews)
    threshold = draw(scores)
    algorithm = replace(draw(algorithms), calcification_threshold=threshold)
    return Findings(algorithm, drawn, (), tuple(pairs), review)


def written(findings: Findings, *kinds: str) -> list[Dataset]:
    """Write the objects of these kinds and read them as data sets; of replaced reports the headers are at hand."""
    replaced = () if findings.review is None else predecessors(findings.review)
    context = ReportContext(findings.review, findings.correspondences, replaced)
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


def predecessors(review: Review) -> tuple[Dataset, ...]:
    """Return headers of the reports that a review replaces: CAD and measurement reports in turn."""
    headers = []
    for number, uid in enumerate(review.predecessor_uids):
        header = Dataset()
        header.SOPClassUID = (MammographyCADSRStorage, ComprehensiveSRStorage)[number % 2]
        header.SOPInstanceUID, header.SeriesInstanceUID, header.StudyInstanceUID = uid, "1.2.3.9", STUDY
        headers.append(header)
    return tuple(headers)
