"""Clusters of calcifications: how many, of which kinds, and how they lie, after the distributions of BI-RADS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Distribution
from MCDetect.simulation.calcifications import SIZES, CalcificationKind, DrawnCalcification, draw_calcification

Choice = TypeVar("Choice")

CLUSTER_KINDS: dict[CalcificationKind, float] = {
    CalcificationKind.FINE_PLEOMORPHIC: 0.30,
    CalcificationKind.PUNCTATE: 0.28,
    CalcificationKind.FINE_LINEAR_BRANCHING: 0.15,
    CalcificationKind.AMORPHOUS: 0.13,
    CalcificationKind.COARSE_HETEROGENEOUS: 0.10,
    CalcificationKind.RIM: 0.02,
    CalcificationKind.POPCORN: 0.02,
}
"""How often each kind leads a cluster."""

DISTRIBUTIONS: dict[Distribution, float] = {
    Distribution.GROUPED: 0.72,
    Distribution.LINEAR: 0.10,
    Distribution.SEGMENTAL: 0.09,
    Distribution.REGIONAL: 0.06,
    Distribution.DIFFUSE: 0.03,
}
"""How often each distribution is drawn."""

_COMPANIONS = (
    CalcificationKind.PUNCTATE,
    CalcificationKind.FINE_PLEOMORPHIC,
    CalcificationKind.AMORPHOUS,
    CalcificationKind.COARSE_HETEROGENEOUS,
)
_MIXED = 0.3  # share of clusters in which other kinds lie among the leading one


@dataclass(frozen=True)
class ClusterMember:
    """A calcification and its place in pixels from the middle of its cluster (sub-pixel)."""

    calcification: DrawnCalcification
    row: float
    column: float


@dataclass(frozen=True)
class DrawnCluster:
    """A cluster that is not yet in an image; ``kind`` is that of most members."""

    kind: CalcificationKind
    distribution: Distribution
    members: tuple[ClusterMember, ...]


def draw_cluster(
    rng: np.random.Generator,
    kind: CalcificationKind | None,
    distribution: Distribution | None,
    pixel_spacing_mm: float,
    *,
    count: int | None = None,
    angle: float | None = None,
) -> DrawnCluster:
    """Draw a cluster of 3 to 35 calcifications, fewer when they do not fit beside each other.

    Large ones may leave room for one or two, which are no cluster: the caller tries again or leaves them out.

    Parameters
    ----------
    rng
        Source of all chance.
    kind, distribution
        As asked for, or by the shares of :data:`CLUSTER_KINDS` and :data:`DISTRIBUTIONS` when None.
    pixel_spacing_mm
        Spacing of the image it is for.
    count
        Number of calcifications, at least 1; log-uniform from 3 to 35 when None.
    angle
        Direction of the cluster's long axis, radians from the column axis toward growing rows. A segmental cluster
        narrows toward that side, where the nipple is. By chance when None.
    """
    kind = _choose(rng, CLUSTER_KINDS) if kind is None else kind
    distribution = _choose(rng, DISTRIBUTIONS) if distribution is None else distribution
    direction = rng.uniform(0, 2 * np.pi) if angle is None else angle
    if count is None:
        count = _draw_count(rng, kind, distribution)
    mixed = rng.uniform() < _MIXED
    members: list[ClusterMember] = []
    places = _draw_places(rng, distribution, direction, 6 * count)
    placed = np.empty((0, 3))
    for row_mm, column_mm in places:
        if len(members) == count:
            break
        companion = mixed and rng.uniform() < 0.4
        own_kind = _COMPANIONS[int(rng.integers(len(_COMPANIONS)))] if companion else kind
        diameter = SIZES[own_kind].draw(rng)
        gap = np.hypot(placed[:, 0] - row_mm, placed[:, 1] - column_mm) - 0.5 * (placed[:, 2] + diameter)
        # Members may nearly touch but not merge: a merged pair would be one calcification with two truths.
        if np.any(gap < 0.12):
            continue
        placed = np.vstack([placed, [row_mm, column_mm, diameter]])
        along = direction + rng.normal(0, 0.35)
        drawn = draw_calcification(rng, own_kind, pixel_spacing_mm, diameter_mm=diameter, angle=along)
        members.append(ClusterMember(drawn, row_mm / pixel_spacing_mm, column_mm / pixel_spacing_mm))
    return DrawnCluster(kind, distribution, tuple(members))


def _choose(rng: np.random.Generator, shares: Mapping[Choice, float]) -> Choice:
    weights = np.array(list(shares.values()))
    return list(shares)[int(rng.choice(len(weights), p=weights / weights.sum()))]


def _draw_count(rng: np.random.Generator, kind: CalcificationKind, distribution: Distribution) -> int:
    low, high = 3.0, 35.0
    if distribution in (Distribution.REGIONAL, Distribution.DIFFUSE, Distribution.SEGMENTAL):
        low = 10.0
    if kind in (CalcificationKind.POPCORN, CalcificationKind.RIM):
        high = max(low, 6.0)
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


def _draw_places(
    rng: np.random.Generator, distribution: Distribution, direction: float, count: int
) -> npt.NDArray[np.float64]:
    """Return (count, 2) rows and columns in mm from the cluster's middle."""
    if distribution is Distribution.GROUPED:
        along, across = _gaussian(rng, count, rng.uniform(0.55, 2.3), rng.uniform(0.3, 1.0))
    elif distribution is Distribution.LINEAR:
        length = rng.uniform(5, 20)
        along = rng.uniform(-0.5, 0.5, count) * length
        across = rng.normal(0, rng.uniform(0.25, 0.6), count) + rng.normal(0, 0.03) * along**2 / 10
    elif distribution is Distribution.SEGMENTAL:
        length, opening = rng.uniform(15, 32), rng.uniform(0.35, 0.7)
        # Uniform over a wedge whose tip points along the direction, where the nipple is.
        from_tip = length * np.sqrt(rng.uniform(0.03, 1, count))
        along = 0.6 * length - from_tip
        across = from_tip * opening * rng.uniform(-0.5, 0.5, count)
    elif distribution is Distribution.REGIONAL:
        along, across = _gaussian(rng, count, rng.uniform(6, 11), rng.uniform(0.6, 1.0))
    else:
        along, across = _gaussian(rng, count, rng.uniform(18, 28), rng.uniform(0.7, 1.0))
    rows = np.sin(direction) * along + np.cos(direction) * across
    columns = np.cos(direction) * along - np.sin(direction) * across
    return np.stack([rows, columns], axis=1)


def _gaussian(
    rng: np.random.Generator, count: int, sigma_mm: float, ratio: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    spread = rng.standard_normal((2, count))
    distance = np.hypot(*spread)
    # Stragglers beyond 2.5 sigma would not be counted as members by a reader.
    spread *= np.minimum(1, 2.5 / np.maximum(distance, 1e-9))
    return sigma_mm * spread[0], sigma_mm * ratio * spread[1]
