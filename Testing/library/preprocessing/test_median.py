from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.preprocessing.median import median_in_place


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@given(size=st.integers(1, 400), seed=st.integers(0, 10**6))
def test_it_is_the_median_of_numpy_to_the_bit(kind: type, size: int, seed: int):
    values = np.random.default_rng(seed).standard_normal(size).astype(kind)
    assert median_in_place(values.copy()) == float(np.median(values))


def test_many_equal_values_have_that_median():
    assert median_in_place(np.full(1001, 0.25, dtype=np.float32)) == 0.25
