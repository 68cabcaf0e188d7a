from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
import torch

from MCDetect.inference.backends.interface import run_each
from MCDetect.inference.backends.pytorch import TorchBackend, _CudaRun
from MCDetect.inference.backends.upload import fetched, one_ahead, uploaded
from MCDetect.inference.patches_at import patch_maxima

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


class StreamStandIn:
    """A stream of copies that are made when somebody waits for them, and not before."""

    def __init__(self, device=None):
        made.append(self)
        self.waiting, self.waited_for = [], []

    def wait_stream(self, stream):
        self.waited_for.append(stream)

    def record_event(self):
        return EventStandIn(list(self.waiting))


class EventStandIn:
    def __init__(self, copies):
        self.copies = copies

    def synchronize(self):
        for copy in self.copies:
            copy()


class ComputingStandIn:
    def wait_event(self, event):
        event.synchronize()


made: list[StreamStandIn] = []
COMPUTING = ComputingStandIn()


@pytest.fixture
def streams(monkeypatch):
    """Have streams on a computer without CUDA; return those that are made, and (tensor, stream) that were recorded."""
    current, recorded = [None], []
    copy, empty = torch.Tensor.copy_, torch.empty

    @contextmanager
    def on(stream):
        current[0] = stream
        yield
        current[0] = None

    def copied(target, source, non_blocking=False):
        if not non_blocking:
            return copy(target, source)
        current[0].waiting.append(lambda: copy(target, source))
        return target

    def made_empty(*shape, pin_memory=False, **options):
        return empty(*shape, **options).fill_(np.nan) if pin_memory else empty(*shape, **options)

    made.clear()
    monkeypatch.setattr(torch.cuda, "Stream", StreamStandIn)
    monkeypatch.setattr(torch.cuda, "stream", on)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: COMPUTING)
    monkeypatch.setattr(torch, "empty", made_empty)
    monkeypatch.setattr(torch.Tensor, "copy_", copied)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda tensor, stream: recorded.append((tensor, stream)))
    return made, recorded


def test_results_are_given_when_they_are_whole_and_the_next_one_has_been_computed(streams):
    copying = StreamStandIn()
    computed = []

    def compute():
        for number in range(4):
            computed.append(number)
            yield torch.full((2, 3, 4), float(number))

    for number, array in enumerate(fetched(compute(), copying)):
        assert computed[-1] == min(3, number + 1)
        assert array.dtype == np.float32
        assert (array == number).all()
    assert copying.waited_for == [COMPUTING] * 4  # no copy begins before what it copies is computed
    assert [stream for _, stream in streams[1]] == [copying] * 4


def test_arrays_that_are_kept_do_not_change(streams):
    arrays = list(fetched((torch.full((1, 2, 2), float(number)) for number in range(3)), StreamStandIn()))
    assert [float(array.max()) for array in arrays] == [0.0, 1.0, 2.0]


@pytest.fixture
def features():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 3, 9), torch.nn.ReLU()).eval()


def test_a_network_with_streams_gives_the_maps_of_one_without_and_makes_no_more_streams(streams, features):
    plain, run = TorchBackend(CPU).compile(features), _CudaRun(features, CPU, torch.float32)
    images = [np.random.default_rng(seed).normal(0, 1, (20 + seed, 24)).astype(np.float32) for seed in range(3)]
    for _ in range(2):
        for maps, image in zip(run_each(run, iter(images)), images, strict=True):
            np.testing.assert_allclose(maps, plain(image), atol=1e-6)
    np.testing.assert_allclose(run(images[0]), plain(images[0]), atol=1e-6)
    assert len(streams[0]) == 2


def test_maxima_of_patches_are_those_of_the_maps_also_where_the_device_takes_them(streams, features, monkeypatch):
    plain, run = TorchBackend(CPU).compile(features), _CudaRun(features, CPU, torch.float32)
    monkeypatch.setattr(run, "each", None)  # no map is asked for
    image = np.random.default_rng(4).normal(0, 1, (80, 90)).astype(np.float32)
    corners = [(0, 0), (50, 60), (3, 2), (48, 58), (0, 0)]
    found, expected = (patch_maxima(one, image, corners, 30) for one in (run, plain))
    assert found.shape == (5, 3)
    np.testing.assert_allclose(found, expected, atol=1e-6)
