from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.spatial.distance import pdist

from MCDetect.inference.calcifications import MASK_MARGIN, find_calcifications, measure_calcification, peak_logit
from MCDetect.runs import mask_of_runs, runs_of_pixels

SPACING = (0.07, 0.07)


def logits_with(*spots, shape=(60, 80)):
    logits = np.full(shape, -8.0, dtype=np.float32)
    for window, value in spots:
        logits[window] = value
    return logits


@given(arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14)), fill=st.just(False)))
def test_the_diameter_is_the_longest_distance_of_any_two_corners_of_its_pixels(region):
    region[0, 0] = True
    pixels, spacing = np.argwhere(region), (0.07, 0.1)
    found = measure_calcification(1, pixels, np.ones(len(pixels)), spacing, 0.5)
    corners = np.concatenate([pixels + offset for offset in ((0, 0), (0, 1), (1, 0), (1, 1))]) * spacing
    assert found.diameter_mm == pytest.approx(float(pdist(corners).max()), abs=1e-12)


def test_each_bright_spot_is_one_calcification_strongest_first():
    logits = logits_with((np.s_[10:12, 10:12], 2.0), (np.s_[40:43, 50:53], 5.0))
    first, second = find_calcifications(logits, SPACING, 1.0)
    assert (first.row, first.column) == pytest.approx((41, 51))
    assert (second.row, second.column) == pytest.approx((10.5, 10.5))
    assert (first.id, second.id) == (1, 2)
    assert first.area_mm2 == pytest.approx(9 * 0.07**2)
    assert first.diameter_mm == pytest.approx(3 * 0.07 * 2**0.5)
    assert first.score > second.score


def test_a_rod_with_a_faint_middle_is_one_calcification():
    logits = logits_with((np.s_[20, 10:30], 1.0 - MASK_MARGIN / 2), (np.s_[20, 10:12], 3.0), (np.s_[20, 28:30], 3.0))
    (rod,) = find_calcifications(logits, SPACING, 1.0)
    assert rod.runs == ((20, 10, 20),)


def test_a_region_below_the_threshold_is_none():
    assert find_calcifications(logits_with((np.s_[5:9, 5:9], 0.9)), SPACING, 1.0) == ()


def test_nothing_outside_the_breast_is_found():
    logits = logits_with((np.s_[10:12, 10:12], 2.0), (np.s_[10:12, 70:72], 2.0))
    mask = np.zeros(logits.shape, dtype=bool)
    mask[:, :40] = True
    assert [c.column for c in find_calcifications(logits, SPACING, 1.0, mask=mask)] == pytest.approx([10.5])


def test_millimetres_follow_the_spacing_of_each_axis():
    logits = logits_with((np.s_[10:14, 10], 2.0))
    (vertical,) = find_calcifications(logits, (0.1, 0.02), 1.0)
    assert vertical.area_mm2 == pytest.approx(4 * 0.1 * 0.02)
    assert vertical.diameter_mm == pytest.approx(np.hypot(0.4, 0.02))


@settings(deadline=None, max_examples=60)
@given(arrays(np.float32, (17, 23), elements=st.floats(-4, 4, width=32)), st.floats(-2, 3))
def test_the_runs_are_exactly_the_pixels_and_touch_no_other_calcification(logits, threshold):
    found = find_calcifications(logits, SPACING, threshold)
    masks = [mask_of_runs(c.runs, logits.shape) for c in found]
    assert np.sum(masks, axis=0, dtype=int).max(initial=0) <= 1
    for calcification, mask in zip(found, masks, strict=True):
        assert logits[mask].max() >= threshold
        assert (logits[mask] > threshold - MASK_MARGIN - 1e-5).all()
        assert np.count_nonzero(mask) * 0.07**2 == pytest.approx(calcification.area_mm2)
        assert runs_of_pixels(np.argwhere(mask)) == calcification.runs
        rows, columns = np.nonzero(mask)
        assert rows.min() - 1e-9 <= calcification.row <= rows.max() + 1e-9
        assert columns.min() - 1e-9 <= calcification.column <= columns.max() + 1e-9
    certain = logits.astype(np.float64) >= threshold  # as Python compares them, not rounded to float32
    assert set(np.flatnonzero(certain)) <= {i for mask in masks for i in np.flatnonzero(mask)}


@given(st.floats(-8, 8), st.floats(0.2, 3), st.floats(-3, 3))
def test_the_logit_comes_back_from_the_score(logit, slope, intercept):
    score = 1 / (1 + np.exp(-(slope * logit + intercept)))
    if 1e-6 < score < 1 - 1e-6:
        assert peak_logit(score, slope, intercept) == pytest.approx(logit, abs=1e-3)


@given(
    arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([False, False, True]))
)
def test_calcifications_are_the_regions_that_touch_at_edges_or_corners(set_pixels: np.ndarray) -> None:
    labels, count = ndimage.label(set_pixels, structure=np.ones((3, 3)))
    expected = {frozenset(map(tuple, np.argwhere(labels == label).tolist())) for label in range(1, count + 1)}
    found = find_calcifications(np.where(set_pixels, 2.0, -9.0).astype(np.float32), (0.1, 0.1), 1.0)
    regions = [[(row, first + i) for row, first, n in one.runs for i in range(n)] for one in found]
    assert {frozenset(pixels) for pixels in regions} == expected
    assert sum(len(pixels) for pixels in regions) == np.count_nonzero(set_pixels)
