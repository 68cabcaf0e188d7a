from __future__ import annotations

import numpy as np
import pytest
import torch

from MCDetect.inference.backends.interface import run_each
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.backends.upload import one_ahead, uploaded

CPU = torch.device("cpu")


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_one_item_is_on_its_way_while_another_is_used(number):
    events = []

    def begin(item):
        events.append(f"begin {item}")
        return item

    def finish(item):
        events.append(f"finish {item}")
        return -item

    for done in one_ahead(range(number), begin, finish):
        events.append(f"use {-done}")
    expected = [f"begin {item}" for item in range(min(1, number))]
    for item in range(number):
        expected += [f"begin {item + 1}"] * (item + 1 < number) + [f"finish {item}", f"use {item}"]
    assert events == expected


def test_an_image_that_cannot_be_sent_does_not_take_the_place_of_another():
    def begin(item):
        if item == 2:
            raise MemoryError
        return item

    items = one_ahead(range(4), begin, lambda item: item)
    assert next(items) == 0
    with pytest.raises(MemoryError):
        next(items)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_tensors_on_the_processor_hold_the_images_in_their_order(kind):
    images = [np.full((4, 6), value, dtype=np.float32) for value in (1.0, 2.0, 3.0)]
    found = list(uploaded(iter(images), CPU, kind))
    assert [tuple(tensor.shape) for tensor in found] == [(1, 1, 4, 6)] * 3
    assert [float(tensor[0, 0, 3, 5]) for tensor in found] == [1.0, 2.0, 3.0]
    assert {tensor.dtype for tensor in found} == {kind}


def test_images_in_a_row_give_the_maps_of_each_alone():
    torch.manual_seed(0)
    run = TorchBackend(CPU).compile(torch.nn.Conv2d(1, 3, 3).eval())
    images = [np.random.default_rng(seed).normal(0, 1, (9 + seed, 12)).astype(np.float32) for seed in range(3)]
    for maps, image in zip(run_each(run, iter(images)), images, strict=True):
        assert np.array_equal(maps, run(image))


def test_a_network_of_another_library_is_called_image_by_image():
    images = [np.full((2, 2), value, dtype=np.float32) for value in (1.0, 2.0)]
    assert [maps.tolist() for maps in run_each(lambda image: image[None] * 2, iter(images))] == [
        [[[2.0, 2.0], [2.0, 2.0]]],
        [[[4.0, 4.0], [4.0, 4.0]]],
    ]
