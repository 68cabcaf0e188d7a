"""Patch networks over a full view, in several ways; read the ratio between the rows, not the seconds.

``make bench`` prints them. All ways of the shallow CNN judge patches of 144 x 144 pixels in fp32 on the same threads;
the dense way judges one at every pixel, the others one every 72 pixels, and where both judge a patch they agree.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.inferers import SlidingWindowInferer

from MCDetect.inference.backends.onnx_runtime import OnnxRuntimeBackend
from MCDetect.inference.backends.open_vino import OpenVinoBackend
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.dense_patches import dense_patch_logits
from MCDetect.networks import ResNet, ShallowCNN

PATCH, STEP = 144, 72
CPU = torch.device("cpu")
GROUP = "patches of a 3328 x 2560 view"


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ShallowCNN().eval()


@pytest.fixture(scope="module")
def breast(view):
    rows, columns = view.shape
    row, column = np.mgrid[: rows - PATCH + 1, : columns - PATCH + 1]
    return ((row - rows / 2) / (0.45 * rows)) ** 2 + (column / (0.5 * columns)) ** 2 < 1


@pytest.fixture(scope="module")
def grid(network, view):
    """Return the logits of the patches every 72 pixels, each computed by itself."""
    corners = [
        (i, j) for i in range(0, view.shape[0] - PATCH + 1, STEP) for j in range(0, view.shape[1] - PATCH + 1, STEP)
    ]
    with torch.inference_mode():
        return {
            (i, j): float(network(torch.from_numpy(view[i : i + PATCH, j : j + PATCH].copy())[None, None]))
            for i, j in corners[::97]
        }


@pytest.mark.benchmark(group=GROUP)
@pytest.mark.parametrize("backend", [TorchBackend(CPU), OnnxRuntimeBackend(), OpenVinoBackend()], ids=lambda b: b.name)
def test_dense_a_patch_at_every_pixel(benchmark, network, view, grid, backend):
    run = backend.compile(network.features)
    dense = benchmark.pedantic(
        lambda: dense_patch_logits(network, view, device=CPU, features=run), rounds=3, warmup_rounds=1
    )
    assert max(abs(dense[corner] - logit) for corner, logit in grid.items()) < 1e-5


@pytest.mark.benchmark(group=GROUP)
@pytest.mark.parametrize("backend", [TorchBackend(CPU), OnnxRuntimeBackend(), OpenVinoBackend()], ids=lambda b: b.name)
def test_dense_in_the_breast_only(benchmark, network, view, breast, backend):
    run = backend.compile(network.features)
    benchmark.pedantic(
        lambda: dense_patch_logits(network, view, breast, device=CPU, features=run), rounds=3, warmup_rounds=1
    )


@pytest.mark.benchmark(group=GROUP)
def test_monai_sliding_window_at_half_overlap(benchmark, network, view):
    inferer = SlidingWindowInferer((PATCH, PATCH), sw_batch_size=8, overlap=0.5)
    image = torch.from_numpy(view)[None, None]

    def run():
        with torch.inference_mode():
            # The inferer wants a map for each window: the patch's one logit, spread over it.
            return inferer(image, lambda patches: network(patches)[:, None, None, None].repeat(1, 1, PATCH, PATCH))

    benchmark.pedantic(run, rounds=2, warmup_rounds=1)


@pytest.mark.benchmark(group=GROUP)
def test_resnet_50_patch_learning_a_tenth_of_the_patches(benchmark, view):
    """Shiri Kahnouei et al. 2022 judge patches with ResNet-50; only every tenth of the grid, multiply by ten."""
    torch.manual_seed(0)
    network = ResNet(50).eval()
    corners = [
        (i, j) for i in range(0, view.shape[0] - PATCH + 1, STEP) for j in range(0, view.shape[1] - PATCH + 1, STEP)
    ][::10]
    benchmark.extra_info["patches"] = len(corners)

    def run():
        with torch.inference_mode():
            for first in range(0, len(corners), 8):
                batch = np.stack([view[i : i + PATCH, j : j + PATCH] for i, j in corners[first : first + 8]])
                network(torch.from_numpy(batch)[:, None].expand(-1, 3, -1, -1))

    benchmark.pedantic(run, rounds=1, warmup_rounds=0)
