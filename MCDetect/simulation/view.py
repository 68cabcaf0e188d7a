"""A simulated mammographic view: anatomy, calcifications, acquisition and presentation, with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from MCDetect.errors import UsageError
from MCDetect.simulation import placement
from MCDetect.simulation.acquisition import Detector, draw_detector, expose, noise_model
from MCDetect.simulation.anatomy import COARSE, BreastGeometry, draw_geometry, rounded_slab
from MCDetect.simulation.breast_clusters import ProjectedCluster
from MCDetect.simulation.fields import FloatImage, upsample
from MCDetect.simulation.objects import ForeignObjects, add_objects
from MCDetect.simulation.presentation import PresentationStyle, burn_in_label, draw_style, present, quanta_for_style
from MCDetect.simulation.tissue import CALCIUM_PER_MM, FAT_PER_MM, FINE, GLAND_PER_MM, draw_tissue
from MCDetect.simulation.truth import SimulatedCalcification, SimulatedCluster, mirrored_runs

GENERATOR_VERSION = "1.2"
"""Changes whenever the same seed gives another picture: scores of different versions are not comparable."""

_CLUSTER_COUNTS = (0.30, 0.45, 0.20, 0.05)  # probability of 0, 1, 2 and 3 clusters
_MEAN_ISOLATED = 2.0
_AIR_MM = 10.0  # air beside the breast that is simulated; farther off a view is plain black


@dataclass(frozen=True)
class SimulatedView:
    """A view and its truth.

    Attributes
    ----------
    pixels
        uint16 (rows, columns): 12-bit For-Presentation grey values, bright is attenuating, 0 in air.
    spacing_mm
        Distance between pixels, both ways.
    breast_mask
        bool (rows, columns): inside the skin line.
    calcifications, clusters
        What was put in; empty for a normal view.
    laterality, view
        ``"L"`` or ``"R"``; ``"CC"`` or ``"MLO"``.
    density
        BI-RADS density class, ``"a"`` to ``"d"``.
    compressed_mm
        Thickness of the compressed breast.
    seed
        What the view was made from, with :data:`GENERATOR_VERSION`.
    """

    pixels: npt.NDArray[np.uint16]
    spacing_mm: float
    breast_mask: npt.NDArray[np.bool_]
    calcifications: tuple[SimulatedCalcification, ...]
    clusters: tuple[SimulatedCluster, ...]
    laterality: str
    view: str
    density: str
    compressed_mm: float
    seed: int


def simulate_view(
    seed: int,
    *,
    laterality: str = "R",
    view: str = "CC",
    rows: int = 3328,
    columns: int = 2560,
    spacing_mm: float = 0.07,
    clusters: int | Sequence[ProjectedCluster] | None = None,
    isolated: int | None = None,
    density: str | None = None,
    style: PresentationStyle | None = None,
    blur_pixels: float | None = None,
    objects: ForeignObjects | None = None,
) -> SimulatedView:
    """Simulate one view; the same arguments give the same view, bit by bit.

    The chance of tissue, calcifications and acquisition is drawn separately: a seed gives the same breast with and
    without calcifications, and the other laterality is its mirror image (but for the burned-in label).

    Parameters
    ----------
    seed
        Any integer, at least 0.
    laterality, view
        ``"L"`` or ``"R"``; ``"CC"`` or ``"MLO"``. As displayed: a left breast has its chest wall at the left border.
    rows, columns, spacing_mm
        Size of the image, and of a pixel. The breast is fitted into the image.
    clusters, isolated
        Numbers of clusters and of isolated calcifications; drawn when None. 0 and 0 give a normal view. Or the
        clusters themselves, as :func:`~MCDetect.simulation.breast_clusters.draw_breast_clusters` gives them.
    density
        BI-RADS density class ``"a"`` to ``"d"``; drawn when None.
    style
        Presentation, for views that shall look alike; drawn when None.
    blur_pixels
        Sigma of the detector's blur; drawn when None.
    objects
        Markers, clips and folds; none when None.

    Raises
    ------
    UsageError
        ``wrong-simulation`` when an argument has no meaning.
    """
    if laterality not in ("L", "R") or view not in ("CC", "MLO"):
        raise UsageError("wrong-simulation", "Simulated views are L or R, and CC or MLO.")
    _check_numbers(rows, columns, spacing_mm, seed, clusters if isinstance(clusters, int) else 0, isolated or 0)
    anatomy_rng, calcium_rng, exposure_rng, style_rng, label_rng, object_rng = _streams(seed, view)
    geometry = draw_geometry(anatomy_rng, view, (rows, columns), spacing_mm)
    width = _width_with_breast(geometry, columns)
    geometry = _cropped(geometry, width)
    shape = (rows, width)
    tissue = draw_tissue(anatomy_rng, geometry, shape, spacing_mm, density)
    if clusters is None:
        clusters = int(calcium_rng.choice(4, p=_CLUSTER_COUNTS))
    if isolated is None:
        isolated = int(calcium_rng.poisson(_MEAN_ISOLATED))
    ratio = COARSE // FINE
    coarse = geometry.depth_mm.shape
    placed = placement.place_calcifications(
        calcium_rng,
        geometry.depth_mm,
        geometry.clear_depth_mm,
        _fitted(tissue.gland[::ratio, ::ratio], (coarse[0], coarse[1])),
        cell=COARSE,
        spacing_mm=spacing_mm,
        nipple=(geometry.nipple_mm[0] / spacing_mm, geometry.nipple_mm[1] / spacing_mm),
        clusters=clusters,
        isolated=isolated,
    )
    depth = upsample(geometry.depth_mm, shape, COARSE)
    attenuation = tissue.attenuation
    style = draw_style(style_rng) if style is None else style
    assumed = rounded_slab(depth - np.float32(style.overshoot_mm), geometry.compressed_mm)
    missing = np.float32(FAT_PER_MM) * (np.float32(geometry.compressed_mm) - assumed)
    thinned = np.s_[::8, ::8]
    quanta = quanta_for_style(attenuation[thinned], missing[thinned], depth[thinned], style, spacing_mm)
    detector = draw_detector(exposure_rng, quanta)
    if blur_pixels is not None:
        detector = replace(detector, blur_pixels=blur_pixels)
    if objects is not None:
        add_objects(object_rng, attenuation, geometry, objects, spacing_mm)
    median = float(np.median(attenuation[thinned][depth[thinned] > 5])) if (depth > 5).any() else 0.0
    added = CALCIUM_PER_MM - GLAND_PER_MM
    if placed.calcifications:
        attenuation += np.float32(added) * placement.calcium_map(placed, shape)
    signal = expose(exposure_rng, attenuation, median, detector)
    calcifications, found = _truth(
        placed,
        signal,
        median,
        detector,
        calcium_per_mm=added,
        spacing_mm=spacing_mm,
    )
    shown = present(signal, missing, depth, style, spacing_mm)
    pixels = np.zeros((rows, columns), dtype=np.uint16)
    pixels[:, :width] = shown
    full_depth = np.full((rows, columns), -_AIR_MM, dtype=np.float32)
    full_depth[:, :width] = depth
    result = SimulatedView(
        pixels=pixels,
        spacing_mm=spacing_mm,
        breast_mask=full_depth > 0,
        calcifications=calcifications,
        clusters=found,
        laterality="L",
        view=view,
        density=tissue.density,
        compressed_mm=geometry.compressed_mm,
        seed=seed,
    )
    if laterality == "R":
        result, full_depth = _mirrored(result), np.ascontiguousarray(full_depth[:, ::-1])
    if style.label:
        burn_in_label(label_rng, result.pixels, laterality + view, full_depth, spacing_mm)
    return result


def geometry_of_view(seed: int, view: str, rows: int, columns: int, spacing_mm: float) -> BreastGeometry:
    """Return the geometry that :func:`simulate_view` gives the breast for the same arguments, as a left breast.

    Raises
    ------
    UsageError
        ``wrong-simulation`` when an argument has no meaning.
    """
    _check_numbers(rows, columns, spacing_mm, seed)
    return draw_geometry(_streams(seed, view)[0], view, (rows, columns), spacing_mm)


def _check_numbers(rows: int, columns: int, spacing_mm: float, *counts: int) -> None:
    if min(rows, columns) < 256 or spacing_mm <= 0 or min(counts) < 0:
        raise UsageError(
            "wrong-simulation",
            "A simulated view needs at least 256 rows and columns, a positive spacing and no negative number.",
        )


def _streams(seed: int, view: str) -> list[np.random.Generator]:
    return [np.random.default_rng(s) for s in np.random.SeedSequence([seed, view == "MLO"]).spawn(6)]


def _fitted(field: FloatImage, shape: tuple[int, int]) -> FloatImage:
    """Cut a field to ``shape``, or repeat its last row and column: the grids end up to one cell apart."""
    lacking = [(0, max(0, wanted - there)) for wanted, there in zip(shape, field.shape, strict=True)]
    return np.pad(field, lacking, mode="edge")[: shape[0], : shape[1]]


def _width_with_breast(geometry: BreastGeometry, columns: int) -> int:
    occupied = np.flatnonzero((geometry.depth_mm > -_AIR_MM).any(axis=0))
    last = int(occupied[-1]) if occupied.size else 0
    return min(columns, max(COARSE * (last + 2), 64))


def _cropped(geometry: BreastGeometry, width: int) -> BreastGeometry:
    cells = int(np.ceil(width / COARSE)) + 1
    return replace(
        geometry,
        depth_mm=geometry.depth_mm[:, :cells],
        thickness_mm=geometry.thickness_mm[:, :cells],
        skin_mm=geometry.skin_mm[:, :cells],
        muscle=geometry.muscle[:, :cells],
    )


def _truth(
    placed: placement.Placement,
    signal: FloatImage,
    median: float,
    detector: Detector,
    *,
    calcium_per_mm: float,
    spacing_mm: float,
) -> tuple[tuple[SimulatedCalcification, ...], tuple[SimulatedCluster, ...]]:
    calcifications: list[SimulatedCalcification] = []
    members: list[list[SimulatedCalcification]] = [[] for _ in placed.clusters]
    for item in placed.calcifications:
        truth = placement.measure(
            len(calcifications) + 1,
            item,
            signal,
            calcium_per_mm=calcium_per_mm,
            primary_share=1 - detector.scatter,
            blur_pixels=detector.blur_pixels,
            noise=noise_model(median, detector),
        )
        if truth is None:
            continue
        calcifications.append(truth)
        if item.cluster is not None:
            members[item.cluster].append(truth)
    shape = (signal.shape[0], signal.shape[1])
    found = [
        SimulatedCluster(
            id=number,
            kind=cluster.kind,
            distribution=cluster.distribution,
            member_ids=tuple(member.id for member in group),
            outline=placement.outline_of(group, spacing_mm, shape),
            breast_cluster=cluster.breast_cluster,
        )
        for number, (cluster, group) in enumerate(zip(placed.clusters, members, strict=True), start=1)
        if len(group) >= 3
    ]
    return tuple(calcifications), tuple(found)


def _mirrored(left: SimulatedView) -> SimulatedView:
    columns = left.pixels.shape[1]
    return replace(
        left,
        pixels=np.ascontiguousarray(left.pixels[:, ::-1]),
        breast_mask=np.ascontiguousarray(left.breast_mask[:, ::-1]),
        calcifications=tuple(
            replace(c, column=columns - 1 - c.column, runs=mirrored_runs(c.runs, columns)) for c in left.calcifications
        ),
        clusters=tuple(
            replace(c, outline=tuple((row, columns - 1 - column) for row, column in c.outline)) for c in left.clusters
        ),
        laterality="R",
    )
