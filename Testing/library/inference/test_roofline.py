"""The arithmetic of the benchmark on a GPU, which runs on few computers, is right on all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from support.roofline import Roofs, Work, device_seconds, measured_roofs, products_of_all_bits, total, work_of
from torch import nn
from torch.autograd import DeviceType

from MCDetect.networks import CalcificationUNet


def test_the_work_of_a_convolution_is_that_counted_by_hand():
    work = work_of(nn.Conv2d(2, 3, 3, padding=1), (1, 2, 8, 10), torch.float32)
    assert work.operations == 2 * 9 * 2 * 3 * 8 * 10
    assert work.bytes == 4 * (2 * 80 + 3 * 80 + 2 * 3 * 9 + 3)


def test_half_as_many_bytes_a_number_are_half_the_bytes_and_the_same_operations():
    network, shape = CalcificationUNet().eval(), (1, 1, 64, 48)
    wide, narrow = (work_of(network, shape, kind) for kind in (torch.float32, torch.bfloat16))
    assert narrow == Work(wide.operations, wide.bytes / 2)
    assert next(network.parameters()).device.type == "cpu"  # the network itself stays where it is


def test_the_work_of_the_calcification_network_grows_with_the_pixels():
    network = CalcificationUNet().eval()
    small, large = (work_of(network, (1, 1, side, 128), torch.float32) for side in (128, 256))
    assert large.operations == 2 * small.operations
    assert total([small, small]).operations == large.operations
    assert small.operations / 128**2 == pytest.approx(16e3, rel=0.5)  # of a pixel


@pytest.mark.parametrize(("work", "bound", "seconds"), [(Work(8, 1), "compute", 2.0), (Work(1, 6), "memory", 3.0)])
def test_the_longer_of_two_times_bounds(work, bound, seconds):
    assert Roofs(operations=4, bytes=2).least_seconds(work) == (bound, seconds)


def test_roofs_are_measured_on_the_processor_too():
    roofs = measured_roofs(torch.device("cpu"), torch.float32)
    assert roofs.operations > 1e9
    assert roofs.bytes > 1e8


@pytest.mark.parametrize("set_before", [True, False])
def test_products_keep_all_bits_whatever_was_set_and_the_setting_stays(set_before):
    settings = torch.backends.cuda.matmul
    usual = settings.allow_tf32
    settings.allow_tf32 = set_before
    try:
        with products_of_all_bits():
            assert settings.allow_tf32 is False
        assert settings.allow_tf32 is set_before
    finally:
        settings.allow_tf32 = usual


def event(name, microseconds, kind, device=DeviceType.CUDA):
    times = SimpleNamespace(elapsed_us=lambda: microseconds)
    return SimpleNamespace(name=name, time_range=times, activity_type=kind, device_type=device)


def test_the_seconds_of_a_device_are_those_of_its_kernels_and_copies_alone(monkeypatch):
    events = [
        event("aten::conv2d", 900.0, "cpu_op", DeviceType.CPU),
        event("sm90_xmma_fprop", 200.0, "kernel"),
        event("max_pool_forward_nhwc", 50.0, "kernel"),
        event("Memcpy HtoD (Pinned -> Device)", 30.0, "gpu_memcpy"),
        event("Memset (Device)", 1.0, "gpu_memset"),
        event("ProfilerStep#1", 5000.0, "gpu_user_annotation"),
        event("Stream Wait Event", 70.0, "cuda_sync"),
    ]

    class Recorded:
        def __init__(self, activities):
            assert torch.profiler.ProfilerActivity.CUDA in activities

        def __enter__(self):
            return self

        def __exit__(self, *_):
            called.append("recorded")

        def events(self):
            return events

    called = []
    monkeypatch.setattr(torch.profiler, "profile", Recorded)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: called.append("waited"))
    seconds = device_seconds(lambda: called.append("worked"))
    assert called == ["worked", "waited", "recorded"]
    assert seconds == {"kernels": pytest.approx(250e-6), "copies": pytest.approx(31e-6)}


def test_what_the_profiler_of_this_pytorch_records_has_what_is_read_of_it():
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as recorded:
        torch.zeros(8) + 1
    events = recorded.events()
    assert events
    for one in events:
        assert one.device_type == DeviceType.CPU
        assert isinstance(getattr(one, "activity_type", ""), str)
        assert one.time_range.elapsed_us() >= 0
