"""How many processes a computer gets, and which GPU each of them sees."""

from __future__ import annotations

import os

import pytest
import torch

from MCDetect.cohort import cluster
from MCDetect.cohort.cluster import workers
from MCDetect.cohort.planning import MEMORY_PER_WORKER, gpu_of_each, named_gpus, visible_gpus, worker_count

PLENTY = 100 * MEMORY_PER_WORKER


@pytest.mark.parametrize(
    ("count", "gpus", "cores", "memory", "number"),
    [
        (None, 0, 16, PLENTY, 16),
        (None, 0, 16, 3.5 * MEMORY_PER_WORKER, 3),
        (None, 0, 16, 0.0, 1),
        (None, 1, 16, PLENTY, 1),
        (None, 4, 2, PLENTY, 4),
        (6, 4, 16, PLENTY, 6),
        (6, 0, 2, 0.0, 6),
    ],
)
def test_there_is_a_process_a_gpu_or_a_core_unless_a_number_is_given(count, gpus, cores, memory, number):
    assert worker_count(count, gpus, cores, memory) == number


def test_processes_are_dealt_to_the_gpus_in_turn():
    assert gpu_of_each(2, ["0", "1"]) == ["0", "1"]
    assert gpu_of_each(5, ["3", "GPU-7a"]) == ["3", "GPU-7a", "3", "GPU-7a", "3"]
    assert gpu_of_each(3, []) == []


@pytest.mark.parametrize(
    ("setting", "number", "names"),
    [
        (None, 2, ["0", "1"]),
        (None, 0, []),
        ("", 0, []),
        ("-1", 0, []),
        ("2, 5", 2, ["2", "5"]),
        ("1,-1,0", 1, ["1"]),
        ("GPU-7a,GPU-8b", 2, ["GPU-7a", "GPU-8b"]),
    ],
)
def test_gpus_that_the_user_has_chosen_keep_their_names(setting, number, names):
    assert named_gpus(setting, number) == names


@pytest.mark.parametrize(("device", "names"), [("cuda", ["4", "6"]), ("auto", ["4", "6"]), ("cpu", []), ("mps", [])])
def test_gpus_count_only_where_the_device_means_them(monkeypatch, device, names):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert visible_gpus(device) == names


def environment(name):
    return os.environ.get(name)


def test_each_process_sees_its_own_gpu_and_the_same_after_it_is_started_again(monkeypatch):
    monkeypatch.setattr(cluster, "visible_gpus", lambda device: ["4", "6"])
    with workers(None, None, "cuda") as crew:
        assert crew.slots == 2
        seen = crew.client.run(environment, "CUDA_VISIBLE_DEVICES")
        assert sorted(seen.values()) == ["4", "6"]
        replaced = next(address for address, gpu in seen.items() if gpu == "6")
        crew.replace(replaced)
        crew.client.wait_for_workers(2, timeout=60)
        assert replaced not in crew.nannies()
        assert sorted(crew.client.run(environment, "CUDA_VISIBLE_DEVICES").values()) == ["4", "6"]
