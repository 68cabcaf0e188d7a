"""What the detector and the baselines find in a view, kept in a file: views are looked at once, and scored at will."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.evaluation.hits import Candidate
from MCDetect.files import write_text_atomically
from MCDetect.findings import Calcification
from MCDetect.inference.calcifications import find_calcifications, peak_logit
from MCDetect.inference.clusters import describe_cluster
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.resampling import resize
from MCDetect.training.detection.baselines import laplacian_marks, patch_candidates
from MCDetect.training.examining import examine

if TYPE_CHECKING:
    from MCDetect.bundles.store import Bundle
    from MCDetect.inference.detector import Detector
    from MCDetect.training.simulated_views import ViewWithTruth

RECORD_VERSION = 4
"""Changes when what is kept of a view changes, or how it is found: older records are made again."""

THRESHOLD_STEPS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
"""Logits below the bundle's threshold at which marks are taken too: its own is fixed at a low rate of false marks."""


@dataclass(frozen=True)
class Mark:
    """A single mark: place in pixels, diameter in mm, logit (of the baseline: response)."""

    row: float
    column: float
    diameter_mm: float
    logit: float


@dataclass(frozen=True)
class FoundCluster:
    """A cluster that the detector found: score, outline, logits of its members, highest first, and its sort.

    ``is_benign`` is whether it is reported apart, as of a typically benign type.
    """

    outline: tuple[tuple[float, float], ...]
    score: float
    logits: tuple[float, ...]
    features: dict[str, float]
    is_benign: bool


@dataclass(frozen=True)
class LookedAt:
    """What was found in a view.

    Attributes
    ----------
    seed
        Of the view.
    area_cm2
        Of the breast as the detector sees it.
    marks
        Of the calcification network, for each of :data:`THRESHOLD_STEPS`.
    clusters
        Of the detector, whatever their score.
    laplacian
        Marks of the Laplacian of Gaussian.
    patches
        Squares of the patch network alone.
    """

    seed: int
    area_cm2: float
    marks: tuple[tuple[Mark, ...], ...]
    clusters: tuple[FoundCluster, ...]
    laplacian: tuple[Mark, ...]
    patches: tuple[Candidate, ...]


def look(detector: Detector, view: ViewWithTruth, patches: bool = True, laplacian: bool = True) -> LookedAt:
    """Look at one view with the detector, and with each baseline or without."""
    mammogram, settings = view.mammogram, detector.bundle.settings
    spacing = mammogram.spacing.millimetres
    mask = breast_mask(mammogram.pixels, spacing, mammogram.valid)
    prepared, logits = detector.maps(mammogram, mask)
    stored = resize(logits, mammogram.shape)
    calibration = settings["calcification_calibration"]
    found = [
        find_calcifications(stored, spacing, settings["calcification_threshold"] - step, mask=mask, **calibration)
        for step in THRESHOLD_STEPS
    ]
    clusters = []
    for scored in detector.gather(mammogram, mask, prepared, logits)[1]:
        geometry = describe_cluster(
            scored.members, spacing, mammogram.shape, outline_margin_mm=settings["clusters"]["outline_margin_mm"]
        )
        member_logits = sorted((_logit(member, calibration) for member in scored.members), reverse=True)
        features = dict(scored.features)
        clusters.append(FoundCluster(geometry.outline, scored.score, tuple(member_logits), features, scored.is_benign))
    return LookedAt(
        seed=view.seed,
        area_cm2=float(np.count_nonzero(mask)) * spacing[0] * spacing[1] / 100,
        marks=tuple(
            tuple(Mark(c.row, c.column, c.diameter_mm, _logit(c, calibration)) for c in step) for step in found
        ),
        clusters=tuple(clusters),
        laplacian=tuple(
            Mark(c.row, c.column, c.diameter_mm, c.score)
            for c in (laplacian_marks(prepared, spacing, mammogram.shape) if laplacian else ())
        ),
        patches=patch_candidates(detector.bundle, prepared, mammogram.shape) if patches else (),
    )


def look_at_all(
    bundle: Bundle,
    views: Sequence[Path],
    work: Path,
    *,
    patches: bool = True,
    laplacian: bool = True,
    processes: int = 2,
    report: Callable[[float], None] | None = None,
    kind: type[Detector] | None = None,
) -> list[LookedAt]:
    """Return what is found in each view, in order; views that were looked at before are not looked at again.

    Parameters
    ----------
    bundle
        With other weights or settings all views are looked at anew.
    views
        Files for :func:`MCDetect.training.simulated_views.load_view`.
    work
        Where one file a view is kept as soon as it is done.
    patches
        False leaves out the patch network over all patches, which calibration does not ask for.
    laplacian
        False leaves out the Laplacian of Gaussian.
    processes
        Number of processes.
    report
        Called with the fraction done.
    kind
        As for :func:`MCDetect.training.examining.examine`.
    """
    folder = _folder(work, bundle)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [path for path in views if not _record(folder, path).exists()]
    if missing:
        task = partial(_look_and_keep, folder=folder, patches=patches, laplacian=laplacian)
        examine(bundle.folder, missing, task, processes, report, kind=kind)
    return [_read(_record(folder, path)) for path in views]


def were_looked_at(bundle: Bundle, views: Sequence[Path], work: Path) -> bool:
    """Tell whether a run before this one has looked at all these views."""
    return all(_record(_folder(work, bundle), view).exists() for view in views)


def _folder(work: Path, bundle: Bundle) -> Path:
    return work / f"looked-{RECORD_VERSION}-{bundle.sha256[:12]}"


def _look_and_keep(detector: Detector, view: ViewWithTruth, folder: Path, *, patches: bool, laplacian: bool) -> None:
    document = json.dumps(asdict(look(detector, view, patches, laplacian)), default=float)
    write_text_atomically(folder / f"{view.seed}.json", document)


def _record(folder: Path, view: Path) -> Path:
    return folder / f"{view.stem}.json"


def _read(path: Path) -> LookedAt:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return LookedAt(
        seed=document["seed"],
        area_cm2=document["area_cm2"],
        marks=tuple(tuple(Mark(**mark) for mark in step) for step in document["marks"]),
        clusters=tuple(
            FoundCluster(_outline(c["outline"]), c["score"], tuple(c["logits"]), c["features"], c["is_benign"])
            for c in document["clusters"]
        ),
        laplacian=tuple(Mark(**mark) for mark in document["laplacian"]),
        patches=tuple(Candidate(_outline(c["outline"]), c["score"]) for c in document["patches"]),
    )


def _outline(points: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(row), float(column)) for row, column in points)


def _logit(calcification: Calcification, calibration: dict[str, float]) -> float:
    return peak_logit(calcification.score, calibration["slope"], calibration["intercept"])
