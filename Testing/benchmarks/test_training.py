"""Steps of the default network's training: processes that make examples, threads and numbers that it learns with."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from MCDetect.cores import cores
from MCDetect.inference.backends.precision import has_bf16
from MCDetect.networks import CalcificationUNet
from MCDetect.training.backgrounds import prepare_backgrounds
from MCDetect.training.default import batches_from
from MCDetect.training.default_data import CropDataset
from MCDetect.training.losses import CalcificationLoss
from MCDetect.training.recipe import load_recipe
from MCDetect.training.trainer import Trainer, TrainingStep

WARM_UP, MEASURED = 15, 60

WAYS = {
    "one process, all threads, float32": (1, cores(), "float32"),
    "a process a core, half as many threads, float32": (cores(), max(1, cores() // 2), "float32"),
    "a process a core, half as many threads, bfloat16": (cores(), max(1, cores() // 2), "bfloat16"),
}


@pytest.fixture(scope="module")
def backgrounds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return prepare_backgrounds(tmp_path_factory.mktemp("backgrounds"), range(100000, 100004), cores())


def seconds_of_a_step(way: str, backgrounds: list[Path], folder: Path) -> float:
    workers, threads, precision = WAYS[way]
    recipe = load_recipe().calcifications
    settings = replace(recipe.trainer, minutes=None, precision=precision, steps=WARM_UP + MEASURED)
    times: list[float] = []

    def note(_step: TrainingStep) -> None:
        times.append(time.perf_counter())

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        network = CalcificationUNet().to(memory_format=torch.channels_last)
        trainer = Trainer(network, CalcificationLoss(), settings, folder)
        examples = CropDataset(backgrounds, settings.steps * recipe.batch, 1, recipe.crop)
        trainer.train(batches_from(examples, recipe.batch, workers), None, note)
    finally:
        torch.set_num_threads(before)
    return (times[-1] - times[WARM_UP - 1]) / MEASURED


@pytest.mark.benchmark(group="a step of the training of the calcification network")
def test_a_step_of_training(benchmark, backgrounds: list[Path], tmp_path: Path):
    ways = [way for way, (_, _, precision) in WAYS.items() if precision == "float32" or has_bf16(torch.device("cpu"))]
    seconds = {way: seconds_of_a_step(way, backgrounds, tmp_path / str(i)) for i, way in enumerate(ways)}
    benchmark.extra_info.update(seconds=seconds, ratio=seconds[ways[0]] / seconds[ways[-1]], cores=cores())
    benchmark.pedantic(lambda: None, rounds=1)
    assert min(seconds.values()) > 0
