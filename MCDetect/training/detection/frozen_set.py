"""The frozen simulated test set: examinations of four views that no bundle was trained or calibrated on.

Training and calibration use views of 3328 x 2560 pixels of 0.07 mm with the simulator's own ranges; here pixels are
0.05 to 0.1 mm, sharpening, contrast, noise and blur go beyond those ranges, and markers, clips and folds of skin lie in
the views. Morphologies and density classes take turns, so that rare ones are judged too. A third of the examinations
hold no cluster; isolated calcifications are in all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.simulation.breast_clusters import draw_breast_clusters
from MCDetect.simulation.clusters import CLUSTER_KINDS
from MCDetect.simulation.objects import ForeignObjects, draw_objects
from MCDetect.simulation.presentation import PresentationStyle, draw_style
from MCDetect.simulation.tissue import DENSITY_SHARES
from MCDetect.training.backgrounds import PROJECTIONS, make_missing
from MCDetect.training.simulated_views import truth_document

if TYPE_CHECKING:
    from MCDetect.simulation.calcifications import CalcificationKind

FIRST_SEED = 400_000
"""Seed of the first view; four views an examination, in the order of ``PROJECTIONS``."""

EXAMINATIONS = 52

FORMATS: tuple[tuple[int, int, float], ...] = (
    (3328, 2560, 0.07),
    (2294, 1914, 0.0941),
    (3518, 2800, 0.085),
    (3062, 2394, 0.1),
    (4096, 3328, 0.07),
    (4728, 3540, 0.05),
)
"""Rows, columns and millimetres a pixel of detectors in use."""

_FORMAT_SHARES = (0.3, 0.2, 0.15, 0.15, 0.1, 0.1)
RANGES = {
    "equalisation": (0.50, 0.99),
    "contrast": (0.20, 1.40),
    "sharpening": (0.0, 1.4),
    "sharpening_pixels": (1.2, 4.0),
    "noise_power": (35.0, 160.0),
    "blur_pixels": (0.35, 0.85),
}
"""Of the processing (:class:`~MCDetect.simulation.presentation.PresentationStyle`) and of the detector's blur."""

LEAST_QUANTA = 700.0
"""In a pixel: as when the set was frozen. The simulator asks for more since version 1.2, of which nothing else here
depends."""


@dataclass(frozen=True)
class PlannedExamination:
    """What an examination of the frozen set is made from.

    Attributes
    ----------
    number
        From 0.
    rows, columns, spacing_mm, density, style, blur_pixels
        Of all four views.
    kinds
        Morphologies of the clusters in the right and in the left breast.
    objects
        Of each view.
    """

    number: int
    rows: int
    columns: int
    spacing_mm: float
    density: str
    style: PresentationStyle
    blur_pixels: float
    kinds: dict[str, tuple[CalcificationKind, ...]]
    objects: tuple[ForeignObjects, ...]


def view_seeds(examinations: int = EXAMINATIONS) -> range:
    """Return the seeds of the views of the first examinations."""
    return range(FIRST_SEED, FIRST_SEED + examinations * len(PROJECTIONS))


def examination_of(seed: int) -> int:
    """Return the number of the examination that a view belongs to."""
    return (seed - FIRST_SEED) // len(PROJECTIONS)


def plan(number: int) -> PlannedExamination:
    """Return the plan of an examination; it depends on the number alone."""
    rng = np.random.default_rng([FIRST_SEED, number])
    rows, columns, spacing = FORMATS[int(rng.choice(len(FORMATS), p=_FORMAT_SHARES))]
    values = {name: float(rng.uniform(*limits)) for name, limits in RANGES.items()}
    low, high = np.log(RANGES["noise_power"])
    values["noise_power"] = float(np.exp(rng.uniform(low, high)))
    blur = values.pop("blur_pixels")
    affected, other = ("RL", "LR")[int(rng.integers(2))]
    first = 2 * number  # of the morphologies, which take turns
    turn = list(CLUSTER_KINDS)
    kinds: dict[str, tuple[CalcificationKind, ...]] = {"R": (), "L": ()}
    if number % 3:
        kinds[affected] = (turn[first % len(turn)], turn[(first + 1) % len(turn)])[: 1 + int(rng.uniform() < 0.5)]
        if rng.uniform() < 0.3:
            kinds[other] = (turn[(first + 3) % len(turn)],)
    return PlannedExamination(
        number=number,
        rows=rows,
        columns=columns,
        spacing_mm=spacing,
        density=list(DENSITY_SHARES)[(number // 3) % len(DENSITY_SHARES)],
        style=replace(draw_style(rng), least_quanta=LEAST_QUANTA, **values),  # type: ignore[arg-type]
        blur_pixels=blur,
        kinds=kinds,
        objects=tuple(draw_objects(rng) for _ in PROJECTIONS),
    )


def prepare(
    folder: Path,
    seeds: Sequence[int],
    processes: int = 2,
    report: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Simulate the views that ``folder`` does not hold yet; see :func:`MCDetect.training.simulated_views.load_view`.

    Parameters
    ----------
    folder
        Where ``<seed>.npy`` (grey values) and ``<seed>.json`` (truth) are kept.
    seeds
        Of :func:`view_seeds`.
    processes, report
        Number of processes; called with (done, total).
    """
    return make_missing(_make, folder, seeds, processes, report, any_generator=True)


def frozen_hashes() -> dict[str, str]:
    """Return the SHA-256 of each view's grey values as they were when the set was frozen, by seed."""
    return {str(seed): str(value) for seed, value in _frozen()["sha256"].items()}


def frozen_generator_version() -> str:
    """Return the version of the simulator that the set was frozen with: another one makes other views."""
    return str(_frozen()["generator_version"])


def _frozen() -> dict[str, Any]:
    text = resources.files("MCDetect.training.detection").joinpath("frozen_set.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _make(seed: int, path: Path) -> None:
    from MCDetect.simulation.view import geometry_of_view, simulate_view

    planned = plan(examination_of(seed))
    index = (seed - FIRST_SEED) % len(PROJECTIONS)
    laterality, view = PROJECTIONS[index]
    breast = FIRST_SEED + 2 * planned.number + "RL".index(laterality)
    geometries = {
        name: geometry_of_view(breast, name, planned.rows, planned.columns, planned.spacing_mm)
        for name in ("CC", "MLO")
    }
    kinds = planned.kinds[laterality]
    clusters = draw_breast_clusters(
        np.random.default_rng([breast, 9]), len(kinds), geometries, planned.spacing_mm, kinds
    )
    simulated = simulate_view(
        breast,
        laterality=laterality,
        view=view,
        rows=planned.rows,
        columns=planned.columns,
        spacing_mm=planned.spacing_mm,
        clusters=clusters[view],
        density=planned.density,
        style=planned.style,
        blur_pixels=planned.blur_pixels,
        objects=planned.objects[index],
    )
    document = {
        **truth_document(simulated),
        "examination": planned.number,
        "objects": asdict(planned.objects[index]),
        "sha256": hashlib.sha256(simulated.pixels.astype("<u2").tobytes()).hexdigest(),
    }
    write_text_atomically(path.with_suffix(".json"), json.dumps(document))
    # The picture comes last: where it lies, its truth lies beside it.
    write_atomically(path, lambda temporary: np.save(temporary, simulated.pixels))
