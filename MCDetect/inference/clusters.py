"""From calcifications to clusters: density-based grouping, outline, measures and distribution.

A cluster is at least three calcifications a square centimetre (Shiri Kahnouei 2022 and the usual clinical definition).
A calcification with at least two others within the linking distance is a core of a cluster; cores within that distance
of one another belong together, and their neighbours with them (DBSCAN, Ester et al. 1996). Rods and rims are plain to
see and may lie farther from one another along a segment: strong calcifications that are in no cluster are grouped once
more, at a larger distance (:mod:`MCDetect.inference.grouping`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import ConvexHull, cKDTree
from scipy.spatial.distance import pdist

from MCDetect import polygons
from MCDetect.bi_rads import Distribution
from MCDetect.findings import Calcification
from MCDetect.inference.distribution import distribution_of

Members = tuple[Calcification, ...]
Group = Callable[[Sequence[Calcification]], list[Members]]
"""Groups calcifications: :func:`group_calcifications` with its keyword arguments given."""

FloatPoints = npt.NDArray[np.float64]

_CIRCLE = np.array([(math.sin(angle), math.cos(angle)) for angle in np.arange(16) * (math.pi / 8)])


@dataclass(frozen=True)
class ClusterGeometry:
    """What a cluster is before it has a score: members, outline and measures (see ``findings.Cluster``)."""

    members: tuple[Calcification, ...]
    outline: tuple[tuple[float, float], ...]
    area_mm2: float
    diameter_mm: float
    density_per_cm2: float
    distribution: Distribution


def group_calcifications(
    calcifications: Sequence[Calcification],
    spacing_mm: tuple[float, float],
    *,
    linking_distance_mm: float = 5.0,
    minimum_count: int = 3,
) -> list[Members]:
    """Return the members of each cluster, largest cluster first; a calcification belongs to one at most.

    Parameters
    ----------
    calcifications
        All calcifications of one image.
    spacing_mm
        (between rows, between columns).
    linking_distance_mm
        Neighbours are at most this far apart, centre to centre. 5 mm is just under the radius of a disc of 1 cm².
    minimum_count
        A core has at least this many calcifications within the distance, itself counted.
    """
    if len(calcifications) < minimum_count:
        return []
    points = np.array([(c.row * spacing_mm[0], c.column * spacing_mm[1]) for c in calcifications])
    tree = cKDTree(points)
    pairs = tree.query_pairs(linking_distance_mm, output_type="ndarray")
    neighbours = np.bincount(pairs.ravel(), minlength=len(points)) + 1
    is_core = neighbours >= minimum_count
    links = pairs[is_core[pairs].all(axis=1)]
    graph = sparse.coo_matrix((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(len(points), len(points)))
    labels = csgraph.connected_components(graph, directed=False)[1]
    labels[~is_core] = -1
    # A calcification at the border of a cluster joins that of its nearest core.
    if is_core.any():
        cores = np.flatnonzero(is_core)
        # This bound is none that a distance may reach, as the pairs above may.
        bound = np.nextafter(linking_distance_mm, np.inf)
        distance, nearest = cKDTree(points[cores]).query(points[~is_core], distance_upper_bound=bound)
        reached = np.isfinite(distance)
        labels[np.flatnonzero(~is_core)[reached]] = labels[cores[nearest[reached]]]
    groups = [
        tuple(calcifications[int(i)] for i in np.flatnonzero(labels == label))
        for label in np.unique(labels[labels >= 0])
    ]
    groups = [group for group in groups if len(group) >= minimum_count]
    return sorted(groups, key=lambda group: (-len(group), group[0].id))


def ungrouped(calcifications: Sequence[Calcification], groups: Iterable[Members]) -> Members:
    """Return the calcifications that are in none of the groups."""
    grouped = {member.id for members in groups for member in members}
    return tuple(mark for mark in calcifications if mark.id not in grouped)


def describe_cluster(
    members: tuple[Calcification, ...],
    spacing_mm: tuple[float, float],
    shape: tuple[int, int],
    *,
    outline_margin_mm: float = 1.0,
    breast_area_mm2: float = math.inf,
    nipple: tuple[float, float] | None = None,
) -> ClusterGeometry:
    """Return outline, measures and distribution of a cluster.

    The outline is the convex hull of discs round the members, each as wide as its calcification plus the margin, cut
    at the border of the image. The diameter is that of the calcifications themselves, without the margin.

    Parameters
    ----------
    members
        At least one calcification.
    spacing_mm
        (between rows, between columns).
    shape
        (rows, columns) of the image.
    outline_margin_mm
        Space between the outermost calcifications and the outline.
    breast_area_mm2
        For the distribution "diffuse".
    nipple
        (row, column) in pixels, for the distribution "segmental"; None if unknown.
    """
    spacing = np.asarray(spacing_mm)
    centres = np.array([(c.row, c.column) for c in members]) * spacing
    radii = np.array([c.diameter_mm / 2 for c in members])
    outer = _hull(_discs(centres, radii + outline_margin_mm))
    limits = (np.asarray(shape) - 0.5) * spacing
    outer = np.clip(outer, -0.5 * spacing, limits)
    area = polygons.area(outer)
    diameter = float(pdist(_discs(centres, radii)).max())
    return ClusterGeometry(
        members=members,
        outline=tuple((float(row), float(column)) for row, column in outer / spacing),
        area_mm2=area,
        diameter_mm=diameter,
        density_per_cm2=len(members) / (area / 100),
        distribution=distribution_of(
            centres, diameter, area, breast_area_mm2=breast_area_mm2, nipple=_in_mm(nipple, spacing)
        ),
    )


def measure_outline(
    members: tuple[Calcification, ...],
    outline: Sequence[tuple[float, float]],
    spacing_mm: tuple[float, float],
    *,
    breast_area_mm2: float = math.inf,
    nipple: tuple[float, float] | None = None,
) -> ClusterGeometry:
    """Return measures and distribution of a cluster whose outline is given, as a reader draws it.

    Parameters
    ----------
    members
        The calcifications of the cluster; there may be none, and then it has no diameter and is grouped.
    outline
        (row, column) of at least three vertices that enclose an area.
    spacing_mm
        (between rows, between columns).
    breast_area_mm2
        For the distribution "diffuse".
    nipple
        (row, column) in pixels, for the distribution "segmental"; None if unknown.
    """
    spacing = np.asarray(spacing_mm)
    area = polygons.area(np.asarray(outline, dtype=np.float64) * spacing)
    diameter, distribution = 0.0, Distribution.GROUPED
    if members:
        centres = np.array([(c.row, c.column) for c in members]) * spacing
        diameter = float(pdist(_discs(centres, np.array([c.diameter_mm / 2 for c in members]))).max())
        distribution = distribution_of(
            centres, diameter, area, breast_area_mm2=breast_area_mm2, nipple=_in_mm(nipple, spacing)
        )
    return ClusterGeometry(
        members=members,
        outline=tuple((float(row), float(column)) for row, column in outline),
        area_mm2=area,
        diameter_mm=diameter,
        density_per_cm2=len(members) / (area / 100),
        distribution=distribution,
    )


def _in_mm(point: tuple[float, float] | None, spacing: FloatPoints) -> tuple[float, float] | None:
    return None if point is None else (float(point[0] * spacing[0]), float(point[1] * spacing[1]))


def _discs(centres: FloatPoints, radii: npt.NDArray[np.float64]) -> FloatPoints:
    points: FloatPoints = (centres[:, None, :] + radii[:, None, None] * _CIRCLE[None]).reshape(-1, 2)
    return points


def _hull(points: FloatPoints) -> FloatPoints:
    hull: FloatPoints = points[ConvexHull(points).vertices]
    return hull
