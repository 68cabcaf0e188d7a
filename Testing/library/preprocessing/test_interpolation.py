from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.preprocessing.interpolation import Interpolated, in_bands

sizes = st.integers(1, 9)


@given(rows=sizes, columns=sizes, factors=st.tuples(st.integers(1, 7), st.integers(1, 7)))
def test_a_plane_stays_a_plane_between_the_outermost_centres(rows, columns, factors):
    shape = (rows * factors[0], columns * factors[1])
    down, across = ((np.arange(size) + 0.5) / factor - 0.5 for size, factor in zip(shape, factors, strict=True))
    row, column = np.mgrid[:rows, :columns].astype(np.float32)
    found = Interpolated(3 * row - 2 * column, shape).all_rows()
    expected = 3 * np.clip(down, 0, rows - 1)[:, None] - 2 * np.clip(across, 0, columns - 1)[None]
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-4


def test_a_band_is_that_of_the_whole_picture():
    blocks = np.random.default_rng(0).standard_normal((5, 7)).astype(np.float32)
    interpolated = Interpolated(blocks, (203, 150))
    assert np.array_equal(interpolated.rows(64, 128), interpolated.all_rows()[64:128])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows", [1, 64, 65, 300])
def test_bands_make_up_all_rows_once(rows, threads):
    counted = np.zeros(rows, dtype=int)

    def count(start: int, stop: int) -> None:
        counted[start:stop] += 1

    in_bands(rows, count, threads)
    assert (counted == 1).all()


def test_what_goes_wrong_in_a_band_is_raised():
    def fail(start: int, stop: int) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        in_bands(200, fail, 2)
