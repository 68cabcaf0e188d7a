from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.logit_map import HALO, calcification_logits
from MCDetect.inference.strips import NOT_COMPUTED
from MCDetect.networks import CalcificationUNet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = CalcificationUNet()
    for _ in range(5):
        network(torch.randn(2, 1, 64, 64))
    return network.eval()


def compiled(network):
    return TorchBackend(torch.device("cpu")).compile(network)


def whole(network, image):
    padded = np.pad(image, [(0, -size % 16) for size in image.shape])
    with torch.inference_mode():
        return network(torch.from_numpy(padded)[None, None])[0, 0].numpy()[: image.shape[0], : image.shape[1]]


@settings(deadline=None, max_examples=10)
@given(
    rows=st.integers(1, 400),
    columns=st.integers(1, 300),
    strip_height=st.sampled_from([16, 64, 160, 768]),
    seed=st.integers(0, 100),
)
def test_strips_equal_one_pass_over_the_whole_image(network, rows, columns, strip_height, seed):
    image = np.random.default_rng(seed).normal(0, 0.5, (rows, columns)).astype(np.float32)
    logits = calcification_logits(compiled(network), image, np.ones(image.shape, dtype=bool), strip_height=strip_height)
    assert logits.shape == image.shape
    assert np.abs(logits - whole(network, image)).max() < 1e-5


def test_the_breast_is_computed_and_far_air_is_not(network):
    image = np.random.default_rng(1).normal(0, 0.5, (320, 480)).astype(np.float32)
    mask = np.zeros(image.shape, dtype=bool)
    mask[100:200, 50:120] = True
    logits = calcification_logits(compiled(network), image, mask, strip_height=64)
    assert np.abs(logits - whole(network, image))[mask].max() < 1e-5
    assert (logits[:, 200:] == NOT_COMPUTED).all()


def test_an_image_without_breast_costs_nothing(network):
    logits = calcification_logits(compiled(network), np.zeros((64, 64), np.float32), np.zeros((64, 64), dtype=bool))
    assert (logits == NOT_COMPUTED).all()


def test_progress_reaches_one(network):
    seen = []
    calcification_logits(
        compiled(network),
        np.zeros((100, 64), np.float32),
        np.ones((100, 64), bool),
        strip_height=16,
        report=seen.append,
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_the_halo_is_as_wide_as_what_a_strip_depends_on_and_no_wider():
    network = CalcificationUNet().eval().double()
    for parameter in network.parameters():  # all positive: no two influences cancel
        parameter.data = parameter.data.abs() + 1e-3
    image = torch.ones(1, 1, 512, 64, dtype=torch.float64, requires_grad=True)
    network(image)[0, 0, 256:320].sum().backward()
    rows = image.grad[0, 0].abs().sum(1).nonzero()[:, 0]
    reach = max(256 - int(rows.min()), int(rows.max()) - 319)
    assert HALO - 16 < reach <= HALO
