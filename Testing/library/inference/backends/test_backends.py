from __future__ import annotations

import sys
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from support.bright_bundle import make_mammogram

from MCDetect.bundles.store import find_bundle
from MCDetect.errors import DeviceError, UsageError
from MCDetect.inference.backends.onnx_runtime import OnnxRuntimeBackend
from MCDetect.inference.backends.open_vino import OpenVinoBackend
from MCDetect.inference.backends.precision import has_bf16
from MCDetect.inference.backends.pytorch import TorchBackend, without_tensor_float_32
from MCDetect.inference.detector import Detector
from MCDetect.networks.folding import fold_batch_normalisation

CPU = torch.device("cpu")
GROUP = [(200, 250), (215, 262), (230, 240), (208, 280)]


def needs(package):
    missing = find_spec(package) is None or find_spec("onnx") is None
    return pytest.mark.skipif(missing, reason=f"the extra {package} is not installed")


OTHERS = [
    pytest.param(OnnxRuntimeBackend, "ONNX Runtime", marks=needs("onnxruntime")),
    pytest.param(OpenVinoBackend, "OpenVINO", marks=needs("openvino")),
]


@pytest.fixture(scope="module")
def networks():
    """Both networks of the default bundle."""
    bundle = find_bundle()
    calcification = fold_batch_normalisation(bundle.load_network("calcification_network", "model.pt", CPU))
    return calcification, bundle.load_network("patch_network", "patch_classifier.pt", CPU).features


@pytest.mark.parametrize(("backend", "title"), OTHERS)
def test_logits_of_the_default_bundle_equal_those_of_pytorch(networks, backend, title):
    random = np.random.default_rng(3)
    for network, shapes in zip(networks, [[(96, 160), (16, 16), (160, 96)], [(144, 144), (17, 40)]], strict=True):
        run, expected = backend().compile(network), TorchBackend(CPU).compile(network)
        for shape in shapes:  # one compiled network takes any size
            image = random.normal(0, 0.7, shape).astype(np.float32)
            image[4:6, 5:8] += 3
            assert np.abs(run(image) - expected(image)).max() < 1e-4


@pytest.mark.parametrize(("backend", "title"), OTHERS)
def test_findings_are_the_same_and_name_the_back_end(bundle_folder, backend, title):
    reference, other = (Detector.load(bundle_folder, "cpu", name) for name in ("torch", backend.name))
    mammogram = make_mammogram([*GROUP, (400, 300)])
    expected, found = (detector.analyse(mammogram, 0.0) for detector in (reference, other))
    assert [c.runs for c in found.calcifications] == [c.runs for c in expected.calcifications]
    assert [c.member_ids for c in found.clusters] == [c.member_ids for c in expected.clusters]
    assert found.score == pytest.approx(expected.score, abs=1e-5)
    assert other.algorithm().device == f"cpu ({title}, fp32)"


@pytest.mark.skipif(not has_bf16(CPU), reason="this processor has no bf16")
@pytest.mark.parametrize("make", [partial(TorchBackend, CPU), pytest.param(OpenVinoBackend, marks=needs("openvino"))])
def test_bf16_rounds_logits_and_fp32_does_not(networks, make):
    image = np.random.default_rng(3).normal(0, 0.7, (96, 160)).astype(np.float32)
    image[40:42, 50:53] += 5
    for network in networks:
        exact, rounded = (make(precision=precision).compile(network)(image).copy() for precision in ("fp32", "bf16"))
        difference = np.abs(exact - rounded).max()
        assert 1e-4 < difference < 0.02 * np.abs(exact).max()
        assert np.array_equal(make(precision="fp32").compile(network)(image), exact)


@pytest.mark.skipif(not has_bf16(CPU), reason="this processor has no bf16")
@pytest.mark.parametrize(
    ("name", "title"), [("torch", "PyTorch"), pytest.param("openvino", "OpenVINO", marks=needs("openvino"))]
)
def test_findings_in_bf16_are_near_and_name_the_precision(bundle_folder, name, title):
    reference, other = (Detector.load(bundle_folder, "cpu", name, precision) for precision in ("fp32", "bf16"))
    mammogram = make_mammogram([*GROUP, (400, 300)])
    expected, found = (detector.analyse(mammogram, 0.0) for detector in (reference, other))
    assert len(found.calcifications) == len(expected.calcifications)
    assert [c.member_ids for c in found.clusters] == [c.member_ids for c in expected.clusters]
    assert found.score == pytest.approx(expected.score, abs=0.05)
    assert other.algorithm().device == f"cpu ({title}, bf16)"


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("lacking", ["itself", "onnx"])
def test_a_missing_package_is_one_sentence_that_says_what_to_install(bundle_folder, monkeypatch, name, lacking):
    package = name if lacking == "itself" else lacking
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DeviceError, match=package) as caught:
        Detector.load(bundle_folder, "cpu", name)
    assert caught.value.code == "no-backend"
    assert f"[{name}]" in caught.value.hint


def test_an_unknown_back_end_is_told(bundle_folder):
    with pytest.raises(UsageError, match="auto, torch, onnxruntime, openvino") as caught:
        Detector.load(bundle_folder, "cpu", "abacus")
    assert caught.value.code == "unknown-backend"


def test_fp32_means_all_bits_and_leaves_the_settings_of_cudnn_as_they_were():
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32, cudnn.enabled, cudnn.benchmark
    with without_tensor_float_32():
        assert (cudnn.allow_tf32, cudnn.enabled, cudnn.benchmark) == (False, *before[1:])
    assert (cudnn.allow_tf32, cudnn.enabled, cudnn.benchmark) == before
