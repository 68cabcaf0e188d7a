from __future__ import annotations

import pytest

from MCDetect.inference.device import device_names, precision_of

GPU, ROUNDING, CPU = "cuda (H200, PyTorch, fp32)", "cuda (H200, PyTorch, bf16)", "cpu (PyTorch, fp32)"


@pytest.mark.parametrize(
    ("names", "together", "precision"),
    [
        ([CPU], CPU, "fp32"),
        ([GPU, CPU, GPU], f"{GPU} and {CPU}", "fp32"),
        ([ROUNDING, CPU], f"{CPU} and {ROUNDING}", "bf16"),
        ([f"{CPU} and {ROUNDING}", ROUNDING], f"{CPU} and {ROUNDING}", "bf16"),
        (["a computer of Smith and Sons"], "a computer of Smith and Sons", "fp32"),
    ],
)
def test_several_devices_have_one_name_that_tells_the_least_precise(names, together, precision):
    assert device_names(names) == together
    assert precision_of(together) == precision
