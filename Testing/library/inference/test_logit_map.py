from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.inference.logit_map import calcification_logits
from MCDetect.inference.strips import NOT_COMPUTED
from MCDetect.networks import CalcificationUNet

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = CalcificationUNet()
    for _ in range(5):
        network(torch.randn(2, 1, 64, 64))
    return network.eval()


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
    logits = calcification_logits(
        network, image, np.ones(image.shape, dtype=bool), device=CPU, strip_height=strip_height
    )
    assert logits.shape == image.shape
    assert np.abs(logits - whole(network, image)).max() < 1e-5


def test_the_breast_is_computed_and_far_air_is_not(network):
    image = np.random.default_rng(1).normal(0, 0.5, (320, 480)).astype(np.float32)
    mask = np.zeros(image.shape, dtype=bool)
    mask[100:200, 50:120] = True
    logits = calcification_logits(network, image, mask, device=CPU, strip_height=64)
    assert np.abs(logits - whole(network, image))[mask].max() < 1e-5
    assert (logits[:, 200:] == NOT_COMPUTED).all()


def test_an_image_without_breast_costs_nothing(network):
    logits = calcification_logits(network, np.zeros((64, 64), np.float32), np.zeros((64, 64), dtype=bool), device=CPU)
    assert (logits == NOT_COMPUTED).all()


def test_progress_reaches_one(network):
    seen = []
    calcification_logits(
        network,
        np.zeros((100, 64), np.float32),
        np.ones((100, 64), bool),
        device=CPU,
        strip_height=16,
        report=seen.append,
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1
