"""Findings: the one currency of MCDetect.

Inference makes findings, review edits them, writers turn them into DICOM and pictures, evaluation scores them.
They are frozen: a change makes a new object (:func:`dataclasses.replace`). ``to_json`` and ``from_json`` are exact
inverses; ``MCDetect/findings.schema.json`` documents the format for other programs.

Coordinates are (row, column) in the stored pixel grid of the image, zero-based, with the *centre* of the first pixel
at (0, 0). DICOM graphic coordinates are (column + 0.5, row + 0.5); only the writers in ``MCDetect.dicom`` add the half.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.descriptors import Descriptors
from MCDetect.findings.terms import Decision as Decision
from MCDetect.findings.terms import Origin as Origin
from MCDetect.findings.terms import SpacingSource as SpacingSource

SCHEMA_VERSION = "1.4"
READABLE_VERSIONS = ("1.0", "1.1", "1.2", "1.3", SCHEMA_VERSION)
"""Findings of version 1.0 know nothing of readers, those before 1.2 nothing of types, descriptors and nipples, those
before 1.3 nothing of files, those before 1.4 nothing of calcifications that are told of and not named: what they do
not say has its default value.
"""


@dataclass(frozen=True)
class Calcification:
    """One calcification.

    ``runs`` are the exact pixels of its mask: (row, first column, number of pixels) for each horizontal run, sorted.
    ``row`` and ``column`` are the sub-pixel centre; ``diameter_mm`` is the longest extent of the mask; ``score`` is
    the calibrated probability of the calcification, 0 to 1; 1 for one that a reader added. ``benign_type`` is the
    typically benign type that the algorithm recognised, None for all others.
    """

    id: int
    row: float
    column: float
    area_mm2: float
    diameter_mm: float
    score: float
    runs: tuple[tuple[int, int, int], ...]
    origin: Origin = Origin.ALGORITHM
    benign_type: Morphology | None = None


@dataclass(frozen=True)
class Cluster:
    """A group of calcifications.

    ``outline`` is a polygon as (row, column) vertices; the last vertex is joined to the first and not repeated.
    ``area_mm2`` is that of the outline; ``diameter_mm`` is the longest extent of the calcifications themselves (the
    outline has a margin round them); ``density_per_cm2`` is count over area, 0 without a count;
    ``tracking_uid`` identifies the finding in every DICOM object made of it. ``score`` is the algorithm's, and 1 for a
    cluster that a reader drew (``origin``).

    What a reader says of it: ``decision`` with a ``reason`` and a ``comment``, ``morphology`` and ``assessment``; a
    reader may also change ``distribution``, the outline and the members. A rejected cluster stays in the findings: it
    was there.

    A cluster that a reader drew round none that is marked has no members, nor has one of which a report tells no single
    calcification. ``told_count`` is 0 for the first and how many the report says there are for the second; None where
    all are members or nothing is said.

    What the algorithm says of its kind: ``descriptors``, and ``benign_type``, the typically benign type that it
    recognised; such a cluster is reported apart from suspicious ones. Both are None when a reader changed what they
    were measured on.
    """

    id: int
    member_ids: tuple[int, ...]
    outline: tuple[tuple[float, float], ...]
    area_mm2: float
    diameter_mm: float
    density_per_cm2: float
    score: float
    distribution: Distribution
    tracking_uid: str
    origin: Origin = Origin.ALGORITHM
    decision: Decision = Decision.UNDECIDED
    reason: str = ""
    comment: str = ""
    morphology: Morphology | None = None
    assessment: AssessmentCategory | None = None
    benign_type: Morphology | None = None
    descriptors: Descriptors | None = None
    told_count: int | None = None

    @property
    def is_typically_benign(self) -> bool:
        """Whether it is of a typically benign type: by the reader's word, else by the algorithm's."""
        if self.morphology is not None:
            return self.morphology.is_typically_benign
        return self.benign_type is not None

    @property
    def type_text(self) -> str:
        """What it is, in a few words: the reader's morphology, else the benign type, else the most probable one."""
        if self.morphology is not None:
            return self.morphology.value
        if self.benign_type is not None:
            return f"{self.benign_type.value} (benign)"
        if self.descriptors is None:
            return ""
        likely = self.descriptors.morphology
        return f"{likely.morphology.value} {100 * likely.probability:.0f} %"

    @property
    def count(self) -> int | None:
        """Number of calcifications in the cluster; None where nobody tells how many or which."""
        return self.told_count if self.told_count is not None else len(self.member_ids) or None

    @property
    def count_text(self) -> str:
        """The number of calcifications, as people read it."""
        return "–" if self.count is None else str(self.count)


def score_of(clusters: Iterable[Cluster]) -> float:
    """Return the score of an image: the highest of its clusters that are not typically benign, 0 without one."""
    return max((cluster.score for cluster in clusters if not cluster.is_typically_benign), default=0.0)


