from __future__ import annotations

import pytest
import torch

from MCDetect.inference.backends import precision
from MCDetect.training.trainer_settings import TrainerSettings

CPU = torch.device("cpu")


@pytest.mark.parametrize(("flags", "learnt_in"), [({"avx512_bf16"}, "bfloat16"), ({"avx2"}, "float32")])
def test_numbers_that_the_processor_would_have_to_imitate_are_not_used(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], learnt_in: str
):
    monkeypatch.setattr(precision, "processor_flags", lambda: frozenset(flags))
    assert TrainerSettings(steps=7, precision="bfloat16").on(CPU) == TrainerSettings(steps=7, precision=learnt_in)


def test_other_numbers_stay_as_they_were_asked_for():
    for asked in ("float32", "float16"):
        assert TrainerSettings(steps=7, precision=asked).on(CPU).precision == asked
