"""Findings: the one currency of MCDetect.

Inference makes findings, review edits them, writers turn them into DICOM and pictures, evaluation scores them.
They are frozen: a change makes a new object (:func:`dataclasses.replace`). ``to_json`` and ``from_json`` are exact
inverses; ``findings.schema.json`` beside this file documents the format for other programs.

Coordinates are (row, column) in the stored pixel grid of the image, zero-based, with the *centre* of the first pixel
at (0, 0). DICOM graphic coordinates are (column + 0.5, row + 0.5); only the writers in ``MCDetect.dicom`` add the half.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

SCHEMA_VERSION = "1.0"


class SpacingSource(str, Enum):
    """Where the millimetres of an image come from; the rule that decides is in ``MCDetect.dicom.spacing``."""

    AT_DETECTOR = "at detector"
    MAGNIFICATION_CORRECTED = "magnification corrected"
    CALIBRATED = "calibrated"
    GIVEN_BY_USER = "given by user"


class Distribution(str, Enum):
    """Distribution of the calcifications of a cluster (ACR BI-RADS Atlas, 5th edition)."""

    DIFFUSE = "diffuse"
    REGIONAL = "regional"
    GROUPED = "grouped"
    LINEAR = "linear"
    SEGMENTAL = "segmental"


@dataclass(frozen=True)
class Calcification:
    """One calcification.

    ``runs`` are the exact pixels of its mask: (row, first column, number of pixels) for each horizontal run, sorted.
    ``row`` and ``column`` are the sub-pixel centre; ``diameter_mm`` is the longest extent of the mask; ``score`` is
    the calibrated probability of the calcification, 0 to 1.
    """

    id: int
    row: float
    column: float
    area_mm2: float
    diameter_mm: float
    score: float
    runs: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Cluster:
    """A group of calcifications.

    ``outline`` is a polygon as (row, column) vertices; the last vertex is joined to the first and not repeated.
    ``area_mm2`` is that of the outline; ``diameter_mm`` is the longest extent of the calcifications themselves (the
    outline has a margin round them); ``density_per_cm2`` is count over area;
    ``tracking_uid`` identifies the finding in every DICOM object made of it.
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

    @property
    def count(self) -> int:
        """Number of calcifications in the cluster."""
        return len(self.member_ids)


@dataclass(frozen=True)
class ImageFindings:
    """What was found in one image; an image without findings has empty tuples (a negative result is a result).

    ``laterality`` is ``"L"``, ``"R"`` or empty; ``view`` is the DICOM view code meaning's abbreviation (``"CC"``,
    ``"MLO"``, ...) or empty; ``spacing_mm`` is (between rows, between columns); ``score`` is the highest cluster score.
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

    def members(self, cluster: Cluster) -> tuple[Calcification, ...]:
        """Return the calcifications of ``cluster`` in the order of its ``member_ids``."""
        by_id = {calcification.id: calcification for calcification in self.calcifications}
        return tuple(by_id[member] for member in cluster.member_ids)

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
    """What produced the findings: software, model (by hash), operating point and device."""

    name: str
    version: str
    bundle: str
    bundle_sha256: str
    operating_point: str
    threshold: float
    device: str


@dataclass(frozen=True)
class Findings:
    """The result of one call: an entry for each image that was read, a refusal for each that was not."""

    algorithm: Algorithm
    images: tuple[ImageFindings, ...] = ()
    refused: tuple[Refusal, ...] = ()
    schema_version: str = field(default=SCHEMA_VERSION)

    def to_json(self, indent: int | None = 1) -> str:
        """Return the findings as JSON text that satisfies ``findings.schema.json``."""
        document = asdict(self)
        for image in document["images"]:
            for cluster in image["clusters"]:
                cluster["count"] = len(cluster["member_ids"])
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
        if version != SCHEMA_VERSION:
            raise ValueError(f"findings have schema version {version!r}; this software reads {SCHEMA_VERSION!r}")
        try:
            return cls(
                algorithm=Algorithm(**document["algorithm"]),
                images=tuple(_image(entry) for entry in document["images"]),
                refused=tuple(Refusal(**entry) for entry in document["refused"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"findings are incomplete or malformed: {error}") from error


def _enum_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _pairs(entries: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(tuple(entry) for entry in entries)


def _image(entry: Mapping[str, Any]) -> ImageFindings:
    values = dict(entry)
    values["spacing_mm"] = tuple(values["spacing_mm"])
    values["spacing_source"] = SpacingSource(values["spacing_source"])
    values["warnings"] = tuple(values["warnings"])
    values["calcifications"] = tuple(
        Calcification(**{**c, "runs": _pairs(c["runs"])}) for c in values["calcifications"]
    )
    values["clusters"] = tuple(_cluster(cluster) for cluster in values["clusters"])
    return ImageFindings(**values)


def _cluster(entry: Mapping[str, Any]) -> Cluster:
    values = dict(entry)
    values.pop("count", None)
    values["member_ids"] = tuple(values["member_ids"])
    values["outline"] = _pairs(values["outline"])
    values["distribution"] = Distribution(values["distribution"])
    return Cluster(**values)
