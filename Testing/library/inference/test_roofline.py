"""The arithmetic of the benchmark on a GPU, which runs on few computers, is right on all."""

from __future__ import annotations

import pytest
import torch
from support.roofline import Roofs, Work, measured_roofs, total, work_of
from torch import nn

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
