"""Clusters that lie in a breast, seen in its CC and its MLO view: the same calcifications from two sides.

A place in the breast is told from the nipple: how far behind it (toward the chest wall), how far to the outer side and
how far toward the head, in mm. A CC view is seen along the line from head to foot, an MLO view along one that runs from
the upper inner to the lower outer side, 45 degrees oblique. Both show the distance behind the nipple, which is why
readers compare it; compression moves it by some millimetres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Distribution
from MCDetect.simulation.anatomy import COARSE, BreastGeometry
from MCDetect.simulation.calcifications import CalcificationKind, draw_calcification, draw_depth_factor
from MCDetect.simulation.clusters import ClusterMember, DrawnCluster, draw_cluster
from MCDetect.simulation.fields import value_at

LEAST_DEPTH_MM = 7.0
"""Distance from the skin line, in each view, within which no cluster has its centre."""

_OBLIQUE = np.deg2rad(45.0)
_GAP_MM = 20.0  # between the centres of two clusters in each view
_SHIFT_MM = (2.0, 3.0)  # deviation by compression: along the axis of the nipple, and across it
_TRIES = 400


@dataclass(frozen=True)
class ProjectedCluster:
    """A cluster as one view shows it.

    Attributes
    ----------
    number
        Of the cluster in the breast, from 1; the same in all views.
    drawn
        Members and their places from the centre, in pixels of the view.
    depth_factor
        How much deeper than wide its calcifications are; the same in all views.
    row, column
        Centre in pixels, in the view of a left breast (:mod:`MCDetect.simulation.anatomy`).
    """

    number: int
    drawn: DrawnCluster
    depth_factor: float
    row: float
    column: float


def draw_breast_clusters(
    rng: np.random.Generator,
    count: int,
    geometries: Mapping[str, BreastGeometry],
    spacing_mm: float,
    kinds: Sequence[CalcificationKind] | None = None,
) -> dict[str, tuple[ProjectedCluster, ...]]:
    """Draw clusters in a breast and project them.

    Parameters
    ----------
    count
        Number of clusters; fewer are drawn when no more find a place that all views show.
    geometries
        The breast in each view, by ``"CC"`` and ``"MLO"``.
    spacing_mm
        Of the pixels of all views.
    kinds
        Morphology of each cluster; drawn when None.

    Returns
    -------
    dict
        The clusters in each view, in the same order.
    """
    found: dict[str, tuple[ProjectedCluster, ...]] = dict.fromkeys(geometries, ())
    for number in range(1, count + 1):
        centres = _draw_centres(rng, geometries, found, spacing_mm)
        if centres is None:
            break
        toward_nipple = float(rng.normal(0, 0.4))
        kind = kinds[number - 1] if kinds is not None else None
        cluster = draw_cluster(rng, kind, None, spacing_mm, angle=toward_nipple)
        cranial = _cranial(rng, cluster)
        factor = draw_depth_factor(rng)
        for view, (row, column) in centres.items():
            seen = cluster if view == "CC" else _obliquely(rng, cluster, cranial)
            found[view] = (*found[view], ProjectedCluster(number, seen, factor, row, column))
    return found


def _draw_centres(
    rng: np.random.Generator,
    geometries: Mapping[str, BreastGeometry],
    found: Mapping[str, tuple[ProjectedCluster, ...]],
    spacing_mm: float,
) -> dict[str, tuple[float, float]] | None:
    """Row and column of a place in each view that lies in the breast, off the muscle and off other clusters."""
    clear = {view: geometry.clear_depth_mm for view, geometry in geometries.items()}
    reach = min(geometry.nipple_mm[1] for geometry in geometries.values())
    for _ in range(_TRIES):
        behind = rng.uniform(10.0, max(12.0, reach))
        outer, cranial = rng.normal(8.0, 26.0), rng.normal(5.0, 26.0)  # the upper outer quadrant holds most tissue
        centres: dict[str, tuple[float, float]] = {}
        for view, geometry in geometries.items():
            height = outer if view == "CC" else np.sin(_OBLIQUE) * outer + np.cos(_OBLIQUE) * cranial
            place = np.array([geometry.nipple_mm[0] - height, geometry.nipple_mm[1] - behind])
            place += rng.normal(0, _SHIFT_MM[::-1])
            row, column = place / spacing_mm
            others = np.array([(other.row, other.column) for other in found[view]]).reshape(-1, 2)
            is_near = bool(np.any(np.hypot(*(others - (row, column)).T) * spacing_mm < _GAP_MM))
            if is_near or value_at(clear[view], row, column, COARSE) <= LEAST_DEPTH_MM:
                break
            centres[view] = (float(row), float(column))
        else:
            return centres
    return None


def _cranial(rng: np.random.Generator, cluster: DrawnCluster) -> npt.NDArray[np.float64]:
    """Height of each member over the centre, in pixels, as spread as the members lie from inner to outer side."""
    outer = -np.array([member.row for member in cluster.members])
    if cluster.distribution in (Distribution.LINEAR, Distribution.SEGMENTAL):
        return np.asarray(rng.choice([-1, 1]) * rng.uniform(0.3, 1.0) * outer)  # a line is a line from all sides
    return np.asarray(rng.permutation(outer))


def _obliquely(rng: np.random.Generator, cluster: DrawnCluster, cranial: npt.NDArray[np.float64]) -> DrawnCluster:
    """Return the members at their oblique places, each of the same kind and size and of another outline."""
    members = []
    for member, height in zip(cluster.members, cranial, strict=True):
        old = member.calcification
        along = float(np.arctan2(-height, member.column)) + float(rng.normal(0, 0.35))
        drawn = draw_calcification(rng, old.kind, old.pixel_spacing_mm, diameter_mm=old.diameter_mm, angle=along)
        row = np.sin(_OBLIQUE) * member.row - np.cos(_OBLIQUE) * height
        members.append(ClusterMember(drawn, float(row), member.column))
    return replace(cluster, members=tuple(members))
