"""How long a reader waits for the warm worker: until it is ready, for the first answer, and for the second.

The view is of full size and the model the default one. "Second" asks for pixels that the worker has not seen, so the
networks run; "remembered" asks the same question again.
"""

from __future__ import annotations

from itertools import count

import pytest
from support.bright_bundle import make_mammogram
from support.sample_files import mammogram_dataset
from support.waiting_for_worker import until_end, until_ready

from MCDetect.inference.worker.client import WorkerClient
from MCDetect.inference.worker.messages import Finished

SHAPE = (3328, 2560)


@pytest.fixture(scope="module")
def dataset():
    spots = [(1600 + 40 * i, 2000 + 25 * (i % 3)) for i in range(6)]
    pixels = make_mammogram(spots, shape=SHAPE).pixels
    return mammogram_dataset((pixels + 100 * (pixels != 0)).clip(0, 4095).astype("uint16"))


@pytest.fixture
def new_view(dataset, tmp_path):
    """Return a function that writes a view whose content the worker has not seen."""
    numbers = count(1)

    def write():
        number = next(numbers)
        dataset.PixelData = bytes([number]) + dataset.PixelData[1:]
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def worker():
    client = WorkerClient()
    yield client
    client.close()


def answer(client, path):
    client.detect([path])
    messages = until_end(client)
    assert isinstance(messages[-1], Finished)
    assert messages[-1].done == 1


@pytest.mark.benchmark(group="a view of 3328 x 2560 pixels by the worker")
def test_cold_start_until_ready(benchmark):
    clients = []

    def start():
        clients.append(WorkerClient())
        until_ready(clients[-1])

    benchmark.pedantic(start, rounds=3)
    for client in clients:
        client.close()


@pytest.mark.benchmark(group="a view of 3328 x 2560 pixels by the worker")
def test_first_view_of_a_warm_worker(benchmark, worker, new_view):
    until_ready(worker)
    benchmark.pedantic(answer, args=(worker, new_view()), rounds=1)


@pytest.mark.benchmark(group="a view of 3328 x 2560 pixels by the worker")
def test_second_view(benchmark, worker, new_view):
    answer(worker, new_view())
    benchmark.pedantic(answer, setup=lambda: ((worker, new_view()), {}), rounds=3)


@pytest.mark.benchmark(group="a view of 3328 x 2560 pixels by the worker")
def test_remembered_view(benchmark, worker, new_view):
    path = new_view()
    answer(worker, path)
    benchmark.pedantic(answer, args=(worker, path), rounds=3)
