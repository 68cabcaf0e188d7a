"""The figures of a calcification stay within bounds, whatever was marked."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.findings import Calcification
from MCDetect.inference.calcifications import measure_calcification
from MCDetect.inference.morphology.bodies import find_body
from MCDetect.inference.morphology.features import FEATURES, ViewContext, _hollowness, feature_matrix

SPACING = (0.07, 0.07)
SHAPE = (160, 160)
BOUND = 10.0


def disc(radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside: np.ndarray = np.hypot(rows - 80, columns - 80) <= radius
    return inside


def mark_of(body: np.ndarray) -> Calcification:
    pixels = np.argwhere(body)
    return measure_calcification(1, pixels, np.ones(len(pixels)), SPACING, 0.9)


def figures(picture: np.ndarray, body: np.ndarray) -> dict[str, float]:
    mark = mark_of(body)
    context = ViewContext(picture, np.ones(SHAPE, dtype=bool), SPACING, [mark])
    (row,) = feature_matrix([mark], {1: find_body(picture, mark, SPACING)}, context)
    return dict(zip(FEATURES, row.tolist(), strict=True))


@pytest.mark.parametrize("rise", [-500.0, -1e-6, 0.0, 1e-6, 500.0])
@pytest.mark.parametrize("radius", [0.5, 2, 9])
def test_a_mark_that_rises_little_or_not_over_what_lies_round_it_has_no_absurd_figure(rise, radius) -> None:
    grain = np.random.default_rng(5).normal(1000, 20, SHAPE)
    found = figures((grain + rise * disc(radius)).astype(np.float32), disc(radius))
    assert all(math.isfinite(value) and abs(value) < BOUND for value in found.values()), found


@given(seed=st.integers(0, 10_000), radius=st.floats(0, 20), gain=st.floats(0, 1e4))
def test_no_figure_is_absurd_on_any_grain(seed, radius, gain) -> None:
    picture = (gain * np.random.default_rng(seed).normal(0, 1, SHAPE)).astype(np.float32)
    found = figures(picture, disc(radius))
    assert all(math.isfinite(value) and abs(value) < BOUND for value in found.values()), found


def test_a_ring_is_hollow_and_a_disc_is_not() -> None:
    grain = np.random.default_rng(6).normal(1000, 5, SHAPE)
    full, ring = disc(14), disc(14) & ~disc(8)
    assert figures((grain + 500 * ring).astype(np.float32), full)["hollowness"] > 0.5
    assert abs(figures((grain + 500 * full).astype(np.float32), full)["hollowness"]) < 0.1


@pytest.mark.parametrize("spacing", [(0.05, 0.05), (0.07, 0.07), (0.1, 0.1), (0.05, 0.1)])
@pytest.mark.parametrize(("radius_mm", "least", "most"), [(0.8, 0.3, 1.2), (0.16, 0.0, 0.0)])
def test_what_is_hollow_does_not_depend_on_the_size_of_the_pixels(spacing, radius_mm, least, most) -> None:
    rows, columns = np.mgrid[:80, :80]
    distance = np.hypot((rows - 40) * spacing[0], (columns - 40) * spacing[1])
    full = distance <= radius_mm
    heights = (full & (distance > 0.45 * radius_mm)).astype(np.float32)
    assert least <= _hollowness(heights, full, spacing) <= most
