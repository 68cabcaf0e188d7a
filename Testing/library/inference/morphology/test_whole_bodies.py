"""Large calcifications are marked once and whole; tissue is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.findings import Calcification
from MCDetect.inference.calcifications import measure_calcification
from MCDetect.inference.morphology.bodies import find_body
from MCDetect.inference.morphology.whole import marked_whole

SPACING = (0.07, 0.07)


def picture_with(mask: np.ndarray, blur: float = 0.7, height: float = 300.0) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 10, mask.shape)
    return (500 + height * ndimage.gaussian_filter(mask.astype(float), blur) + noise).astype(np.float32)


def mark(number: int, mask: np.ndarray, score: float = 0.5) -> Calcification:
    pixels = np.argwhere(mask)
    return measure_calcification(number, pixels, np.ones(len(pixels)), SPACING, score)


def box(rows: slice, columns: slice, shape=(200, 200)) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[rows, columns] = True
    return mask


ROD = box(slice(95, 104), slice(60, 130))


def whole(picture: np.ndarray, *marks: Calcification) -> tuple[Calcification, ...]:
    return marked_whole(marks, {m.id: find_body(picture, m, SPACING) for m in marks}, SPACING)


def test_a_rod_that_is_marked_at_both_ends_is_marked_once_and_whole() -> None:
    ends = box(slice(97, 102), slice(62, 68)), box(slice(97, 102), slice(122, 128))
    (found,) = whole(picture_with(ROD), mark(1, ends[0], 0.4), mark(2, ends[1], 0.8))
    assert found.score == 0.8
    assert found.diameter_mm == pytest.approx(70 * 0.07, rel=0.05)
    assert (found.row, found.column) == (pytest.approx(99, abs=0.5), pytest.approx(94.5, abs=0.5))
    assert found.area_mm2 == pytest.approx(ROD.sum() * 0.07**2, rel=0.1)


def test_a_mark_beside_a_large_body_stays_a_mark_of_its_own() -> None:
    speck = box(slice(120, 124), slice(90, 94))
    found = whole(picture_with(ROD | speck), mark(1, box(slice(97, 102), slice(62, 68))), mark(2, speck, 0.9))
    assert [round(c.diameter_mm, 1) for c in found] == [0.4, pytest.approx(5.0, abs=0.2)]
    assert [c.id for c in found] == [1, 2]


def test_a_small_calcification_stays_as_it_is_marked() -> None:
    speck = box(slice(100, 104), slice(100, 104))
    marked = mark(1, speck)
    assert whole(picture_with(speck), marked) == (marked,)


@pytest.mark.parametrize("blur", [12.0, 20.0])
def test_an_island_of_tissue_without_an_edge_is_no_body(blur: float) -> None:
    island = box(slice(70, 130), slice(70, 130))
    assert not find_body(picture_with(island, blur), mark(1, box(slice(98, 102), slice(98, 102))), SPACING).is_sharp


def test_grain_is_no_body() -> None:
    flat = picture_with(np.zeros((200, 200), dtype=bool))
    assert not find_body(flat, mark(1, box(slice(98, 102), slice(98, 102))), SPACING).is_sharp


@pytest.mark.parametrize("scale", [(1.0, 0.0), (0.001, -0.4), (250.0, 9000.0)])
def test_the_scale_of_grey_values_does_not_matter(scale: tuple[float, float]) -> None:
    picture, seed = picture_with(ROD), mark(1, box(slice(97, 102), slice(62, 68)))
    scaled = (picture * scale[0] + scale[1]).astype(np.float32)
    assert np.array_equal(find_body(scaled, seed, SPACING).pixels, find_body(picture, seed, SPACING).pixels)


def test_a_mark_in_the_corner_of_the_image_is_measured() -> None:
    corner = box(slice(0, 3), slice(197, 200))
    assert find_body(picture_with(corner), mark(1, corner), SPACING).pixels.max() <= 199
