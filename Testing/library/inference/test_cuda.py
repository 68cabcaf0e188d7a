"""What only a CUDA device can show; on a computer without one all of it is skipped."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from support.bright_bundle import make_mammogram

from MCDetect.inference.backends.precision import has_bf16
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.backends.upload import uploaded
from MCDetect.inference.dense_patches import dense_patch_logits
from MCDetect.inference.detector import Detector
from MCDetect.inference.patches_at import patch_maxima
from MCDetect.networks import ShallowCNN

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this computer has no CUDA device"),
]

GROUP = [(200, 250), (215, 262), (230, 240), (208, 280)]


def test_the_gpu_finds_what_the_processor_finds(bundle_folder):
    mammogram = make_mammogram([*GROUP, (400, 300)])
    expected, found = (Detector.load(bundle_folder, name).analyse(mammogram, 0.0) for name in ("cpu", "cuda"))
    assert [c.runs for c in found.calcifications] == [c.runs for c in expected.calcifications]
    assert [c.member_ids for c in found.clusters] == [c.member_ids for c in expected.clusters]
    assert found.score == pytest.approx(expected.score, abs=1e-4)


def test_the_findings_name_the_gpu_and_the_precision(bundle_folder):
    device = Detector.load(bundle_folder, "cuda").algorithm().device
    assert device == f"cuda ({torch.cuda.get_device_name()}, PyTorch, fp32)"


def test_dense_evaluation_on_the_gpu_equals_the_processor():
    torch.manual_seed(1)
    network = ShallowCNN().eval()
    image = np.random.default_rng(5).normal(0, 0.5, (500, 400)).astype(np.float32)
    expected = dense_patch_logits(network, image, device=torch.device("cpu"))
    cuda = torch.device("cuda")
    found = dense_patch_logits(network.to(cuda), image, device=cuda, strip_height=100)
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.skipif(not (torch.cuda.is_available() and has_bf16(torch.device("cuda"))), reason="this GPU has no bf16")
def test_bf16_on_the_gpu_finds_the_same_and_is_named(bundle_folder):
    mammogram = make_mammogram([*GROUP, (400, 300)])
    expected = Detector.load(bundle_folder, "cpu").analyse(mammogram, 0.0)
    detector = Detector.load(bundle_folder, "cuda", precision="bf16")
    found = detector.analyse(mammogram, 0.0)
    assert [c.member_ids for c in found.clusters] == [c.member_ids for c in expected.clusters]
    assert found.score == pytest.approx(expected.score, abs=0.05)
    assert detector.algorithm().device.endswith("PyTorch, bf16)")


def test_strips_that_are_copied_ahead_arrive_whole_and_in_order():
    cuda = torch.device("cuda")
    images = [np.full((1000 + 7 * i, 2000), i, dtype=np.float32) for i in range(20)]
    for i, tensor in enumerate(uploaded(iter(images), cuda, torch.float32, torch.cuda.Stream(cuda))):
        assert tuple(tensor.shape[2:]) == images[i].shape
        assert float(tensor.min()) == float(tensor.max()) == i


def test_maps_that_are_copied_back_meanwhile_arrive_whole_and_in_order():
    doubled = torch.nn.Conv2d(1, 1, 1)
    with torch.no_grad():
        doubled.weight.fill_(2.0)
        doubled.bias.zero_()
    run = TorchBackend(torch.device("cuda")).compile(doubled.eval())
    images = [np.full((1000 + 7 * i, 2000), i, dtype=np.float32) for i in range(20)]
    kept = []
    for i, maps in enumerate(run.each(iter(images))):
        assert maps.shape == (1, *images[i].shape)
        assert float(maps.min()) == float(maps.max()) == 2 * i
        kept.append(maps)
    assert [float(maps.max()) for maps in kept] == [2 * i for i in range(20)]


def test_maxima_of_patches_that_the_gpu_takes_are_those_of_the_processor():
    torch.manual_seed(1)
    features = ShallowCNN().eval().features
    image = np.random.default_rng(5).normal(0, 0.5, (500, 400)).astype(np.float32)
    corners = [(0, 0), (20, 10), (356, 256), (100, 200)]
    found, expected = (
        patch_maxima(TorchBackend(torch.device(name)).compile(features), image, corners, 144)
        for name in ("cuda", "cpu")
    )
    assert np.abs(found - expected).max() < 1e-5


ROOM = 64 << 20
"""Bytes: less than what the second convolution of a strip of 768 rows reads and writes, 2 x 39 MB."""


def test_a_full_gpu_leads_to_smaller_strips_or_the_processor_and_is_used_again_when_it_has_room(bundle_folder, caplog):
    mammogram = make_mammogram(GROUP, shape=(3328, 2560))
    expected = Detector.load(bundle_folder, "cpu").analyse(mammogram, 0.0)
    detector = Detector.load(bundle_folder, "cuda")
    gpu = detector.algorithm().device
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory
    # The limit is for what PyTorch's allocator holds; the driver's own memory does not count.
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + ROOM) / total)
    try:
        with caplog.at_level(logging.WARNING):
            found = detector.analyse(mammogram, 0.0)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert [c.runs for c in found.calcifications] == [c.runs for c in expected.calcifications]
    assert "Out of memory" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        found = detector.analyse(mammogram, 0.0)
    assert [c.runs for c in found.calcifications] == [c.runs for c in expected.calcifications]
    assert detector.algorithm().device == gpu
    assert caplog.text == ""
