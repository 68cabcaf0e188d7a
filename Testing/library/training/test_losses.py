from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from MCDetect.simulation.labels import CALCIFICATION, IGNORED
from MCDetect.training.losses import CalcificationLoss, PatchLoss


def batch(labels: list[int], counts: tuple[int, int] = (0, 0)) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    values = torch.tensor(labels, dtype=torch.uint8).reshape(1, 1, 1, -1)
    return values.float(), values, torch.tensor([counts[0]]), torch.tensor([counts[1]])


def logits(*values: float) -> Tensor:
    return torch.tensor(values).reshape(1, 1, 1, -1)


def test_the_cross_entropy_is_exact_and_counts_calcifications_threefold():
    loss, parts = CalcificationLoss()(logits(0.0, 0.0), batch([CALCIFICATION, 0]))
    assert parts["cross_entropy"] == pytest.approx((3 + 1) * math.log(2) / 2)
    # 1 - (2 * 0.5 + 1) / (1 + 1 + 1)
    assert parts["dice"] == pytest.approx(1 / 3)
    assert float(loss) == pytest.approx(10 * parts["cross_entropy"] + parts["dice"])


def test_ignored_pixels_change_nothing():
    labels = [CALCIFICATION, 0, IGNORED]
    first, _ = CalcificationLoss()(logits(1.0, -2.0, 9.0), batch(labels))
    second, _ = CalcificationLoss()(logits(1.0, -2.0, -9.0), batch(labels))
    without, _ = CalcificationLoss()(logits(1.0, -2.0), batch(labels[:2]))
    assert float(first) == pytest.approx(float(second)) == pytest.approx(float(without))


def test_a_batch_that_is_ignored_altogether_has_no_gradient():
    output = logits(1.0, -1.0).requires_grad_()
    loss, _ = CalcificationLoss()(output, batch([IGNORED, IGNORED]))
    loss.backward()
    assert torch.isfinite(loss)
    assert not output.grad.any()


def test_right_logits_cost_less_than_wrong_ones():
    right, _ = CalcificationLoss()(logits(4.0, -4.0), batch([CALCIFICATION, 0]))
    wrong, _ = CalcificationLoss()(logits(-4.0, 4.0), batch([CALCIFICATION, 0]))
    assert float(right) < 0.1 * float(wrong)


@pytest.mark.parametrize(("counts", "expected"), [((3, 0), 1.0), ((5, 4), 1.0), ((0, 0), 0.0)])
def test_a_patch_is_positive_from_three_detectable_calcifications_on(counts: tuple[int, int], expected: float):
    loss, _ = PatchLoss()(torch.tensor([2.0]), batch([0], counts))
    assert float(loss) == pytest.approx(math.log1p(math.exp(-2.0 if expected else 2.0)))


@pytest.mark.parametrize("counts", [(1, 0), (2, 7), (0, 1)])
def test_a_patch_between_positive_and_negative_does_not_count(counts: tuple[int, int]):
    output = torch.tensor([2.0], requires_grad=True)
    loss, _ = PatchLoss()(output, batch([0], counts))
    loss.backward()
    assert loss.item() == 0.0
    assert not output.grad.any()
