from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.anatomy import COARSE
from MCDetect.simulation.breast_clusters import LEAST_DEPTH_MM, draw_breast_clusters
from MCDetect.simulation.fields import value_at
from MCDetect.simulation.view import geometry_of_view

SPACING = 0.1
SIZE = (1400, 1000)


@pytest.fixture(scope="module")
def geometries():
    return {view: geometry_of_view(3, view, *SIZE, SPACING) for view in ("CC", "MLO")}


def behind_nipple(geometry, cluster):
    return geometry.nipple_mm[1] - cluster.column * SPACING


def test_both_views_show_the_same_clusters(geometries):
    clusters = draw_breast_clusters(np.random.default_rng(0), 3, geometries, SPACING)
    assert [c.number for c in clusters["CC"]] == [c.number for c in clusters["MLO"]] == [1, 2, 3]
    for above, oblique in zip(clusters["CC"], clusters["MLO"], strict=True):
        assert (above.drawn.kind, above.drawn.distribution) == (oblique.drawn.kind, oblique.drawn.distribution)
        sizes = [
            [(m.calcification.kind, m.calcification.diameter_mm) for m in c.drawn.members] for c in (above, oblique)
        ]
        assert sizes[0] == sizes[1]


def test_a_cluster_lies_about_as_far_behind_the_nipple_in_both_views(geometries):
    differences = []
    for seed in range(12):
        clusters = draw_breast_clusters(np.random.default_rng(seed), 1, geometries, SPACING)
        (above,), (oblique,) = clusters["CC"], clusters["MLO"]
        differences.append(behind_nipple(geometries["CC"], above) - behind_nipple(geometries["MLO"], oblique))
    assert np.std(differences) == pytest.approx(2**0.5 * 2.0, rel=0.5)
    assert np.max(np.abs(differences)) < 12


def test_every_member_lies_as_far_behind_the_centre_in_both_views(geometries):
    clusters = draw_breast_clusters(np.random.default_rng(1), 1, geometries, SPACING)
    columns = [[m.column for m in clusters[view][0].drawn.members] for view in ("CC", "MLO")]
    rows = [[m.row for m in clusters[view][0].drawn.members] for view in ("CC", "MLO")]
    assert columns[0] == columns[1]
    assert rows[0] != rows[1]


def test_centres_lie_in_the_breast_and_off_the_muscle_in_every_view(geometries):
    for seed in range(12):
        for view, clusters in draw_breast_clusters(np.random.default_rng(seed), 2, geometries, SPACING).items():
            clear = geometries[view].clear_depth_mm
            assert all(value_at(clear, c.row, c.column, COARSE) > LEAST_DEPTH_MM for c in clusters)


def test_a_breast_that_is_full_gets_fewer_clusters(geometries):
    clusters = draw_breast_clusters(np.random.default_rng(0), 60, geometries, SPACING)
    assert 2 < len(clusters["CC"]) == len(clusters["MLO"]) < 60
