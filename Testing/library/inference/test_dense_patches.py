from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.inference.dense_patches import dense_patch_logits, sliding_maximum
from MCDetect.inference.strips import NOT_COMPUTED
from MCDetect.networks import ShallowCNN

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    return ShallowCNN().eval()


def patch_by_patch(network, image, corners, size):
    patches = np.stack([image[i : i + size, j : j + size] for i, j in corners])[:, None]
    with torch.inference_mode():
        return network(torch.from_numpy(patches)).numpy()


@settings(deadline=None, max_examples=15)
@given(
    rows=st.integers(144, 260),
    columns=st.integers(144, 230),
    strip_height=st.integers(1, 200),
    seed=st.integers(0, 10_000),
)
def test_dense_evaluation_equals_the_network_patch_by_patch(network, rows, columns, strip_height, seed):
    random = np.random.default_rng(seed)
    image = random.normal(0, 0.5, (rows, columns)).astype(np.float32)
    dense = dense_patch_logits(network, image, device=CPU, strip_height=max(8, strip_height))
    assert dense.shape == (rows - 143, columns - 143)
    corners = [(0, 0), (rows - 144, columns - 144), (random.integers(rows - 143), random.integers(columns - 143))]
    expected = patch_by_patch(network, image, corners, 144)
    assert np.abs([dense[corner] for corner in corners] - expected).max() < 1e-5


def test_every_patch_of_a_small_image_is_equal(network):
    image = np.random.default_rng(5).normal(0, 0.5, (40, 35)).astype(np.float32)
    dense = dense_patch_logits(network, image, device=CPU, patch_size=24, strip_height=5)
    corners = [(i, j) for i in range(17) for j in range(12)]
    expected = patch_by_patch(network, image, corners, 24).reshape(17, 12)
    assert np.abs(dense - expected).max() < 1e-5


def test_patches_that_are_not_wanted_do_not_change_those_that_are(network):
    image = np.random.default_rng(6).normal(0, 0.5, (300, 250)).astype(np.float32)
    wanted = np.zeros((157, 107), dtype=bool)
    wanted[30:90, 20:60] = True
    dense = dense_patch_logits(network, image, wanted, device=CPU, strip_height=32)
    everywhere = dense_patch_logits(network, image, device=CPU)
    assert np.abs(dense - everywhere)[wanted].max() < 1e-5
    assert (dense[:, 61:] == NOT_COMPUTED).all()


@pytest.mark.parametrize("stride", [2, 8, 32, 128])
def test_with_a_stride_the_patches_are_those_of_the_dense_result(network, stride):
    image = np.random.default_rng(7).normal(0, 0.5, (403, 290)).astype(np.float32)
    dense = dense_patch_logits(network, image, device=CPU)[::stride, ::stride]
    some = dense_patch_logits(network, image, device=CPU, stride=stride, strip_height=100)
    assert some.shape == dense.shape
    assert np.abs(some - dense).max() < 1e-5


@pytest.mark.parametrize("stride", [0, 3, 129])
def test_a_stride_that_does_not_divide_the_maxima_is_refused(network, stride):
    with pytest.raises(ValueError, match="divisor"):
        dense_patch_logits(network, np.zeros((144, 144), dtype=np.float32), device=CPU, stride=stride)


def test_an_image_smaller_than_a_patch_is_refused(network):
    with pytest.raises(ValueError, match="smaller than a patch"):
        dense_patch_logits(network, np.zeros((143, 500), dtype=np.float32), device=CPU)


@settings(deadline=None, max_examples=40)
@given(size=st.integers(1, 30), length=st.integers(30, 60))
def test_the_sliding_maximum_is_the_maximum_of_every_window(size, length):
    values = torch.randn(2, length, generator=torch.Generator().manual_seed(length))
    assert torch.equal(sliding_maximum(values, size, 1), values.unfold(1, size, 1).amax(-1))
