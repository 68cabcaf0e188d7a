"""Whose fault it is that an examination could not be computed: that of the worker, or its own."""

from __future__ import annotations

import pickle
import threading

import pytest
import torch
from support.cohorts import write_examination

from MCDetect.cohort import device_faults, examination
from MCDetect.cohort.device_faults import WorkerFaultError, faults_told, require_sound_device
from MCDetect.cohort.examination import identify, process
from MCDetect.cohort.records import Examination, Order, Processing
from MCDetect.errors import DeviceError, InputError
from MCDetect.inference.detector import Detector

ASSERT = "CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA` to enable assertions."


@pytest.fixture
def gpu(monkeypatch):
    """Pretend that there is a GPU; return a function that says with what each of its computations fails."""
    failing, ones_of_torch = [], torch.ones

    def ones(*shape, device=None, **more):
        if device == "cuda" and failing:
            raise failing[0]
        return ones_of_torch(*shape, **more)

    monkeypatch.setattr(torch, "ones", ones)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(device_faults, "_address", lambda: "tcp://10.0.0.7:1234")
    return failing.append


def fault_of(error, device="cuda"):
    with faults_told(device):
        raise error


def test_a_fault_keeps_its_worker_on_the_way_to_another_process():
    fault = WorkerFaultError("no-cuda", "None.", "Use another.", "tcp://10.0.0.7:1234", has_worked=True)
    there = pickle.loads(pickle.dumps(fault))
    assert type(there) is WorkerFaultError
    assert vars(there) == vars(fault)


def test_a_fault_says_whether_the_process_has_worked_before(gpu, monkeypatch):
    monkeypatch.setattr(device_faults, "_has_worked", threading.Event())
    lacks = DeviceError("no-cuda", "None.")
    with pytest.raises(WorkerFaultError) as before:
        fault_of(lacks)
    with faults_told("cuda"):
        pass
    gpu(RuntimeError(ASSERT))
    with pytest.raises(WorkerFaultError) as after:
        fault_of(KeyError("x"))
    assert (before.value.has_worked, after.value.has_worked) == (False, True)


@pytest.mark.parametrize("code", ["no-cuda", "no-bf16", "no-backend", "no-torch"])
def test_what_a_worker_lacks_is_its_fault(gpu, code):
    with pytest.raises(WorkerFaultError, match="Not here") as caught:
        fault_of(DeviceError(code, "Not here.", "Elsewhere."))
    assert (caught.value.code, caught.value.worker) == (code, "tcp://10.0.0.7:1234")


@pytest.mark.parametrize("error", [DeviceError("out-of-memory", "Too large."), InputError("damaged", "Damaged.")])
def test_what_would_be_the_same_elsewhere_is_not(gpu, error):
    gpu(RuntimeError(ASSERT))
    with pytest.raises(type(error)) as caught:
        fault_of(error)
    assert caught.value is error


def test_an_odd_error_is_the_fault_of_a_gpu_that_fails_with_everything_else_too(gpu):
    with pytest.raises(KeyError):
        fault_of(KeyError("x"))
    gpu(RuntimeError(ASSERT))
    with pytest.raises(WorkerFaultError) as caught:
        fault_of(KeyError("x"))
    assert caught.value.code == "device-failed"
    assert caught.value.message == "The GPU does not work any more (CUDA error: device-side assert triggered)."
    with pytest.raises(KeyError):
        fault_of(KeyError("x"), "cpu")


def test_a_full_gpu_works(gpu):
    gpu(torch.OutOfMemoryError("CUDA out of memory."))
    require_sound_device("cuda")


@pytest.fixture
def work(bundle_folder, tmp_path):
    """Return a function that has this process do an examination on its "GPU"."""
    images = write_examination(tmp_path / "source", 0, images=2)
    asked = Processing(str(bundle_folder), "cpu", "torch", formats=("json",))
    algorithm = identify(asked, None)
    output = tmp_path / "results"
    present = Examination("ab" * 12, "1.2", "s", tuple(map(str, images)))

    def run():
        warm = examination._warm_detector(asked, None)
        on_gpu = Processing(str(bundle_folder), "auto", "torch", formats=("json",))
        examination._detectors[on_gpu.bundle, "auto", "torch", on_gpu.precision] = warm
        try:
            return process(present, Order(str(output), on_gpu, algorithm))
        finally:
            examination._detectors.clear()

    return run, output


def second_image(monkeypatch, fail):
    """Have the second image that is analysed fail; return a list with an item for each that was begun."""
    whole, analysed = Detector.analyse, []

    def analyse(*arguments):
        analysed.append(1)
        if len(analysed) == 2:
            fail()
        return whole(*arguments)

    monkeypatch.setattr(Detector, "analyse", analyse)
    return analysed


def test_an_examination_during_which_the_gpu_failed_leaves_nothing(gpu, work, monkeypatch):
    run, output = work

    def fail():
        gpu(RuntimeError(ASSERT))
        raise RuntimeError(ASSERT)

    analysed = second_image(monkeypatch, fail)
    with pytest.raises(WorkerFaultError, match="device-side assert"):
        run()
    assert len(analysed) == 2
    assert [path for path in output.rglob("*") if path.is_file()] == []
    assert list(output.glob("examinations/*/.unfinished*")) == []


def test_an_error_of_one_image_on_a_gpu_that_works_is_told_of_that_image(gpu, work, monkeypatch):
    run, _ = work

    def fail():
        raise RuntimeError("an odd image")

    second_image(monkeypatch, fail)
    outcome = run()
    assert (len(outcome.images), [refusal.code for refusal in outcome.refused]) == (1, ["internal-error"])
