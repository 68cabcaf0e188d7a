"""Simulated views with their truth, kept in a folder, and what a detector finds in them.

Calibration and scoring both need: false marks of views without clusters, and clusters found or missed in views with
them. Views are made once and read again, since a calibration runs the detector twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.evaluation.hits import Truth
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.findings import Calcification, SpacingSource
from MCDetect.training.backgrounds import PROJECTIONS, make_missing

if TYPE_CHECKING:
    from MCDetect.simulation.view import SimulatedView

MARK_TOLERANCE_MM = 0.5
"""A mark whose centre is at most this far outside a calcification (taken as a disc) is right."""


@dataclass(frozen=True)
class TruthCluster:
    """A simulated cluster: outline in pixels, number of calcifications, and their median signal-to-noise ratio."""

    outline: tuple[tuple[float, float], ...]
    kind: str
    count: int
    signal_to_noise: float

    def as_truth(self, minimum_signal_to_noise: float = 0.0) -> Truth:
        """Return it for matching; below ``minimum_signal_to_noise`` it does not count."""
        return Truth(self.outline, counted=self.signal_to_noise >= minimum_signal_to_noise)


@dataclass(frozen=True)
class ViewWithTruth:
    """A simulated view as a mammogram, its calcifications (row, column, diameter in mm) and its clusters."""

    seed: int
    mammogram: Mammogram
    calcifications: tuple[tuple[float, float, float], ...]
    clusters: tuple[TruthCluster, ...]

    def is_right(self, mark: Calcification) -> bool:
        """Tell whether a mark lies on a calcification (:data:`MARK_TOLERANCE_MM`)."""
        if not self.calcifications:
            return False
        row_mm, column_mm = self.mammogram.spacing.millimetres
        truth = np.array(self.calcifications)
        distance = np.hypot((truth[:, 0] - mark.row) * row_mm, (truth[:, 1] - mark.column) * column_mm)
        return bool(np.any(distance <= 0.5 * truth[:, 2] + MARK_TOLERANCE_MM))


def prepare_views(
    folder: Path,
    seeds: Sequence[int],
    *,
    with_clusters: bool,
    processes: int = 2,
    report: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Simulate the views that ``folder`` does not hold yet; isolated calcifications are in all of them.

    Parameters
    ----------
    folder
        Where ``<seed>.npy`` (grey values) and ``<seed>.json`` (truth) are kept.
    seeds
        One view each.
    with_clusters
        One or two clusters a view, or none.
    processes
        Number of processes.
    report
        Called with (done, total).
    """
    return make_missing(partial(_make, with_clusters=with_clusters), folder, seeds, processes, report)


def load_view(path: Path) -> ViewWithTruth:
    """Return a view that :func:`prepare_views` made."""
    document = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    pixels = np.load(path).astype(np.float32)
    spacing = float(document["spacing_mm"])
    mammogram = Mammogram(
        pixels=pixels,
        valid=np.ones(pixels.shape, dtype=np.bool_),
        spacing=Spacing(spacing, spacing, SpacingSource.AT_DETECTOR),
        laterality=document["laterality"],
        view=document["view"],
        source=path.name,
    )
    clusters = tuple(
        TruthCluster(
            tuple((row, column) for row, column in cluster["outline"]),
            cluster["kind"],
            cluster["count"],
            cluster["signal_to_noise"],
        )
        for cluster in document["clusters"]
    )
    calcifications = tuple((c[0], c[1], c[2]) for c in document["calcifications"])
    return ViewWithTruth(int(path.stem), mammogram, calcifications, clusters)


def _make(seed: int, path: Path, with_clusters: bool) -> None:
    from MCDetect.simulation.view import simulate_view

    laterality, view = PROJECTIONS[seed % len(PROJECTIONS)]
    count = 1 + (seed // len(PROJECTIONS)) % 2 if with_clusters else 0
    simulated = simulate_view(seed, laterality=laterality, view=view, clusters=count)
    write_text_atomically(path.with_suffix(".json"), json.dumps(truth_document(simulated)))
    # The picture comes last: where it lies, its truth lies beside it.
    write_atomically(path, lambda temporary: np.save(temporary, simulated.pixels))


def truth_document(simulated: SimulatedView) -> dict[str, object]:
    """Return the truth of a view as :func:`load_view` reads it, and what evaluation wants to know besides."""
    ratio_of = {c.id: c.signal_to_noise for c in simulated.calcifications}
    index_of = {c.id: index for index, c in enumerate(simulated.calcifications)}
    return {
        "spacing_mm": simulated.spacing_mm,
        "laterality": simulated.laterality,
        "view": simulated.view,
        "density": simulated.density,
        "calcifications": [
            (c.row, c.column, c.diameter_mm, c.signal_to_noise, c.detectability, c.kind.value)
            for c in simulated.calcifications
        ],
        "clusters": [
            {
                "outline": cluster.outline,
                "kind": cluster.kind.value,
                "distribution": cluster.distribution.value,
                "breast_cluster": cluster.breast_cluster,
                "members": [index_of[member] for member in cluster.member_ids],
                "count": len(cluster.member_ids),
                "signal_to_noise": float(np.median([ratio_of[member] for member in cluster.member_ids])),
            }
            for cluster in simulated.clusters
        ],
    }
