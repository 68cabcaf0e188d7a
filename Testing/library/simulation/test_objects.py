from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.anatomy import BreastGeometry, draw_geometry
from MCDetect.simulation.objects import ForeignObjects, add_objects, draw_objects

SHAPE, SPACING = (1100, 800), 0.2


@pytest.fixture(scope="module")
def geometry() -> BreastGeometry:
    return draw_geometry(np.random.default_rng(1), "MLO", SHAPE, SPACING)


def added(geometry: BreastGeometry, objects: ForeignObjects, seed: int = 0) -> np.ndarray:
    attenuation = np.full(SHAPE, 2.0, dtype=np.float32)
    add_objects(np.random.default_rng(seed), attenuation, geometry, objects, SPACING)
    return attenuation - 2.0


def test_a_breast_without_objects_stays_as_it_is(geometry):
    assert not added(geometry, ForeignObjects()).any()


def test_a_nipple_marker_is_an_opaque_ball_at_the_nipple(geometry):
    marker = added(geometry, ForeignObjects(nipple_marker=True))
    row, column = np.argwhere(marker > 0).mean(axis=0) * SPACING
    assert np.hypot(row - geometry.nipple_mm[0], column - geometry.nipple_mm[1]) < 5
    assert marker.max() > 5  # transmits less than a hundredth
    assert 1.0 < np.count_nonzero(marker) * SPACING**2 < 6.0


def test_a_clip_is_a_small_thing_of_metal_deep_in_the_breast(geometry):
    for seed in range(6):
        clip = added(geometry, ForeignObjects(clip=True), seed)
        places = np.argwhere(clip > 0.5) * SPACING
        assert 0.8 < np.ptp(places, axis=0).max() < 5
        assert clip.max() > 1


def test_a_fold_is_long_and_as_faint_as_skin(geometry):
    fold = added(geometry, ForeignObjects(skin_fold=True))
    places = np.argwhere(fold > 0.05) * SPACING
    assert np.ptp(places, axis=0).max() > 10
    assert 0.05 < fold.max() < 0.4
    assert fold.min() < 0  # the air that it catches


def test_objects_are_drawn_now_and_then():
    drawn = [draw_objects(np.random.default_rng(seed)) for seed in range(200)]
    assert 30 < sum(one.nipple_marker for one in drawn) < 70
    assert 10 < sum(one.clip for one in drawn) < 45
    assert any(one == ForeignObjects() for one in drawn)
