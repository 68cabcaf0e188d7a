from __future__ import annotations

from dataclasses import replace

import pytest

from MCDetect.cohort.records import as_precise, same_algorithm
from MCDetect.findings import Algorithm

SINGLE = Algorithm("MCDetect", "1", "b", "0" * 64, "balanced", 0.3, "cpu (PyTorch, fp32)")
ROUNDED = replace(SINGLE, device="cuda (NVIDIA H200, PyTorch, bf16)")


@pytest.mark.parametrize(
    ("there", "wanted", "enough"),
    [(SINGLE, SINGLE, True), (SINGLE, ROUNDED, True), (ROUNDED, ROUNDED, True), (ROUNDED, SINGLE, False)],
)
def test_results_in_bf16_do_not_stand_for_fp32(there, wanted, enough):
    assert as_precise(there, wanted) == enough
    assert same_algorithm(there, wanted)
