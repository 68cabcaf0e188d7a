"""What one DICOM result tells: pieces of findings, with whatever the object does not say left open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from MCDetect.bi_rads import Morphology
from MCDetect.findings import Algorithm, Correspondence, Origin, Refusal, Review
from MCDetect.runs import Runs

UNKNOWN = "unknown"
UNKNOWN_SHA256 = "0" * 64
"""Of a model that the object does not name, as in the reports of other makers."""


@dataclass
class PointPiece:
    """A calcification of a report: its centre (row, column) and what is said of it.

    ``number`` is that of our findings, and ``runs`` the pixels that its outline holds, in reports that tell them.
    """

    row: float
    column: float
    score: float | None
    origin: Origin
    cluster: str | None = None
    benign_type: Morphology | None = None
    number: int | None = None
    runs: Runs | None = None


@dataclass
class MaskPiece:
    """A segment of calcifications: the runs of each connected part, and whose they are."""

    parts: list[Runs]
    origin: Origin
    cluster: str | None = None


@dataclass
class ImagePiece:
    """What an object tells of one image; ``clusters`` are fields of clusters by tracking UID, in order."""

    sop_instance_uid: str
    fields: dict[str, Any] = field(default_factory=dict)
    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: list[PointPiece] = field(default_factory=list)
    masks: list[MaskPiece] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass
class Piece:
    """What an object tells."""

    algorithm: Algorithm | None
    images: dict[str, ImagePiece] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    correspondences: list[Correspondence] = field(default_factory=list)
    review: Review | None = None

    def image(self, sop_instance_uid: str) -> ImagePiece:
        """Return the piece of an image, made if need be."""
        return self.images.setdefault(sop_instance_uid, ImagePiece(sop_instance_uid))
