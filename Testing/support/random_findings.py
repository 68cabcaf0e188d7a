"""Findings made by hypothesis: any that the types allow and the schema describes."""

from __future__ import annotations

from datetime import timezone
from typing import Any

from hypothesis import strategies as st

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.descriptors import Descriptors, MorphologyProbability, Spread
from MCDetect.findings import (
    Algorithm,
    Calcification,
    Cluster,
    Correspondence,
    Decision,
    Findings,
    ImageFindings,
    Origin,
    Refusal,
    Review,
    SpacingSource,
)

ROWS, COLUMNS = 300, 240

_scores = st.floats(0, 1)
_lengths = st.floats(0.01, 300)
_sentences = st.text(max_size=30)
_uids = st.lists(st.integers(0, 2**31), min_size=2, max_size=5).map(lambda parts: "2.25." + ".".join(map(str, parts)))


benign_types = st.sampled_from(
    [Morphology.SKIN, Morphology.VASCULAR, Morphology.COARSE, Morphology.LARGE_ROD_LIKE, Morphology.RIM]
)
_spreads = st.builds(Spread, mean=st.floats(0, 300), deviation=st.floats(0, 300))
descriptors = st.builds(
    Descriptors,
    nearest_neighbour_mm=_spreads,
    size_mm=_spreads,
    contrast=_spreads,
    morphologies=st.lists(
        st.builds(MorphologyProbability, morphology=st.sampled_from(Morphology), probability=_scores),
        min_size=1,
        max_size=4,
        unique_by=lambda one: one.morphology,
    ).map(lambda some: tuple(sorted(some, key=lambda one: -one.probability))),
    suspicion=_scores,
)


def said(texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the strategy of what a reader and the algorithm say of a cluster besides its figures."""
    return st.fixed_dictionaries(
        {
            "distribution": st.sampled_from(Distribution),
            "decision": st.sampled_from(Decision),
            "reason": texts,
            "comment": texts,
            "morphology": st.none() | st.sampled_from(Morphology),
            "assessment": st.none() | st.sampled_from(AssessmentCategory),
            "benign_type": st.none() | benign_types,
            "descriptors": st.none() | descriptors,
        }
    )


@st.composite
def calcifications(draw: st.DrawFn, identifier: int) -> Calcification:
    """Draw a calcification inside the image."""
    row, column = draw(st.integers(0, ROWS - 1)), draw(st.integers(0, COLUMNS - 12))
    return Calcification(
        id=identifier,
        row=float(row),
        column=column + draw(st.floats(0, 10)),
        area_mm2=draw(_lengths),
        diameter_mm=draw(st.floats(0.05, 3.0)),
        score=draw(_scores),
        origin=draw(st.sampled_from(Origin)),
        runs=((row, column, draw(st.integers(1, 12))),),
        benign_type=draw(st.none() | benign_types),
    )


@st.composite
def clusters(draw: st.DrawFn, identifier: int, members: tuple[Calcification, ...]) -> Cluster:
    """Draw a cluster with some of ``members`` and a quadrangle round them."""
    chosen = draw(st.sets(st.sampled_from([member.id for member in members]), min_size=1))
    inside = [member for member in members if member.id in chosen]
    top, bottom = min(m.row for m in inside) - 5, max(m.row for m in inside) + 5
    left, right = min(m.column for m in inside) - 5, max(m.column for m in inside) + 5
    corners = ((top, left), (top, right), (bottom, right), (bottom, left))
    return Cluster(
        id=identifier,
        member_ids=tuple(sorted(chosen)),
        outline=tuple(
            (min(max(row, 0.0), ROWS - 1.0), min(max(column, 0.0), COLUMNS - 1.0)) for row, column in corners
        ),
        area_mm2=draw(_lengths),
        diameter_mm=draw(_lengths),
        density_per_cm2=draw(_lengths),
        score=draw(_scores),
        tracking_uid=draw(_uids),
        origin=draw(st.sampled_from(Origin)),
        told_count=draw(st.none() | st.integers(len(chosen) + 1, 99)),
        **draw(said(_sentences)),
    )


@st.composite
def images(draw: st.DrawFn, most_calcifications: int = 6, most_clusters: int = 3, **fixed: Any) -> ImageFindings:
    """Draw the findings of an image of ``ROWS`` x ``COLUMNS`` pixels."""
    members = tuple(draw(calcifications(number)) for number in range(1, draw(st.integers(0, most_calcifications)) + 1))
    count = draw(st.integers(0, most_clusters)) if members else 0
    values = {
        "sop_instance_uid": draw(_uids),
        "sop_class_uid": draw(st.sampled_from(["1.2.840.10008.5.1.4.1.1.1.2", ""])),
        "series_instance_uid": draw(_uids),
        "study_instance_uid": draw(_uids),
        "laterality": draw(st.sampled_from(["L", "R", ""])),
        "view": draw(st.sampled_from(["CC", "MLO", "ML", ""])),
        "rows": ROWS,
        "columns": COLUMNS,
        "spacing_mm": (draw(st.floats(0.02, 0.3)), draw(st.floats(0.02, 0.3))),
        "spacing_source": draw(st.sampled_from(SpacingSource)),
        "score": draw(_scores),
        "breast_area_mm2": draw(st.floats(0, 90_000)),
        "calcifications": members,
        "clusters": tuple(draw(clusters(number, members)) for number in range(1, count + 1)),
        "warnings": tuple(draw(st.lists(st.text(max_size=30), max_size=2))),
        "nipple": draw(st.none() | st.tuples(st.floats(0, ROWS), st.floats(0, COLUMNS))),
    }
    return ImageFindings(**{**values, **fixed})


refusals = st.builds(
    Refusal,
    source=st.text(max_size=30),
    code=st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8}){0,2}", fullmatch=True),
    message=st.text(min_size=1, max_size=40),
    hint=st.text(max_size=40),
)

algorithms = st.builds(
    Algorithm,
    name=st.just("MCDetect"),
    version=st.just("0.1.0"),
    bundle=st.sampled_from(["default", "other"]),
    bundle_sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    operating_point=st.sampled_from(["balanced", "custom"]),
    threshold=_scores,
    device=st.sampled_from(["cpu", "cuda (NVIDIA H200)"]),
)

correspondences = st.builds(
    Correspondence, tracking_uids=st.tuples(_uids, _uids), score=_scores, confirmed=st.booleans()
)

reviews = st.builds(
    Review,
    reader=st.sampled_from(["Reader^Anna", "Müller^Jörg", "Yamada^Tarou=山田^太郎"]),
    reviewed_at=st.datetimes(timezones=st.just(timezone.utc)).map(lambda moment: moment.isoformat()),
    complete=st.booleans(),
    comment=_sentences,
    predecessor_uids=st.lists(_uids, max_size=2).map(tuple),
)

findings = st.builds(
    Findings,
    algorithm=algorithms,
    images=st.lists(images(), max_size=3).map(tuple),
    refused=st.lists(refusals, max_size=2).map(tuple),
    correspondences=st.lists(correspondences, max_size=2).map(tuple),
    review=st.none() | reviews,
)
