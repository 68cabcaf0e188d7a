from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.preprocessing.median import median_in_place


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_it_is_the_median_of_numpy_to_the_bit(kind: type, values: list[float]):
    assert median_in_place(np.array(values, dtype=kind)) == float(np.median(np.array(values, dtype=kind)))


def test_many_equal_values_have_that_median():
    assert median_in_place(np.full(1001, 0.25, dtype=np.float32)) == 0.25
