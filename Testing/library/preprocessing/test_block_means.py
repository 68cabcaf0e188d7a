"""Means of blocks are those of the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.preprocessing.block_means import block_means


def by_definition(picture, steps, border):
    sides = [(border * step, border * step + -size % step) for step, size in zip(steps, picture.shape, strict=True)]
    padded = np.pad(picture, sides, mode="edge").astype(float)
    shape = (padded.shape[0] // steps[0], steps[0], padded.shape[1] // steps[1], steps[1])
    return padded.reshape(shape).mean(axis=(1, 3))


@given(
    shape=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    steps=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    border=st.integers(0, 2),
    seed=st.integers(0, 99),
)
def test_they_are_those_of_a_picture_whose_edge_goes_on(shape, steps, border, seed) -> None:
    picture = np.random.default_rng(seed).random(shape, dtype=np.float32)
    np.testing.assert_allclose(block_means(picture, steps, border), by_definition(picture, steps, border), rtol=1e-5)


def test_those_of_whole_grey_values_are_exact() -> None:
    picture = np.random.default_rng(1).integers(0, 65536, (83, 70)).astype(np.float32)
    means = block_means(picture, (8, 8))
    np.testing.assert_array_equal(means, by_definition(picture, (8, 8), 0).astype(np.float32))


def test_a_part_of_a_picture_is_not_changed() -> None:
    picture = np.arange(48, dtype=np.float32).reshape(6, 8)
    part = picture[1:5, 2:7]
    kept = part.copy()
    assert block_means(part, (2, 2))[0, 0] == pytest.approx(part[:2, :2].mean())
    np.testing.assert_array_equal(part, kept)
