"""The BI-RADS distribution of a cluster, segmental ones above all."""

from __future__ import annotations

import numpy as np
import pytest

from MCDetect.bi_rads import Distribution
from MCDetect.inference.distribution import distribution_of
from MCDetect.simulation.clusters import draw_cluster

NIPPLE = (0.0, 60.0)


def of(points: np.ndarray, **options) -> Distribution:
    extent = float(max(np.linalg.norm(a - b) for a in points for b in points))
    return distribution_of(points, extent, extent**2, **options)


def wedge(toward: float = 0.0, length: float = 25.0) -> np.ndarray:
    """Return places that open away from ``toward`` (radians from the column axis), about the origin."""
    from_tip, across = np.meshgrid(np.linspace(4, length, 5), np.linspace(-0.35, 0.35, 4), indexing="ij")
    places = np.stack([(from_tip * across).ravel(), (0.6 * length - from_tip).ravel()], axis=1)
    turn = np.array([[np.cos(toward), np.sin(toward)], [-np.sin(toward), np.cos(toward)]])
    return places @ turn


def test_a_wedge_that_narrows_toward_the_nipple_is_segmental() -> None:
    assert of(wedge(), nipple=NIPPLE) is Distribution.SEGMENTAL


@pytest.mark.parametrize("toward", [np.pi, np.pi / 2, -np.pi / 3])
def test_a_wedge_that_points_elsewhere_is_not(toward: float) -> None:
    assert of(wedge(toward), nipple=NIPPLE) is Distribution.REGIONAL


def test_without_a_nipple_nothing_is_segmental() -> None:
    assert of(wedge()) is Distribution.REGIONAL


def test_a_small_wedge_is_grouped() -> None:
    assert of(wedge(length=9.0), nipple=NIPPLE) is Distribution.GROUPED


def test_simulated_segmental_clusters_are_told_from_regional_and_grouped_ones() -> None:
    rng = np.random.default_rng(5)
    called = {}
    for drawn in (Distribution.SEGMENTAL, Distribution.REGIONAL, Distribution.GROUPED):
        hits = 0
        for _ in range(40):
            cluster = draw_cluster(rng, None, drawn, 0.07, angle=float(rng.normal(0, 0.2)))
            points = np.array([(m.row, m.column) for m in cluster.members]) * 0.07
            hits += of(points, nipple=NIPPLE) is Distribution.SEGMENTAL
        called[drawn] = hits / 40
    assert called[Distribution.SEGMENTAL] >= 0.5
    assert called[Distribution.REGIONAL] <= 0.25
    assert called[Distribution.GROUPED] <= 0.05
