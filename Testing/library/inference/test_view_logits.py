"""What is done when a GPU runs out of memory, with a stand-in for the GPU: the processor computes, and memory fails."""

from __future__ import annotations

import logging
import weakref

import pytest
import torch
from support.bright_bundle import make_mammogram
from support.sample_files import bright_pixels, write_mammogram

from MCDetect.errors import DeviceError
from MCDetect.inference import detector as detecting
from MCDetect.inference import logit_map, view_logits
from MCDetect.inference.backends import precision as precisions
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.detector import Detector
from MCDetect.inference.pipeline import detect

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
GROUP = [(200, 250), (215, 262), (230, 240), (208, 280)]
GPU_NAME = "cuda (Stand-in, PyTorch, {})"


class Gpu:
    """Computes with the processor while ``most_rows`` at once fit; ``rows`` are those of all strips that were tried."""

    name, title = "torch", "PyTorch"

    def __init__(self, monkeypatch, precision="fp32"):
        self.precision, self.most_rows, self.most_patches = precision, 10_000, 10_000
        self.error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        self.rows, self.emptied, self.compiled = [], 0, []
        monkeypatch.setattr(view_logits, "choose_backend", lambda *arguments: self)
        monkeypatch.setattr(detecting, "choose_device", lambda name: CUDA)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Stand-in")
        monkeypatch.setattr(torch.cuda, "empty_cache", self._empty)

    def _empty(self):
        self.emptied += 1

    def compile(self, network):
        run = TorchBackend(CPU, "fp32").compile(network)
        is_patches = isinstance(network, torch.nn.Sequential)
        self.compiled.append(network)

        def compute(image):
            if is_patches:
                if image.shape[0] > self.most_patches:
                    raise self.error
            else:
                self.rows.append(image.shape[0])
                if image.shape[0] > self.most_rows:
                    raise self.error
            return run(image)

        return compute


@pytest.fixture
def gpu(monkeypatch):
    return Gpu(monkeypatch)


def analysed(detector):
    found = detector.analyse(make_mammogram(GROUP), 0.0)
    return found.calcifications, found.score, detector.algorithm().device


def test_the_next_view_begins_again_on_the_gpu_with_the_highest_strips(bundle_folder, gpu, caplog):
    detector = Detector.load(bundle_folder, "cuda")
    *expected, device = analysed(detector)
    assert device == GPU_NAME.format("fp32")
    usual = gpu.rows.copy()
    gpu.rows.clear()
    gpu.most_rows = 0
    with caplog.at_level(logging.WARNING):
        assert analysed(detector) == (*expected, "cpu (PyTorch, fp32)")
    assert len(gpu.rows) == 3  # a strip of each height was tried
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert gpu.emptied == 3
    gpu.rows.clear()
    gpu.most_rows = 10_000
    assert analysed(detector) == (*expected, GPU_NAME.format("fp32"))
    assert gpu.rows == usual
    assert len(gpu.compiled) == 2  # each network once: both forms are kept


def test_where_smaller_strips_fit_the_gpu_goes_on(bundle_folder, gpu):
    detector = Detector.load(bundle_folder, "cuda")
    *expected, _ = analysed(detector)
    gpu.most_rows = 300
    assert analysed(detector) == (*expected, GPU_NAME.format("fp32"))


def test_a_view_that_both_computed_names_both(bundle_folder, gpu):
    detector = Detector.load(bundle_folder, "cuda")
    gpu.most_patches = 0
    assert analysed(detector)[-1] == f"{GPU_NAME.format('fp32')} and cpu (PyTorch, fp32)"


def test_a_gpu_that_is_full_at_the_start_is_tried_again_for_a_view(bundle_folder, gpu, monkeypatch):
    def no_room(network):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as context:
        context.setattr(gpu, "compile", no_room)
        detector = Detector.load(bundle_folder, "cuda")
        assert detector.algorithm().device == "cpu (PyTorch, fp32)"
    assert analysed(detector)[-1] == GPU_NAME.format("fp32")


@pytest.mark.parametrize(("flags", "precision"), [({"avx512_bf16"}, "bf16"), ({"avx2"}, "fp32")])
def test_the_precision_stays_where_the_processor_has_it_and_else_is_told(bundle_folder, monkeypatch, flags, precision):
    monkeypatch.setattr(precisions, "processor_flags", lambda: frozenset(flags))
    gpu = Gpu(monkeypatch, "bf16")
    detector = Detector.load(bundle_folder, "cuda", precision="bf16")
    assert analysed(detector)[-1] == GPU_NAME.format("bf16")
    gpu.most_rows = 0
    assert analysed(detector)[-1] == f"cpu (PyTorch, {precision})"


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: out of memory",
        "FIND was unable to find an engine to execute this computation",
        "GET was unable to find an engine to execute this computation",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
    ],
)
def test_lack_of_memory_is_known_by_any_of_its_names(bundle_folder, gpu, text):
    detector = Detector.load(bundle_folder, "cuda")
    gpu.most_rows, gpu.error = 0, RuntimeError(text)
    assert analysed(detector)[-1] == "cpu (PyTorch, fp32)"


@pytest.mark.parametrize("text", ["Failed to allocate memory for requested buffer of size 9", "std::bad_alloc"])
def test_lack_of_memory_in_onnx_runtime_is_known_too(bundle_folder, gpu, text):
    errors = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    detector = Detector.load(bundle_folder, "cuda")
    gpu.most_rows, gpu.error = 0, errors.RuntimeException(text)
    assert not isinstance(gpu.error, RuntimeError)
    assert analysed(detector)[-1] == "cpu (PyTorch, fp32)"


def test_any_other_error_of_a_gpu_is_not_hidden(bundle_folder, gpu):
    detector = Detector.load(bundle_folder, "cuda")
    gpu.most_rows, gpu.error = 0, RuntimeError("CUDA error: an illegal memory access was encountered")
    with pytest.raises(RuntimeError, match="illegal"):
        analysed(detector)
    assert len(gpu.rows) == 1


def test_tensors_of_an_attempt_that_failed_are_free_before_the_cache_is_emptied(bundle_folder, gpu, monkeypatch):
    class Activations:
        pass

    held, seen = [], []

    def fails(*arguments, **options):
        activations = Activations()
        held.append(weakref.ref(activations))
        raise torch.OutOfMemoryError("CUDA out of memory.")

    detector = Detector.load(bundle_folder, "cuda")
    monkeypatch.setattr(logit_map, "calcification_logits", fails)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: seen.append([one() for one in held]))
    with pytest.raises(DeviceError) as caught:
        analysed(detector)
    assert caught.value.code == "out-of-memory"
    assert seen == [[None], [None] * 2, [None] * 3]


def test_findings_of_several_views_name_each_device_that_computed_one(bundle_folder, gpu, tmp_path, monkeypatch):
    for number in range(3):
        write_mammogram(tmp_path / f"{number}.dcm", bright_pixels((), seed=number))
    original = logit_map.calcification_logits
    calls = []

    def full_for_the_first(*arguments, **options):
        calls.append(options["strip_height"])
        if len(calls) <= 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return original(*arguments, **options)

    monkeypatch.setattr(logit_map, "calcification_logits", full_for_the_first)
    findings = detect(tmp_path, bundle=bundle_folder, device="cuda", operating_point=0.0)
    assert len(findings.images) == 3
    assert calls == [768, 256, 64, 768, 768, 768]
    assert findings.algorithm.device == f"cpu (PyTorch, fp32) and {GPU_NAME.format('fp32')}"
