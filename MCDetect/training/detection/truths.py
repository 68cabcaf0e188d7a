"""The truth of views as evaluation wants it: read without the picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from MCDetect.evaluation.hits import Truth


@dataclass(frozen=True)
class TrueCalcification:
    """Place in pixels, longest extent in mm, signal-to-noise ratio, d' of the ideal observer if known, morphology."""

    row: float
    column: float
    diameter_mm: float
    signal_to_noise: float
    detectability: float | None
    kind: str


@dataclass(frozen=True)
class TrueCluster:
    """Outline, morphology, median signal-to-noise ratio, and indices of its calcifications."""

    outline: tuple[tuple[float, float], ...]
    kind: str
    signal_to_noise: float
    members: tuple[int, ...]

    def as_truth(self) -> Truth:
        """Return it for matching."""
        return Truth(self.outline)


@dataclass(frozen=True)
class ViewTruth:
    """What is in a view.

    Attributes
    ----------
    seed, examination
        Of the view; which examination it belongs to.
    spacing_mm, density
        As simulated; density is empty where it is not known.
    sha256
        Of the grey values.
    calcifications, clusters
        In the view.
    """

    seed: int
    examination: str
    spacing_mm: float
    density: str
    sha256: str
    calcifications: tuple[TrueCalcification, ...]
    clusters: tuple[TrueCluster, ...]

    @property
    def is_normal(self) -> bool:
        """True without clusters; isolated calcifications may be there."""
        return not self.clusters


def read_view_truth(view: Path) -> ViewTruth:
    """Return the truth beside a view of the frozen, the injected or the calibration set."""
    document: Mapping[str, Any] = json.loads(view.with_suffix(".json").read_text(encoding="utf-8"))
    calcifications = [[*entry, None, ""][:6] if len(entry) < 6 else entry for entry in document["calcifications"]]
    return ViewTruth(
        seed=int(view.stem),
        examination=str(document.get("examination", view.stem)),
        spacing_mm=float(document["spacing_mm"]),
        density=str(document.get("density", "")),
        sha256=str(document.get("sha256", "")),
        calcifications=tuple(TrueCalcification(*entry) for entry in calcifications),
        clusters=tuple(
            TrueCluster(
                tuple((float(row), float(column)) for row, column in cluster["outline"]),
                cluster["kind"],
                float(cluster["signal_to_noise"]),
                tuple(cluster.get("members", ())),
            )
            for cluster in document["clusters"]
        ),
    )
