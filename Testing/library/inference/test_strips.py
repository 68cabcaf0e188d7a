from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from MCDetect.inference.strips import Strip, strips_over


@settings(deadline=None, max_examples=100)
@given(
    mask=arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40))),
    alignment=st.sampled_from([1, 4]),
    multiple=st.integers(1, 6),
)
def test_strips_cover_the_mask_without_overlap_and_begin_aligned(mask, alignment, multiple):
    covered = np.zeros(mask.shape, dtype=int)
    for strip in strips_over(mask, alignment * multiple, alignment):
        covered[strip.window] += 1
        assert strip.row_start % alignment == strip.column_start % alignment == 0
        assert strip.row_stop - strip.row_start <= alignment * multiple
    assert covered.max(initial=0) <= 1
    assert covered[mask].all()


def test_a_grown_strip_stays_in_the_image_and_finds_itself_again():
    strip = Strip(2, 10, 30, 40)
    outer = strip.grown(5, (12, 43))
    assert outer == Strip(0, 12, 25, 43)
    image = np.arange(12 * 43).reshape(12, 43)
    assert np.array_equal(image[outer.window][strip.inside(outer)], image[strip.window])


@pytest.mark.parametrize("height", [0, -4, 6])
def test_a_height_that_is_not_aligned_is_refused(height):
    with pytest.raises(ValueError, match="multiple of 4"):
        list(strips_over(np.ones((8, 8), dtype=bool), height, 4))


@pytest.mark.parametrize(("columns", "widths"), [(2560, [2560]), (2561, [1296, 1265]), (7000, [2336, 2336, 2328])])
def test_a_very_wide_strip_is_parted_evenly_and_without_gaps(columns, widths):
    strips = list(strips_over(np.ones((16, columns), dtype=bool), 16, 16))
    assert [strip.column_stop - strip.column_start for strip in strips] == widths
    assert [strip.column_start for strip in strips[1:]] == [strip.column_stop for strip in strips[:-1]]
