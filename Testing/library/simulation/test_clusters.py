from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.bi_rads import Distribution
from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.clusters import CLUSTER_KINDS, DISTRIBUTIONS, draw_cluster


def places(cluster, spacing):
    return np.array([(m.row, m.column) for m in cluster.members]) * spacing


@given(
    st.integers(0, 100_000),
    st.sampled_from(list(CLUSTER_KINDS)),
    st.sampled_from(list(DISTRIBUTIONS)),
    st.sampled_from([0.05, 0.07, 0.1]),
)
@settings(max_examples=60, deadline=None)
def test_a_cluster_has_three_to_thirty_five_members_that_do_not_touch(seed, kind, distribution, spacing):
    cluster = draw_cluster(np.random.default_rng(seed), kind, distribution, spacing)
    assert 3 <= len(cluster.members) <= 35
    assert cluster.kind is kind
    assert cluster.distribution is distribution
    points = places(cluster, spacing)
    radii = np.array([m.calcification.diameter_mm for m in cluster.members]) / 2
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2) - radii[:, None] - radii[None]
    np.fill_diagonal(gaps, np.inf)
    assert gaps.min() > 0


def test_distributions_cover_the_areas_that_give_them_their_names():
    extent = {}
    for distribution in Distribution:
        sizes = []
        for seed in range(15):
            cluster = draw_cluster(
                np.random.default_rng(seed), CalcificationKind.PUNCTATE, distribution, 0.07, count=20
            )
            sizes.append(np.linalg.norm(np.ptp(places(cluster, 0.07), axis=0)))
        extent[distribution] = np.median(sizes)
    assert 2 < extent[Distribution.GROUPED] < 20
    assert extent[Distribution.GROUPED] < extent[Distribution.SEGMENTAL] < extent[Distribution.DIFFUSE]
    assert extent[Distribution.REGIONAL] > 20


def test_a_linear_cluster_follows_its_angle():
    cluster = draw_cluster(
        np.random.default_rng(0), CalcificationKind.PUNCTATE, Distribution.LINEAR, 0.07, count=20, angle=0.0
    )
    rows, columns = places(cluster, 0.07).T
    assert columns.std() > 2 * rows.std()


def test_a_segmental_cluster_narrows_toward_the_nipple():
    points = np.concatenate(
        [
            places(
                draw_cluster(
                    np.random.default_rng(s),
                    CalcificationKind.PUNCTATE,
                    Distribution.SEGMENTAL,
                    0.07,
                    count=30,
                    angle=0.0,
                ),
                0.07,
            )
            for s in range(6)
        ]
    )
    near, far = points[points[:, 1] > 3], points[points[:, 1] < -3]
    assert near[:, 0].std() < far[:, 0].std()


@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_the_count_is_what_was_asked_for(count):
    cluster = draw_cluster(
        np.random.default_rng(4), CalcificationKind.PUNCTATE, Distribution.REGIONAL, 0.07, count=count
    )
    assert len(cluster.members) == count


def test_some_clusters_are_mixtures_and_most_members_are_of_the_leading_kind():
    kind = CalcificationKind.FINE_PLEOMORPHIC
    clusters = [draw_cluster(np.random.default_rng(s), kind, Distribution.REGIONAL, 0.07, count=20) for s in range(40)]
    shares = np.array([np.mean([m.calcification.kind is kind for m in c.members]) for c in clusters])
    assert 0.1 < np.mean(shares < 1) < 0.6
    assert shares.min() > 0.3
