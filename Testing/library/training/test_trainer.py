from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from MCDetect.errors import ModelError
from MCDetect.training.trainer import Trainer, TrainerSettings, TrainingStep, learning_rate_factor

SETTINGS = TrainerSettings(steps=12, learning_rate=1e-2, checkpoint_every=100, validate_every=5)


def network() -> nn.Module:
    torch.manual_seed(7)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Conv2d(4, 1, 1))


def loss(output: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    error = (output.mean(dim=(1, 2, 3)) - batch[2]).square().mean()
    return error, {"error": float(error.detach())}


def batch_of(step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(step)
    images = torch.randn(4, 1, 12, 12, generator=generator)
    return images, torch.zeros(4), images.std(dim=(1, 2, 3)), torch.zeros(4)


def batches(first_step: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    step = first_step
    while True:
        yield batch_of(step)
        step += 1


def test_a_resumed_training_ends_with_the_identical_networks(tmp_path: Path):
    straight = Trainer(network(), loss, SETTINGS, tmp_path / "straight")
    straight.train(batches)
    first = Trainer(network(), loss, SETTINGS, tmp_path / "resumed")
    first.train(batches, until_step=5)
    torch.randn(100)  # chance that is drawn between the two runs must not matter
    second = Trainer(network(), loss, SETTINGS, tmp_path / "resumed")
    assert second.step == 5
    second.train(batches)
    assert straight.step == second.step == 12
    for one, other in ((straight.network, second.network), (straight.averaged_network, second.averaged_network)):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


def test_a_finished_training_does_nothing_more(tmp_path: Path):
    Trainer(network(), loss, SETTINGS, tmp_path).train(batches)
    again = Trainer(network(), loss, SETTINGS, tmp_path)
    before = again.averaged_network.state_dict()
    taken: list[TrainingStep] = []
    again.train(batches, report=taken.append)
    assert taken == []
    assert all(torch.equal(value, again.averaged_network.state_dict()[name]) for name, value in before.items())


def test_training_lowers_the_loss(tmp_path: Path):
    taken: list[TrainingStep] = []
    settings = TrainerSettings(steps=150, learning_rate=1e-2)
    Trainer(network(), loss, settings, tmp_path).train(batches, report=taken.append)
    losses = [step.values["loss"] for step in taken]
    assert sum(losses[-20:]) < 0.3 * sum(losses[:20])
    assert taken[-1].progress == 1.0


def test_minutes_end_a_training_before_its_last_step(tmp_path: Path):
    settings = TrainerSettings(steps=10**6, minutes=0.01)
    trainer = Trainer(network(), loss, settings, tmp_path)
    trainer.train(batches)
    assert trainer.progress == 1.0
    assert 0.6 <= trainer.seconds < 5
    assert trainer.step < 10**6


def test_the_log_has_every_step_and_the_validation(tmp_path: Path):
    Trainer(network(), loss, SETTINGS, tmp_path).train(batches, [batch_of(99)])
    with (tmp_path / "log.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in rows if row["name"] == "loss"] == list(range(1, 13))
    assert [int(row["step"]) for row in rows if row["name"] == "validation_loss"] == [5, 10, 12]


def test_the_average_follows_the_weights_and_forgets_its_random_start(tmp_path: Path):
    settings = TrainerSettings(steps=40, learning_rate=1e-2, average_decay=0.998)
    start = network().state_dict()["0.weight"].clone()
    trainer = Trainer(network(), loss, settings, tmp_path)
    trainer.train(batches)
    moved = (trainer.network.state_dict()["0.weight"] - start).norm()
    left = (trainer.network.state_dict()["0.weight"] - trainer.averaged_network.state_dict()["0.weight"]).norm()
    assert left < 0.5 * moved


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path):
    Trainer(network(), loss, SETTINGS, tmp_path).train(batches, until_step=1)
    with pytest.raises(ModelError) as caught:
        Trainer(nn.Conv2d(1, 1, 3), loss, SETTINGS, tmp_path)
    assert caught.value.code == "foreign-checkpoint"


def test_a_damaged_checkpoint_is_refused(tmp_path: Path):
    Trainer(network(), loss, SETTINGS, tmp_path).train(batches, until_step=1)
    (tmp_path / "checkpoint.pt").write_bytes((tmp_path / "checkpoint.pt").read_bytes()[:500])
    with pytest.raises(ModelError, match="is damaged"):
        Trainer(network(), loss, SETTINGS, tmp_path)


def test_a_finished_training_goes_on_when_it_is_given_more_steps(tmp_path: Path):
    Trainer(network(), loss, SETTINGS, tmp_path).train(batches)
    longer = Trainer(network(), loss, replace(SETTINGS, steps=15), tmp_path)
    longer.train(batches)
    assert longer.step == 15
    assert longer.is_over


def test_the_learning_rate_rises_then_falls_to_zero():
    factors = [learning_rate_factor(progress / 100, 0.1) for progress in range(101)]
    assert factors[0] > 0
    assert max(factors) == factors[10] == 1.0
    assert all(a <= b for a, b in pairwise(factors[:11]))
    assert all(a >= b for a, b in pairwise(factors[10:]))
    assert factors[100] == pytest.approx(0.0, abs=1e-12)
