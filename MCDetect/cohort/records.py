"""What is known of the files and examinations of a cohort: the rows of the manifest and what travels to workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from MCDetect.bundles.store import DEFAULT_BUNDLE
from MCDetect.cohort.device_faults import DEVICE_FAILED
from MCDetect.findings import Algorithm, Findings, ImageFindings, Refusal
from MCDetect.inference.backends.precision import FP32
from MCDetect.inference.device import precision_of
from MCDetect.outputs import FORMATS, OPTIONAL_BATCH_FORMATS, check_formats

TRANSIENT = frozenset(
    {
        "cannot-read",
        "changed-while-read",
        DEVICE_FAILED,
        "internal-error",
        "no-permission",
        "no-such-file",
        "out-of-memory",
        "worker-died",
    }
)
"""Codes of failures that may be gone at the next attempt: disks, networks, memory, GPUs. Others stay what they are."""


@dataclass(frozen=True)
class FileRecord:
    """A file of the source. ``study`` is empty for what belongs to no examination; ``refusal`` says why, if told."""

    path: str
    size: int
    modified_ns: int
    study: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Examination:
    """A study to process: its files, and the signature of their paths, sizes and times of change."""

    name: str
    study: str
    signature: str
    files: tuple[str, ...]
    attempt: int = 1


@dataclass(frozen=True)
class Processing:
    """What is asked for of every examination; see the options of ``mcdetect batch`` and ``serve``."""

    bundle: str = DEFAULT_BUNDLE
    device: str = "auto"
    backend: str = "auto"
    precision: str = FP32
    operating_point: str | float | None = None
    spacing_mm: float | None = None
    formats: tuple[str, ...] = ()

    def checked(self) -> Processing:
        """Return it with its formats in order.

        Raises
        ------
        UsageError
            ``unknown-format`` if one of them cannot be had of a batch or a node, or if there are none.
        """
        return replace(self, formats=tuple(sorted(check_formats(self.formats, (*FORMATS, *OPTIONAL_BATCH_FORMATS)))))

    def facts(self, algorithm: Algorithm) -> dict[str, str]:
        """Return what decides the results, in words for the manifest."""
        return {
            "version": algorithm.version,
            "bundle": algorithm.bundle_sha256,
            "precision": self.precision,
            "operating point": f"{algorithm.operating_point} ({algorithm.threshold})",
            "list of formats": ",".join(self.formats),
            "spacing": "that of the header" if self.spacing_mm is None else f"{self.spacing_mm} mm",
        }


@dataclass(frozen=True)
class Order:
    """What a worker needs to process examinations, besides the examination.

    ``algorithm`` is what it must turn out to run, with ``threads`` if that is given; ``recheck`` trusts no time of
    change but compares contents; ``retry`` takes no earlier results from which something is missing.
    """

    output: str
    processing: Processing
    algorithm: Algorithm
    threads: int | None = None
    recheck: bool = False
    retry: bool = False


@dataclass(frozen=True)
class ImageRow:
    """One image in the summary table."""

    sop_instance_uid: str
    laterality: str
    view: str
    score: float
    clusters: int
    calcifications: int
    largest_cluster_mm: float
    warnings: int

    @classmethod
    def of(cls, image: ImageFindings) -> ImageRow:
        """Return the row of an image."""
        return cls(
            sop_instance_uid=image.sop_instance_uid,
            laterality=image.laterality,
            view=image.view,
            score=image.score,
            clusters=len(image.clusters),
            calcifications=len(image.calcifications),
            largest_cluster_mm=max((cluster.diameter_mm for cluster in image.clusters), default=0.0),
            warnings=len(image.warnings),
        )


@dataclass(frozen=True)
class Outcome:
    """What became of an examination; it lies as ``outcome.json`` in the folder of its results.

    ``content`` is the SHA-256 over the SHA-256 of its distinct files; ``seconds`` is the time of the worker;
    ``computed`` is False where results of the same content were there already.
    """

    signature: str
    content: str
    algorithm: Algorithm
    images: tuple[ImageRow, ...] = ()
    refused: tuple[Refusal, ...] = ()
    seconds: float = 0.0
    bytes_read: int = 0
    worker: str = ""
    files: tuple[str, ...] = field(default=())
    computed: bool = True

    @property
    def failed(self) -> bool:
        """Whether no image could be analysed."""
        return not self.images

    @property
    def may_improve(self) -> bool:
        """Whether another attempt may do better."""
        return any(refusal.code in TRANSIENT for refusal in self.refused)

    def to_json(self) -> str:
        """Return it as JSON text."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """Return what ``to_json`` wrote; ValueError for anything else."""
        try:
            document: dict[str, Any] = json.loads(text)
            return cls(
                **{
                    **document,
                    "algorithm": Algorithm(**document["algorithm"]),
                    "images": tuple(ImageRow(**row) for row in document["images"]),
                    "refused": tuple(Refusal(**row) for row in document["refused"]),
                    "files": tuple(document["files"]),
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not an outcome") from error


def same_algorithm(first: Algorithm, second: Algorithm) -> bool:
    """Say whether two algorithms give the same findings; the device does not matter."""
    return replace(first, device="") == replace(second, device="")


def as_precise(first: Algorithm, second: Algorithm) -> bool:
    """Say whether the first computes in the precision of the second, or in fp32."""
    return precision_of(first.device) in (FP32, precision_of(second.device))


def examination_name(study: str) -> str:
    """Return the folder name of a study: a hash, so that it says nothing of the patient."""
    return hashlib.sha256(study.encode()).hexdigest()[:24]


def examination_folder(output: Path, name: str) -> Path:
    """Return where the results of an examination lie; 256 folders keep a million of them apart."""
    return output / "examinations" / name[:2] / name


def signature_of(files: Iterable[tuple[str, int, int]]) -> str:
    """Return a hash of (path, size, time of change in ns) of files; cheap enough for every start."""
    return hashlib.sha256(json.dumps(sorted(files)).encode()).hexdigest()


def summarised(findings: Findings) -> tuple[ImageRow, ...]:
    """Return the rows of all images."""
    return tuple(ImageRow.of(image) for image in findings.images)


def internal_error(error: Exception) -> Refusal:
    """Return what is told of an examination that an unforeseen error has stopped."""
    return Refusal(
        "",
        "internal-error",
        f"An unexpected error ({type(error).__name__}) stopped the analysis of the examination.",
        "Run 'mcdetect detect --debug' on its files and report what it prints.",
    )
