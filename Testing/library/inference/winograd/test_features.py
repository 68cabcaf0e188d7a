from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.inference.dense_patches import block_maxima, dense_patch_logits, fastest_features
from MCDetect.inference.strips import NOT_COMPUTED
from MCDetect.inference.winograd import features as winograd
from MCDetect.inference.winograd.features import BlockMaxima, is_suited
from MCDetect.inference.winograd.machine import Lanes
from MCDetect.networks import ShallowCNN

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    return ShallowCNN().eval()


def picture(shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


def by_torch(network, stride, image):
    with torch.inference_mode():
        return block_maxima(network, stride)(torch.from_numpy(image)[None, None])[0].numpy()


@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(24, 300), columns=st.integers(24, 300), stride=st.sampled_from([8, 16]), seed=st.integers(0, 999)
)
def test_maxima_are_those_of_pytorch_for_any_shape(network, rows, columns, stride, seed):
    image = picture((max(rows, 16 + stride), max(columns, 16 + stride)), seed)
    expected = by_torch(network, stride, image)
    found = BlockMaxima(network, stride)(image)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 5e-6


@settings(deadline=None, max_examples=25)
@given(
    shape=st.tuples(st.integers(40, 400), st.integers(40, 400)),
    stride=st.sampled_from([8, 16]),
    share=st.sampled_from([0.0, 0.01, 0.1, 0.9]),
    seed=st.integers(0, 999),
)
def test_blocks_that_are_wanted_have_the_values_they_have_when_all_are(network, shape, stride, share, seed):
    image = picture(shape, seed)
    maxima = BlockMaxima(network, stride)
    whole = maxima(image)
    wanted = np.random.default_rng(seed).random(whole.shape[1:]) < share
    found = maxima.where(image, wanted)
    assert found.shape == whole.shape
    assert np.array_equal(found[:, wanted], whole[:, wanted])


@settings(deadline=None, max_examples=20)
@given(
    rows=st.integers(144, 500), columns=st.integers(144, 400), stride=st.sampled_from([8, 16]), seed=st.integers(0, 999)
)
def test_patches_that_are_wanted_have_the_logits_of_the_network_by_itself(network, rows, columns, stride, seed):
    image, random = picture((rows, columns), seed), np.random.default_rng(seed)
    shape = tuple((size - 144) // stride + 1 for size in image.shape)
    wanted = random.random(shape) < random.choice([0.02, 0.3])
    found = dense_patch_logits(network, image, wanted, device=CPU, stride=stride)
    assert found.shape == shape
    assert np.all(found[~wanted] == NOT_COMPUTED)
    for row, column in np.argwhere(wanted)[:5]:
        patch = image[row * stride : row * stride + 144, column * stride : column * stride + 144]
        with torch.inference_mode():
            expected = float(network(torch.from_numpy(patch)[None, None])[0])
        assert found[row, column] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("filters", [(1, 1), (4, 5), (8, 24), (7, 3)])
def test_any_number_of_kernels_is_computed(filters):
    network = ShallowCNN(filters=filters).eval()
    image = picture((90, 110))
    assert np.abs(BlockMaxima(network, 8)(image) - by_torch(network, 8, image)).max() < 5e-6


@pytest.mark.parametrize("lanes", [Lanes(16, 32), Lanes(8, 16), Lanes(4, 32), Lanes(4, 16)], ids=str)
def test_code_for_other_processors_computes_the_same(network, monkeypatch, lanes):
    # LLVM turns registers that this processor does not have into those that it has.
    monkeypatch.setattr(winograd, "lanes", lambda: lanes)
    monkeypatch.setattr(winograd, "_compiled", winograd._compiled.__wrapped__)
    image = picture((120, 200))
    assert np.abs(BlockMaxima(network, 8)(image) - by_torch(network, 8, image)).max() < 5e-6


def test_the_number_of_threads_changes_nothing(network):
    image, threads = picture((400, 300)), torch.get_num_threads()
    run = BlockMaxima(network, 8)
    try:
        torch.set_num_threads(1)
        alone = run(image)
        torch.set_num_threads(4)
        np.testing.assert_array_equal(run(image), alone)
    finally:
        torch.set_num_threads(threads)


def test_an_image_without_a_whole_block_has_no_maxima(network):
    assert BlockMaxima(network, 8)(picture((100, 17))).shape == (16, 10, 0)
    assert BlockMaxima(network, 8)(picture((20, 100))).shape == (16, 0, 10)


def test_rows_that_do_not_follow_one_another_in_memory_are_read_as_they_lie(network):
    image = picture((200, 400))[10:150, 30:330]
    expected = by_torch(network, 8, np.ascontiguousarray(image))
    assert np.abs(BlockMaxima(network, 8)(image) - expected).max() < 5e-6


def test_other_kernels_and_strides_are_left_to_pytorch(network, monkeypatch):
    assert is_suited(network, 8)
    assert not is_suited(network, 4)
    assert not is_suited(ShallowCNN(kernel_size=5), 8)
    with pytest.raises(ValueError, match="9 x 9"):
        BlockMaxima(network, 4)
    assert isinstance(fastest_features(network, 8, CPU), BlockMaxima)
    assert not isinstance(fastest_features(network, 4, CPU), BlockMaxima)
    monkeypatch.setattr(winograd, "is_available", lambda: False)
    assert not isinstance(fastest_features(network, 8, CPU), BlockMaxima)


def test_patches_are_judged_as_by_pytorch(network):
    image = picture((330, 300))
    found = dense_patch_logits(network, image, device=CPU, stride=8)
    expected = dense_patch_logits(network, image, device=CPU, stride=1)[::8, ::8]
    assert np.abs(found - expected).max() < 1e-5
