from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.dense_patches import dense_patch_logits
from MCDetect.inference.patches_at import patch_maxima
from MCDetect.networks import ShallowCNN

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    return ShallowCNN().eval()


@pytest.fixture(scope="module")
def features(network):
    return TorchBackend(CPU).compile(network.features)


@settings(max_examples=12)
@given(
    corners=st.lists(st.tuples(st.integers(0, 276), st.integers(0, 156)), min_size=1, max_size=12),
    largest=st.sampled_from([1, 144 * 200, 1 << 20]),
)
def test_chosen_patches_equal_those_of_dense_evaluation(network, features, corners, largest):
    image = np.random.default_rng(len(corners)).normal(0, 0.5, (420, 300)).astype(np.float32)
    maxima = patch_maxima(features, image, corners, 144, largest=largest)
    with torch.inference_mode():
        logits = network.output(torch.from_numpy(maxima))[:, 0].numpy()
    wanted = np.zeros((277, 157), dtype=bool)
    wanted[tuple(np.transpose(corners))] = True
    dense = dense_patch_logits(network, image, wanted, device=CPU)
    assert np.abs(logits - [dense[corner] for corner in corners]).max() < 1e-5


def test_neighbouring_patches_are_computed_in_one_piece_and_distant_ones_apart(features):
    shapes = []

    def noting(image):
        shapes.append(image.shape)
        return features(image)

    image = np.zeros((1000, 1000), dtype=np.float32)
    done = []
    patch_maxima(noting, image, [(0, 0), (20, 10), (40, 0), (800, 800), (0, 0)], 144, report=done.append)
    assert sorted(shapes) == [(144, 144), (184, 154)]
    assert done == [0.5, 1.0]


@pytest.mark.parametrize("corner", [(-1, 0), (0, 57), (300, 0)])
def test_a_patch_outside_the_image_is_refused(features, corner):
    with pytest.raises(ValueError, match="does not lie"):
        patch_maxima(features, np.zeros((200, 200), dtype=np.float32), [corner], 144)
