from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.bi_rads import Distribution
from MCDetect.findings import Calcification
from MCDetect.inference.clusters import describe_cluster, group_calcifications

SPACING = (0.1, 0.1)
SHAPE = (3000, 2500)


def calcifications(*centres_mm, diameter_mm=0.3, spacing=SPACING):
    return tuple(
        Calcification(number, row / spacing[0], column / spacing[1], 0.07, diameter_mm, 0.9, ((0, 0, 1),))
        for number, (row, column) in enumerate(centres_mm, start=1)
    )


def members_of(groups):
    return [{member.id for member in group} for group in groups]


def test_three_neighbours_are_a_cluster_and_two_are_not():
    found = calcifications((50, 50), (51, 52), (53, 50), (150, 150), (151, 151))
    assert members_of(group_calcifications(found, SPACING)) == [{1, 2, 3}]


def test_a_neighbour_at_just_the_distance_belongs_to_the_cluster():
    found = calcifications((50, 50), (55, 50), (60, 50), spacing=(1.0, 1.0))
    assert members_of(group_calcifications(found, (1.0, 1.0))) == [{1, 2, 3}]


def test_two_groups_far_apart_are_two_clusters_largest_first():
    near, far = [(50 + i, 50) for i in range(3)], [(150 + i, 150) for i in range(5)]
    assert members_of(group_calcifications(calcifications(*near, *far), SPACING)) == [{4, 5, 6, 7, 8}, {1, 2, 3}]


def test_the_distance_is_measured_in_millimetres_along_each_axis():
    centres = ((50, 50), (54, 50), (58, 50))
    assert group_calcifications(calcifications(*centres, spacing=(0.2, 0.05)), (0.2, 0.05))
    assert not group_calcifications(calcifications(*((r * 2, c) for r, c in centres)), SPACING)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), max_size=25), st.integers(3, 5))
def test_grouping_follows_its_definition_and_not_the_order(centres, minimum):
    found = calcifications(*centres)
    groups = group_calcifications(found, SPACING, minimum_count=minimum)
    seen = [member.id for group in groups for member in group]
    assert len(seen) == len(set(seen))
    points = {c.id: (c.row * 0.1, c.column * 0.1) for c in found}
    near = {i: {j for j in points if math.dist(points[i], points[j]) <= 5.0} for i in points}
    cores = {i for i in points if len(near[i]) >= minimum}
    for group in members_of(groups):
        assert len(group) >= minimum
        assert all(near[member] & cores & group for member in group)
    for one, other in itertools.combinations(cores, 2):
        if other in near[one]:
            assert any({one, other} <= group for group in members_of(groups)) or not any(
                {one, other} & group for group in members_of(groups)
            )
    assert {frozenset(g & cores) for g in members_of(groups)} == {
        frozenset(g & cores)
        for g in members_of(group_calcifications(tuple(reversed(found)), SPACING, minimum_count=minimum))
    }


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 299), st.floats(0, 249)), min_size=3, max_size=20))
def test_the_outline_encloses_every_calcification_and_stays_in_the_image(centres):
    from matplotlib.path import Path

    found = calcifications(*centres)
    geometry = describe_cluster(found, SPACING, SHAPE)
    outline = np.array(geometry.outline)
    assert (outline >= -0.5).all()
    assert (outline <= np.array(SHAPE) - 0.5).all()
    assert (
        Path(outline).contains_points([(c.row, c.column) for c in found], radius=1e-6).all()
        or Path(outline).contains_points([(c.row, c.column) for c in found], radius=-1e-6).all()
    )
    assert geometry.density_per_cm2 == pytest.approx(len(found) / geometry.area_mm2 * 100)


def test_measures_of_a_known_cluster():
    geometry = describe_cluster(calcifications((50, 50), (50, 60), (55, 55)), SPACING, SHAPE)
    assert geometry.diameter_mm == pytest.approx(10.3, abs=0.02)
    triangle, perimeter, radius = 25, 10 + 2 * math.hypot(5, 5), 1.15
    assert geometry.area_mm2 == pytest.approx(triangle + perimeter * radius + math.pi * radius**2, rel=0.02)


@pytest.mark.parametrize(
    ("centres", "expected"),
    [
        ([(50, 50), (52, 51), (51, 53), (54, 52)], Distribution.GROUPED),
        ([(50, 50), (53, 50.1), (56, 50), (59, 50.2)], Distribution.LINEAR),
        ([(50, 50), (54, 60), (60, 52), (66, 64), (70, 50), (72, 66)], Distribution.REGIONAL),
    ],
)
def test_the_distribution_is_told_by_extent_and_elongation(centres, expected):
    assert describe_cluster(calcifications(*centres), SPACING, SHAPE).distribution is expected


def test_most_of_the_breast_is_diffuse():
    geometry = describe_cluster(
        calcifications((50, 50), (50, 90), (90, 50), (90, 90)), SPACING, SHAPE, breast_area_mm2=2500
    )
    assert geometry.distribution is Distribution.DIFFUSE


def test_calcifications_in_the_corner_of_the_image_have_an_outline():
    geometry = describe_cluster(calcifications((0, 0), (0, 0.4), (0.4, 0)), SPACING, SHAPE)
    assert geometry.area_mm2 > 0
