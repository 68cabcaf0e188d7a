"""The shallow CNN over a full view, four ways; read the ratio between the rows, not the seconds.

``make bench`` prints them. All ways judge patches of 144 x 144 pixels in fp32 on the same threads; only the dense way
judges one at every pixel.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.inferers import SlidingWindowInferer

from MCDetect.inference.dense_patches import dense_patch_logits
from MCDetect.networks import ShallowCNN

ROWS, COLUMNS, PATCH = 3328, 2560, 144
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ShallowCNN().eval()


@pytest.fixture(scope="module")
def view():
    return np.random.default_rng(0).normal(0, 0.5, (ROWS, COLUMNS)).astype(np.float32)


@pytest.fixture(scope="module")
def breast():
    row, column = np.mgrid[: ROWS - PATCH + 1, : COLUMNS - PATCH + 1]
    return ((row - ROWS / 2) / (0.45 * ROWS)) ** 2 + (column / (0.5 * COLUMNS)) ** 2 < 1


@pytest.mark.benchmark(group="a patch at every pixel or every 72 pixels of a 3328 x 2560 view")
def test_dense_a_patch_at_every_pixel(benchmark, network, view):
    benchmark.pedantic(lambda: dense_patch_logits(network, view, device=CPU), rounds=2, warmup_rounds=1)


@pytest.mark.benchmark(group="a patch at every pixel or every 72 pixels of a 3328 x 2560 view")
def test_dense_in_the_breast_only(benchmark, network, view, breast):
    benchmark.pedantic(lambda: dense_patch_logits(network, view, breast, device=CPU), rounds=2, warmup_rounds=1)


@pytest.mark.benchmark(group="a patch at every pixel or every 72 pixels of a 3328 x 2560 view")
def test_monai_sliding_window_at_half_overlap(benchmark, network, view):
    inferer = SlidingWindowInferer((PATCH, PATCH), sw_batch_size=8, overlap=0.5)
    image = torch.from_numpy(view)[None, None]

    def run():
        with torch.inference_mode():
            # The inferer wants a map for each window: the patch's one logit, spread over it.
            return inferer(image, lambda patches: network(patches)[:, None, None, None].repeat(1, 1, PATCH, PATCH))

    benchmark.pedantic(run, rounds=2, warmup_rounds=1)


@pytest.mark.benchmark(group="a patch at every pixel or every 72 pixels of a 3328 x 2560 view")
def test_patches_at_half_overlap_one_by_one(benchmark, network, view):
    corners = [(i, j) for i in range(0, ROWS - PATCH + 1, 72) for j in range(0, COLUMNS - PATCH + 1, 72)]

    def run():
        with torch.inference_mode():
            return [
                float(network(torch.from_numpy(view[i : i + PATCH, j : j + PATCH])[None, None])) for i, j in corners
            ]

    benchmark.pedantic(run, rounds=2)
