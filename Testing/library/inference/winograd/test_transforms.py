from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.inference.winograd.transforms import INPUT_TRANSFORM, OUTPUT_TRANSFORM, transformed_kernels


@given(st.lists(st.integers(-50, 50), min_size=6, max_size=6), st.lists(st.integers(-50, 50), min_size=3, max_size=3))
def test_six_products_give_four_outputs_of_three_taps(rows, taps):
    kernel = transformed_kernels(np.array(taps, dtype=float).reshape(1, 1, 3, 1), 1).reshape(6)
    products = kernel * (np.array(INPUT_TRANSFORM) @ rows)
    expected = np.correlate(np.array(rows, dtype=float), np.array(taps, dtype=float))
    np.testing.assert_allclose(np.array(OUTPUT_TRANSFORM) @ products, expected, atol=2e-3)


def test_kernels_that_cannot_be_taken_three_rows_at_once_are_refused():
    with pytest.raises(ValueError, match="5 rows"):
        transformed_kernels(np.zeros((2, 1, 5, 5)), 2)
    with pytest.raises(ValueError, match="4 at once"):
        transformed_kernels(np.zeros((6, 1, 9, 9)), 4)