@dataclass(frozen=True)
class ImageFindings:
    """What was found in one image; an image without findings has empty tuples (a negative result is a result).

    ``laterality`` is ``"L"``, ``"R"`` or empty; ``view`` is the DICOM view code meaning's abbreviation (``"CC"``,
    ``"MLO"``, ...) or empty; ``spacing_mm`` is (between rows, between columns); ``score`` is the highest score of a
    cluster that is not of a benign type; ``nipple`` is (row, column) of the most anterior point of the breast, None if
    the header does not say which way the breast points; ``source`` is the path of the file as the user gave it, empty
    for findings that were read back from DICOM objects.
    """

    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str
    study_instance_uid: str
    laterality: str
    view: str
    rows: int
    columns: int
    spacing_mm: tuple[float, float]
    spacing_source: SpacingSource
    score: float
    breast_area_mm2: float
    calcifications: tuple[Calcification, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    warnings: tuple[str, ...] = ()
    nipple: tuple[float, float] | None = None
    source: str = ""

    def members(self, cluster: Cluster) -> tuple[Calcification, ...]:
        """Return the calcifications of ``cluster`` in the order of its ``member_ids``."""
        by_id = {calcification.id: calcification for calcification in self.calcifications}
        return tuple(by_id[member] for member in cluster.member_ids)

    def reported_with(self, clusters: Iterable[Cluster], least_score: float) -> tuple[Calcification, ...]:
        """Return the calcifications to report with some of the clusters.

        They are the members of these clusters, those of at least ``least_score`` (an
        :attr:`Algorithm.calcification_threshold`), and those that a reader added.
        """
        members = {number for cluster in clusters for number in cluster.member_ids}
        return tuple(
            c for c in self.calcifications if c.id in members or c.score >= least_score or c.origin is Origin.READER
        )

    @property
    def isolated_calcifications(self) -> tuple[Calcification, ...]:
        """The calcifications that belong to no cluster."""
        clustered = {member for cluster in self.clusters for member in cluster.member_ids}
        return tuple(c for c in self.calcifications if c.id not in clustered)


@dataclass(frozen=True)
class Refusal:
    """An input that was not read, and why. ``source`` is the path as the user gave it."""

    source: str
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Algorithm:
    """What produced the findings: software, model (by hash), operating point and device.

    ``threshold`` is the least score of a cluster, ``calcification_threshold`` that of a calcification outside of
    clusters; fainter ones are reported only as members of a cluster.
    """

    name: str
    version: str
    bundle: str
    bundle_sha256: str
    operating_point: str
    threshold: float
    device: str
    calcification_threshold: float = 0.0

    @property
    def is_of_lower_precision(self) -> bool:
        """Whether the networks ran in bf16, as ``device`` then says, and not in fp32."""
        return "bf16" in self.device


@dataclass(frozen=True)
class Correspondence:
    """The same cluster in two views of a breast.

    ``tracking_uids`` are those of the two clusters; ``score`` (0 to 1) is how well they agree, and 1 when a reader
    joined them; ``confirmed`` is whether a reader has said that they are the same.
    """

    tracking_uids: tuple[str, str]
    score: float
    confirmed: bool = False


@dataclass(frozen=True)
class Review:
    """That a person has reviewed the findings.

    ``reader`` is the person's name in DICOM form (family^given); ``reviewed_at`` is ISO 8601 with the offset from UTC;
    ``complete`` says that the reader has finished; ``predecessor_uids`` are the SOP Instance UIDs of the reports that
    the reviewed ones replace.
    """

    reader: str
    reviewed_at: str
    complete: bool = False
    comment: str = ""
    predecessor_uids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """The result of one call: an entry for each image that was read, a refusal for each that was not.

    ``review`` is None until a person has reviewed them.
    """

    algorithm: Algorithm
    images: tuple[ImageFindings, ...] = ()
    refused: tuple[Refusal, ...] = ()
    correspondences: tuple[Correspondence, ...] = ()
    review: Review | None = None
    schema_version: str = field(default=SCHEMA_VERSION)

    def to_json(self, indent: int | None = 1) -> str:
        """Return the findings as JSON text that satisfies ``findings.schema.json``."""
        document = asdict(self)
        for image, entry in zip(self.images, document["images"], strict=True):
            for cluster, told in zip(image.clusters, entry["clusters"], strict=True):
                told["count"] = cluster.count
        return json.dumps(document, indent=indent, default=_enum_value, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Findings:
        """Return the findings that ``to_json`` wrote.

        Raises
        ------
        ValueError
            If the text is not JSON, lacks a field or has another schema version.
        """
        document = json.loads(text)
        version = document.get("schema_version") if isinstance(document, dict) else None
        if version not in READABLE_VERSIONS:
            readable = " and ".join(READABLE_VERSIONS)
            raise ValueError(f"findings have schema version {version!r}; this software reads {readable}")
        from MCDetect.findings.entries import findings_of

        try:
            return findings_of(document)
        except (KeyError, TypeError) as error:
            raise ValueError(f"findings are incomplete or malformed: {error}") from error


def _enum_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
