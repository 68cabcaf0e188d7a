"""Simulated views in which every kind of calcification is frequent, with their truth.

In an ordinary simulated view most kinds are rare. Here a view holds several clusters, their kinds in equal shares,
large rods and arteries among them, and many isolated calcifications. Everything goes through the same simulator.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from MCDetect.bi_rads import Distribution, Morphology
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.simulation.anatomy import COARSE
from MCDetect.simulation.breast_clusters import LEAST_DEPTH_MM, ProjectedCluster
from MCDetect.simulation.calcifications import (
    SUPERSAMPLING,
    CalcificationKind,
    DrawnCalcification,
    draw_calcification,
    draw_depth_factor,
)
from MCDetect.simulation.clusters import ClusterMember, DrawnCluster, draw_cluster
from MCDetect.simulation.fields import stamp_path, value_at, wandering_path
from MCDetect.simulation.truth_file import TruthOfView, truth_as_json
from MCDetect.simulation.view import geometry_of_view, simulate_view
from MCDetect.training.backgrounds import PROJECTIONS, make_missing

TRAINING_SEEDS = range(500_000, 510_000)
"""Seeds of the views that the model is fitted on."""

TEST_SEEDS = range(600_000, 610_000)
"""Seeds of the views that it is measured on; none of them is fitted on."""

ROWS, COLUMNS, SPACING_MM = 2560, 1792, 0.07

MORPHOLOGIES: dict[CalcificationKind, Morphology] = {
    CalcificationKind.PUNCTATE: Morphology.ROUND,
    CalcificationKind.AMORPHOUS: Morphology.AMORPHOUS,
    CalcificationKind.COARSE_HETEROGENEOUS: Morphology.COARSE_HETEROGENEOUS,
    CalcificationKind.FINE_PLEOMORPHIC: Morphology.FINE_PLEOMORPHIC,
    CalcificationKind.FINE_LINEAR_BRANCHING: Morphology.FINE_LINEAR,
    CalcificationKind.RIM: Morphology.RIM,
    CalcificationKind.POPCORN: Morphology.COARSE,
    CalcificationKind.VASCULAR: Morphology.VASCULAR,
    CalcificationKind.SKIN: Morphology.SKIN,
}
"""The term of the atlas for each simulated kind; punctate ones are the small round ones."""

ROD_NUMBERS = 100
"""Clusters of the breast with this number and above are of large rods, for which the simulator has no kind."""

_CLUSTERS, _ISOLATED = 7, 25
_GAP_MM = 16.0
_DISTRIBUTIONS = {Distribution.GROUPED: 0.65, Distribution.LINEAR: 0.15, Distribution.SEGMENTAL: 0.2}
_LED = (
    CalcificationKind.PUNCTATE,
    CalcificationKind.AMORPHOUS,
    CalcificationKind.COARSE_HETEROGENEOUS,
    CalcificationKind.FINE_PLEOMORPHIC,
    CalcificationKind.FINE_PLEOMORPHIC,
    CalcificationKind.FINE_LINEAR_BRANCHING,
    CalcificationKind.RIM,
    CalcificationKind.POPCORN,
)


def prepare_typed_views(folder: Path, seeds: Sequence[int], processes: int = 2) -> list[Path]:
    """Simulate the views that ``folder`` does not hold yet.

    Parameters
    ----------
    folder
        Where ``<seed>.npy`` (grey values) and ``<seed>.json`` (a truth file of one view) are kept.
    seeds
        One view each.
    processes
        Number of processes.

    Returns
    -------
    list of Path
        The files of grey values, in order.
    """
    return make_missing(_make, folder, seeds, processes, None)


def draw_typed_clusters(seed: int, view: str) -> tuple[ProjectedCluster, ...]:
    """Return clusters of all kinds for one view of a left breast; the same seed and view give the same."""
    rng = np.random.default_rng([seed, 17])
    geometry = geometry_of_view(seed, view, ROWS, COLUMNS, SPACING_MM)
    inside = np.argwhere(geometry.clear_depth_mm > LEAST_DEPTH_MM) * COARSE
    clusters: list[ProjectedCluster] = []
    for number in range(1, _CLUSTERS + 1):
        for _ in range(20):
            row, column = inside[int(rng.integers(len(inside)))] + rng.uniform(0, COARSE, 2)
            gaps = [np.hypot(row - c.row, column - c.column) * SPACING_MM for c in clusters]
            deep = value_at(geometry.clear_depth_mm, row, column, COARSE) > LEAST_DEPTH_MM
            if deep and min(gaps, default=np.inf) > _GAP_MM:
                break
        else:
            continue
        nipple = np.array(geometry.nipple_mm) / SPACING_MM
        angle = float(np.arctan2(nipple[0] - row, nipple[1] - column)) + float(rng.normal(0, 0.2))
        choice = int(rng.integers(len(_LED) + 2))
        if choice < len(_LED):
            distribution = list(_DISTRIBUTIONS)[int(rng.choice(3, p=list(_DISTRIBUTIONS.values())))]
            drawn = draw_cluster(rng, _LED[choice], distribution, SPACING_MM, angle=angle)
        elif choice == len(_LED):
            drawn, number = _rods(rng, angle), number + ROD_NUMBERS  # noqa: PLW2901
        else:
            drawn = _artery(rng)
        clusters.append(ProjectedCluster(number, drawn, draw_depth_factor(rng), float(row), float(column)))
    return tuple(clusters)


def _rods(rng: np.random.Generator, angle: float) -> DrawnCluster:
    """Draw three to five large rods along ducts: 0.4 to 1 mm wide, 1.5 to 6 mm long, smooth, dense."""
    members = []
    for index in range(int(rng.integers(3, 6))):
        length = float(np.exp(rng.uniform(np.log(1.5), np.log(6.0))))
        rod = _rod(rng, length, float(rng.uniform(0.4, min(1.0, 0.45 * length))), angle + float(rng.normal(0, 0.4)))
        along, across = rng.uniform(-7, 7), (index - 2) * rng.uniform(1.8, 3.5)
        row = np.sin(angle) * along + np.cos(angle) * across
        column = np.cos(angle) * along - np.sin(angle) * across
        members.append(ClusterMember(rod, float(row) / SPACING_MM, float(column) / SPACING_MM))
    return DrawnCluster(CalcificationKind.FINE_LINEAR_BRANCHING, Distribution.SEGMENTAL, tuple(members))


def _rod(rng: np.random.Generator, length_mm: float, width_mm: float, angle: float) -> DrawnCalcification:
    step = SPACING_MM / SUPERSAMPLING
    size = 2 * int(np.ceil((0.6 * length_mm + width_mm) / step)) + 1
    canvas = np.zeros((size, size), dtype=np.float32)
    path = wandering_path(rng, round((length_mm - width_mm) / step), angle, 0.2)
    path = path - 0.5 * (path.min(axis=0) + path.max(axis=0)) + size // 2
    taper = 1 - 0.35 * rng.uniform() * np.abs(np.linspace(-1, 1, len(path))) ** 2
    kept = slice(None, None, 2)
    stamp_path(canvas, path[kept], 0.5 * width_mm * taper[kept] / step, rng.uniform(0.6, 1.0) * width_mm * taper[kept])
    return DrawnCalcification(CalcificationKind.FINE_LINEAR_BRANCHING, canvas, SPACING_MM, length_mm)


def _artery(rng: np.random.Generator) -> DrawnCluster:
    """Draw a calcified artery: tram tracks one behind the other along a gentle curve, with gaps."""
    heading, members = float(rng.uniform(0, 2 * np.pi)), []
    place = np.zeros(2)
    for _ in range(int(rng.integers(3, 6))):
        length = float(rng.uniform(4.0, 9.0))
        heading += float(rng.normal(0, 0.2))
        drawn = draw_calcification(rng, CalcificationKind.VASCULAR, SPACING_MM, diameter_mm=length, angle=heading)
        half = 0.5 * (length + rng.uniform(0, 2)) * np.array([np.sin(heading), np.cos(heading)])
        place = place + half
        members.append((drawn, place))
        place = place + half
    middle = np.mean([at for _, at in members], axis=0)
    placed = tuple(ClusterMember(drawn, *((at - middle) / SPACING_MM).tolist()) for drawn, at in members)
    return DrawnCluster(CalcificationKind.VASCULAR, Distribution.LINEAR, placed)


def _make(seed: int, path: Path) -> None:
    laterality, view = PROJECTIONS[seed % len(PROJECTIONS)]
    clusters = draw_typed_clusters(seed, view)
    simulated = simulate_view(
        seed,
        laterality=laterality,
        view=view,
        rows=ROWS,
        columns=COLUMNS,
        spacing_mm=SPACING_MM,
        clusters=clusters,
        isolated=_ISOLATED,
    )
    truth = TruthOfView.of(simulated, path.name, f"2.25.{seed}")
    write_text_atomically(path.with_suffix(".json"), truth_as_json([truth], seed))
    # The picture comes last: where it lies, its truth lies beside it.
    write_atomically(path, lambda temporary: np.save(temporary, simulated.pixels))
