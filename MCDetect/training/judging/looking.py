"""What a bundle finds in the views of a data set, kept in files: a run that was stopped goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.files import write_text_atomically
from MCDetect.findings import SpacingSource
from MCDetect.training.datasets.pixels import read_pixels_of
from MCDetect.training.datasets.record import DatasetIndex, ImageRecord
from MCDetect.training.judging.truths import JudgedView, Outline, truth_of

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

_VERSION = 2  # of what is kept of a view: older files are made again


@dataclass(frozen=True)
class FoundCluster:
    """A cluster that was found, whatever its score; ``is_benign`` if it is reported apart as typically benign."""

    outline: Outline
    score: float
    is_benign: bool


@dataclass(frozen=True)
class FoundMark:
    """A mark: place in pixels, diameter in mm, probability; reported by itself, or from which score of its cluster."""

    row: float
    column: float
    diameter_mm: float
    score: float
    is_alone: bool
    cluster_score: float

    def is_reported(self, threshold: float) -> bool:
        """Tell whether it is reported where clusters are shown from a score on."""
        return self.is_alone or self.cluster_score >= threshold


@dataclass(frozen=True)
class LookedAtView:
    """A view, what is there and what was found in it."""

    truth: JudgedView
    record: ImageRecord
    clusters: tuple[FoundCluster, ...]
    marks: tuple[FoundMark, ...]


@dataclass(frozen=True)
class _Found:
    rows: int
    columns: int
    clusters: tuple[FoundCluster, ...]
    marks: tuple[FoundMark, ...]


def look_at_data_set(
    detector: Detector, index: DatasetIndex, work: Path, report: Callable[[float], None] | None = None
) -> tuple[list[LookedAtView], list[str]]:
    """Return what is found in each image of a data set, and sentences about those that were left out.

    Parameters
    ----------
    detector
        The loaded bundle.
    index
        The data set.
    work
        Folder where what was found is kept, a file an image.
    report
        Called with the fraction done.

    Raises
    ------
    InputError
        ``no-views`` when none of the images can be used.
    """
    simulated = index.name == "simulated"
    folder = work / f"{detector.bundle.sha256[:12]}-{index.checksum[:12]}"
    views, problems = [], list(index.problems)
    for number, (record, name) in enumerate(zip(index.records, index.image_names, strict=True)):
        try:
            found = _look(detector, record, folder / f"{number:05}.json", simulated=simulated)
            truth = truth_of(record, name, number, (found.rows, found.columns), simulated=simulated)
            views.append(LookedAtView(truth, record, found.clusters, found.marks))
        except InputError as error:
            problems.append(f"Left out: {error.message}")
        if report is not None:
            report((number + 1) / len(index.records))
    if not views:
        raise InputError(
            "no-views",
            f"None of the {len(index.records)} images can be used. {problems[-1]}",
            "Give a data set that marks the places of calcifications, and --spacing where it does not say it.",
        )
    return views, problems


def _look(detector: Detector, record: ImageRecord, path: Path, *, simulated: bool) -> _Found:
    known = _read(path, record.spacing_mm)
    if known is not None:
        return known
    findings = detector.analyse(_mammogram(record, simulated=simulated), 0.0)
    least = detector.algorithm().calcification_threshold
    score_of: dict[int, float] = {}
    for cluster in findings.clusters:
        for member in cluster.member_ids:
            score_of[member] = max(score_of.get(member, -1.0), cluster.score)
    found = _Found(
        findings.rows,
        findings.columns,
        tuple(FoundCluster(c.outline, c.score, c.is_typically_benign) for c in findings.clusters),
        tuple(
            FoundMark(c.row, c.column, c.diameter_mm, c.score, c.score >= least, score_of.get(c.id, -1.0))
            for c in findings.calcifications
        ),
    )
    write_text_atomically(path, json.dumps({**_key(record.spacing_mm), **asdict(found)}, default=float))
    return found


def _mammogram(record: ImageRecord, *, simulated: bool) -> Mammogram:
    """Return an image of a data set as the detector takes it.

    Data sets were converted in many ways: what makes a file a mammogram is not asked, as in fine-tuning.
    """
    if simulated:
        return read_mammogram(record.image)
    if record.spacing_mm is None:
        raise InputError("no-spacing", f"{record.image} does not say how large a pixel is.", "Give --spacing.")
    pixels = read_pixels_of(record.image)
    return Mammogram(
        pixels=pixels,
        valid=np.ones(pixels.shape, dtype=np.bool_),
        spacing=Spacing(record.spacing_mm, record.spacing_mm, SpacingSource.GIVEN_BY_USER),
        laterality=record.laterality,
        view=record.view,
        source=str(record.image),
    )


def _key(spacing_mm: float | None) -> dict[str, Any]:
    """Return what must be as it was for what was found to hold, besides the bundle and the data set."""
    return {"version": _VERSION, "spacing_mm": spacing_mm}


def _read(path: Path, spacing_mm: float | None) -> _Found | None:
    """Return what an earlier run has found; None where it did not, or a damaged file lies there."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if any(document[name] != value for name, value in _key(spacing_mm).items()):
            return None
        return _Found(
            document["rows"],
            document["columns"],
            tuple(
                FoundCluster(
                    tuple((float(row), float(column)) for row, column in c["outline"]), c["score"], c["is_benign"]
                )
                for c in document["clusters"]
            ),
            tuple(FoundMark(**mark) for mark in document["marks"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
