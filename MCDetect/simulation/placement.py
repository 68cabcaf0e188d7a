"""Where calcifications lie in a breast, their calcium in the image, and their truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.bi_rads import Distribution
from MCDetect.runs import runs_of_mask
from MCDetect.simulation.acquisition import NoiseModel
from MCDetect.simulation.breast_clusters import ProjectedCluster
from MCDetect.simulation.calcifications import (
    CalcificationKind,
    DrawnCalcification,
    draw_calcification,
    draw_depth_factor,
)
from MCDetect.simulation.clusters import DrawnCluster, draw_cluster
from MCDetect.simulation.fields import FloatImage, value_at
from MCDetect.simulation.truth import SimulatedCalcification, cluster_outline, longest_extent

ISOLATED_KINDS: dict[CalcificationKind, float] = {
    CalcificationKind.PUNCTATE: 0.52,
    CalcificationKind.COARSE_HETEROGENEOUS: 0.12,
    CalcificationKind.SKIN: 0.13,
    CalcificationKind.RIM: 0.10,
    CalcificationKind.VASCULAR: 0.07,
    CalcificationKind.POPCORN: 0.06,
}
"""How often a calcification that belongs to no cluster is of each kind; all of them are typically benign."""

OUTLINE_MARGIN_MM = 1.0
"""Distance from the outermost calcifications of a cluster to its outline."""

_CLUSTER_GAP_MM = 20.0
_ISOLATED_GAP_MM = 6.0
_WINDOW = 40  # pixels around a calcification in which the noise is measured


@dataclass(frozen=True)
class PlacedCalcification:
    """A drawn calcification at (row, column) of the image; ``cluster`` is an index, or None for an isolated one."""

    drawn: DrawnCalcification
    row: float
    column: float
    cluster: int | None


@dataclass(frozen=True)
class PlacedCluster:
    """What a cluster is; ``breast_cluster`` is its number in the breast, None for one of this view only."""

    kind: CalcificationKind
    distribution: Distribution
    breast_cluster: int | None


@dataclass(frozen=True)
class Placement:
    """All calcifications of a view, and its clusters by their index."""

    calcifications: tuple[PlacedCalcification, ...]
    clusters: tuple[PlacedCluster, ...]


def place_calcifications(
    rng: np.random.Generator,
    depth_mm: FloatImage,
    clear_depth_mm: FloatImage,
    preference: FloatImage,
    *,
    cell: int,
    spacing_mm: float,
    nipple: tuple[float, float],
    clusters: int | Sequence[ProjectedCluster],
    isolated: int,
) -> Placement:
    """Choose places for clusters and isolated calcifications.

    Parameters
    ----------
    depth_mm, clear_depth_mm, preference
        float32 on a grid of ``cell`` image pixels: distance to the skin line; the same, but 0 over the pectoral muscle;
        and how readily calcifications form (the share of gland).
    nipple
        Row and column in image pixels: segmental and linear clusters point there.
    clusters
        How many are asked for; fewer are placed when the breast has no room for more. Or clusters that have their
        places; what of them lies outside is left out.
    isolated
        How many are asked for.
    """
    weight = np.where(clear_depth_mm > 7, 0.12 + np.clip(preference, 0, 1), 0).astype(np.float64)
    placed: list[PlacedCalcification] = []
    kinds: list[PlacedCluster] = []

    def put(cluster: DrawnCluster, row: float, column: float, number: int | None, factor: float) -> bool:
        members = [
            PlacedCalcification(_deepened(m.calcification, factor), row + m.row, column + m.column, len(kinds))
            for m in cluster.members
            if value_at(clear_depth_mm, row + m.row, column + m.column, cell) > 3
        ]
        if len(members) < 3:
            return False
        placed.extend(members)
        kinds.append(PlacedCluster(cluster.kind, cluster.distribution, number))
        return True

    if isinstance(clusters, int):
        centres = np.empty((0, 2))
        for _ in range(clusters):
            for _attempt in range(20):
                centre = _draw_place(rng, weight, cell)
                if centre is None or _is_near(centre, centres, _CLUSTER_GAP_MM / spacing_mm):
                    continue
                angle = float(np.arctan2(nipple[0] - centre[0], nipple[1] - centre[1])) + rng.normal(0, 0.2)
                if put(
                    draw_cluster(rng, None, None, spacing_mm, angle=angle),
                    centre[0],
                    centre[1],
                    None,
                    draw_depth_factor(rng),
                ):
                    centres = np.vstack([centres, centre])
                    break
    else:
        for given in clusters:
            put(given.drawn, given.row, given.column, given.number, given.depth_factor)
    taken = np.array([(p.row, p.column) for p in placed]).reshape(-1, 2)
    names = list(ISOLATED_KINDS)
    for _ in range(isolated):
        kind = names[int(rng.choice(len(names), p=list(ISOLATED_KINDS.values())))]
        drawn = _deepened(draw_calcification(rng, kind, spacing_mm), draw_depth_factor(rng))
        near_skin = kind is CalcificationKind.SKIN
        allowed = np.where(depth_mm > 2, 1.0, 0.0) if near_skin else weight
        for _attempt in range(20):
            place = _draw_place(rng, allowed, cell)
            if place is not None and not _is_near(place, taken, _ISOLATED_GAP_MM / spacing_mm):
                placed.append(PlacedCalcification(drawn, place[0], place[1], None))
                taken = np.vstack([taken, place])
                break
    return Placement(tuple(placed), tuple(kinds))


def calcium_map(placement: Placement, shape: tuple[int, int]) -> FloatImage:
    """Return the calcium along the beam in mm, float32 (rows, columns)."""
    calcium = np.zeros(shape, dtype=np.float32)
    for item in placement.calcifications:
        top, left, thickness = item.drawn.at(item.row, item.column)
        rows, columns = _overlap(top, left, thickness.shape, shape)
        calcium[rows, columns] += thickness[_shifted(rows, top), _shifted(columns, left)]
    return calcium


def measure(
    number: int,
    item: PlacedCalcification,
    log_signal: FloatImage,
    *,
    calcium_per_mm: float,
    primary_share: float,
    blur_pixels: float,
    noise: NoiseModel,
) -> SimulatedCalcification | None:
    """Return the truth of one calcification, or None when less than a pixel of it lies inside the image.

    Parameters
    ----------
    log_signal
        float32 (rows, columns): the noisy logarithmic signal with all calcifications.
    calcium_per_mm
        Attenuation that a millimetre of calcium adds to the tissue it displaces.
    primary_share
        Share of the signal that is not scattered.
    blur_pixels
        Sigma of the detector's blur.
    noise
        That was added.
    """
    shape = (log_signal.shape[0], log_signal.shape[1])
    top, left, thickness = item.drawn.at(item.row, item.column)
    margin = 12  # three sigma of the widest filter
    thickness = np.pad(thickness, margin)
    top, left = top - margin, left - margin
    share = primary_share * (1 - ndimage.gaussian_filter(np.exp(-calcium_per_mm * thickness), blur_pixels))
    rows, columns = _overlap(top, left, thickness.shape, shape)
    inner = (_shifted(rows, top), _shifted(columns, left))
    mask = np.zeros(thickness.shape, dtype=bool)
    mask[inner] = share[inner] > 0.5 * share.max()
    if not mask.any():
        return None
    spacing = item.drawn.pixel_spacing_mm
    row, column = np.argwhere(mask).mean(axis=0)
    expected = -np.log1p(-share)
    return SimulatedCalcification(
        id=number,
        row=float(row) + top,
        column=float(column) + left,
        kind=item.drawn.kind,
        diameter_mm=longest_extent(mask) * spacing,
        area_mm2=int(np.count_nonzero(mask)) * spacing**2,
        contrast=float(share.max()),
        signal_to_noise=_signal_to_noise(expected, log_signal, row + top, column + left),
        runs=runs_of_mask(mask, top, left),
        detectability=noise.detectability(expected, float(np.median(_around(log_signal, row + top, column + left)))),
    )


def outline_of(
    members: list[SimulatedCalcification], spacing_mm: float, shape: tuple[int, int]
) -> tuple[tuple[float, float], ...]:
    """Return the outline of a cluster, :data:`OUTLINE_MARGIN_MM` around its members."""
    return cluster_outline(members, OUTLINE_MARGIN_MM / spacing_mm, shape)


def _signal_to_noise(alone: npt.NDArray[np.float64], log_signal: FloatImage, row: float, column: float) -> float:
    window = _around(log_signal, row, column)
    best = 0.0
    for fine, wide in ((1.0, 2.0), (2.0, 4.0)):
        signal = ndimage.gaussian_filter(alone, fine) - ndimage.gaussian_filter(alone, wide)
        noise = ndimage.gaussian_filter(window, fine) - ndimage.gaussian_filter(window, wide)
        deviation = 1.4826 * float(np.median(np.abs(noise)))
        best = max(best, float(signal.max()) / max(deviation, 1e-6))
    return best


def _around(log_signal: FloatImage, row: float, column: float) -> FloatImage:
    top, left = (max(0, round(c) - _WINDOW) for c in (row, column))
    return log_signal[top : round(row) + _WINDOW + 1, left : round(column) + _WINDOW + 1]


def _deepened(drawn: DrawnCalcification, factor: float) -> DrawnCalcification:
    return replace(drawn, fine_thickness_mm=drawn.fine_thickness_mm * np.float32(factor))


def _draw_place(rng: np.random.Generator, weight: npt.NDArray[np.float64], cell: int) -> npt.NDArray[np.float64] | None:
    total = np.cumsum(weight.ravel())
    if total[-1] <= 0:
        return None
    index = min(int(np.searchsorted(total, rng.uniform(0, total[-1]))), weight.size - 1)
    row, column = divmod(index, weight.shape[1])
    return (np.array([row, column]) + rng.uniform(0, 1, 2)) * cell


def _is_near(place: npt.NDArray[np.float64], others: npt.NDArray[np.float64], distance: float) -> bool:
    return bool(np.any(np.hypot(others[:, 0] - place[0], others[:, 1] - place[1]) < distance))


def _overlap(top: int, left: int, size: tuple[int, ...], shape: tuple[int, int]) -> tuple[slice, slice]:
    rows = slice(min(max(0, top), shape[0]), max(0, min(shape[0], top + size[0])))
    columns = slice(min(max(0, left), shape[1]), max(0, min(shape[1], left + size[1])))
    return rows, columns


def _shifted(part: slice, start: int) -> slice:
    return slice(part.start - start, max(part.start, part.stop) - start)
