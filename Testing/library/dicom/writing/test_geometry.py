from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from scipy.spatial import ConvexHull

from MCDetect.dicom.writing.geometry import (
    calcification_mask,
    cluster_center,
    graphic_circle,
    graphic_outline,
    graphic_point,
    region_mask,
)
from MCDetect.errors import OutputError
from MCDetect.findings import ImageFindings


@pytest.fixture(scope="module")
def image(make_mammogram: Callable[..., Dataset], find: Callable[..., ImageFindings]) -> ImageFindings:
    return find(make_mammogram())


def test_the_first_pixel_centre_is_half_a_pixel_into_the_image(image: ImageFindings) -> None:
    assert graphic_point(image, 0, 0).tolist() == [[0.5, 0.5]]
    assert graphic_point(image, 10, 20.25).tolist() == [[20.75, 10.5]]


def test_a_mask_holds_the_pixels_of_its_runs_and_no_others(image: ImageFindings) -> None:
    mask = calcification_mask(image, image.calcifications[:2])
    pixels = {
        (row, column)
        for calcification in image.calcifications[:2]
        for row, first, length in calcification.runs
        for column in range(first, first + length)
    }
    assert set(zip(*(index.tolist() for index in np.nonzero(mask)), strict=True)) == pixels


@pytest.mark.parametrize("run", [(-1, 0, 1), (420, 0, 1), (0, -1, 1), (0, 329, 2), (0, 0, 0)])
def test_a_run_outside_of_the_image_is_refused(image: ImageFindings, run: tuple[int, int, int]) -> None:
    outside = replace(image.calcifications[0], runs=(run,))
    with pytest.raises(OutputError, match="outside of its image"):
        calcification_mask(image, [outside])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*[st.integers(-40, 400)] * 2), st.tuples(st.integers(1, 90), st.integers(1, 90)))
def test_the_region_of_a_rectangle_is_that_rectangle_inside_the_image(
    image: ImageFindings, corner: tuple[int, int], size: tuple[int, int]
) -> None:
    top, left, bottom, right = corner[0], corner[1], corner[0] + size[0], corner[1] + size[1]
    outline = ((top, left), (top, right), (bottom, right), (bottom, left))
    expected = np.zeros((image.rows, image.columns), dtype=bool)
    expected[max(top, 0) : max(bottom + 1, 0), max(left, 0) : max(right + 1, 0)] = True
    assert np.array_equal(region_mask(image, replace(image.clusters[0], outline=outline)), expected)


def test_a_region_is_not_transposed(image: ImageFindings) -> None:
    rows, columns = np.nonzero(
        region_mask(image, replace(image.clusters[0], outline=((5, 50), (5, 90), (9, 90), (9, 50))))
    )
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 9, 50, 90)


def convex_polygons(count: int) -> list[np.ndarray]:
    """Return polygons inside the image, (vertices, 2) as (row, column): hulls of random points."""
    generator = np.random.default_rng(3)
    clouds = [
        generator.uniform(60, 260, 2) + generator.uniform(-1, 1, (12, 2)) * generator.uniform(25, 55, 2)
        for _ in range(count)
    ]
    return [cloud[ConvexHull(cloud).vertices] for cloud in clouds]


def centroid(polygon: np.ndarray) -> np.ndarray:
    following = np.roll(polygon, -1, axis=0)
    cross = polygon[:, 0] * following[:, 1] - following[:, 0] * polygon[:, 1]
    return ((polygon + following) * cross[:, None]).sum(axis=0) / (3 * cross.sum())


def region_of(image: ImageFindings, polygon: np.ndarray) -> np.ndarray:
    return region_mask(image, replace(image.clusters[0], outline=tuple(map(tuple, polygon.tolist()))))


def test_a_region_lies_where_its_outline_lies_and_not_half_a_pixel_beside_it(image: ImageFindings) -> None:
    polygons = convex_polygons(200)
    shifts = [np.argwhere(region_of(image, polygon)).mean(axis=0) - centroid(polygon) for polygon in polygons]
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.01
    assert np.abs(shifts).max() < 0.4


def test_a_region_holds_the_pixels_whose_centre_is_inside_its_outline(image: ImageFindings) -> None:
    path = pytest.importorskip("matplotlib.path")
    centres = np.indices((image.rows, image.columns)).reshape(2, -1).T
    for polygon in convex_polygons(20):
        expected = path.Path(polygon).contains_points(centres).reshape(image.rows, image.columns)
        assert np.array_equal(region_of(image, polygon), expected)


def test_an_outline_that_leaves_the_image_has_the_pixels_that_it_has_in_a_larger_one(image: ImageFindings) -> None:
    generator = np.random.default_rng(4)
    margin = 500
    larger = replace(image, rows=image.rows + 2 * margin, columns=image.columns + 2 * margin)
    for _ in range(30):
        polygon = generator.integers(-margin, 2 * margin - 100, (7, 2)) / 2  # also crossing itself
        whole = region_of(larger, polygon + margin)
        part = whole[margin : margin + image.rows, margin : margin + image.columns]
        assert np.array_equal(region_of(image, polygon), part)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*[st.floats(-500, 900)] * 2), min_size=3, max_size=12))
def test_an_outline_is_closed_and_inside_the_image_whatever_the_vertices(
    image: ImageFindings, vertices: list[tuple[float, float]]
) -> None:
    outline = graphic_outline(image, replace(image.clusters[0], outline=tuple(vertices)))
    stored = outline.astype(np.float32)  # what DICOM keeps
    assert outline.shape == (len(vertices) + 1, 2)
    assert np.array_equal(stored[0], stored[-1])
    assert (stored >= 0).all()
    assert (stored <= (image.columns, image.rows)).all()


@pytest.mark.parametrize(("row", "column"), [(0, 0), (419, 329), (200, 3), (200, 325), (200, 160)])
def test_a_mark_is_a_circle_of_the_right_radius_with_both_points_inside(
    image: ImageFindings, row: int, column: int
) -> None:
    marked = replace(image.calcifications[0], row=row, column=column, diameter_mm=0.21)
    circle = graphic_circle(image, marked, margin_mm=0.4)
    assert circle[0].tolist() == [column + 0.5, row + 0.5]
    assert np.linalg.norm(circle[1] - circle[0]) == pytest.approx((0.105 + 0.4) / 0.0673)
    assert (circle >= 0).all()
    assert (circle <= (image.columns, image.rows)).all()


def test_the_centre_of_a_cluster_is_the_mean_of_its_calcifications(image: ImageFindings) -> None:
    cluster = image.clusters[0]
    members = image.members(cluster)
    expected = (np.mean([m.column for m in members]) + 0.5, np.mean([m.row for m in members]) + 0.5)
    assert cluster_center(image, cluster)[0] == pytest.approx(expected)
