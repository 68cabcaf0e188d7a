"""What the papers' recipes ask of the trainer: their optimisers and schedules, the best network, parts, processes."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from MCDetect.errors import ModelError
from MCDetect.training.optimisation import OPTIMIZERS, make_optimizer, one_cycle_factor, rate_factor
from MCDetect.training.trainer import Trainer, TrainerSettings, TrainingStep

PLAIN = TrainerSettings(steps=6, learning_rate=1e-2, average_decay=None, maximum_gradient=None, validate_every=2)


def network() -> nn.Module:
    torch.manual_seed(7)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 1))


def loss(output: Tensor, batch: tuple[Tensor, ...]) -> tuple[Tensor, dict[str, float]]:
    error = (output[:, 0] - batch[1]).square().mean()
    return error, {"accuracy": 1.0 - float(error.detach())}


def batches(first_step: int) -> Iterator[tuple[Tensor, ...]]:
    for step in range(first_step, 10_000):
        generator = torch.Generator().manual_seed(step)
        images = torch.randn(8, 1, 6, 6, generator=generator)
        yield images, images.mean(dim=(1, 2, 3))


def weights(trainer: Trainer) -> list[Tensor]:
    return [value.clone() for value in trainer.network.state_dict().values()]


def test_a_batch_in_parts_trains_as_the_batch_at_once(tmp_path: Path):
    whole = Trainer(network(), loss, PLAIN, tmp_path / "whole")
    parts = Trainer(network(), loss, replace(PLAIN, accumulate=3), tmp_path / "parts")
    for trainer in (whole, parts):
        trainer.train(batches)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(weights(whole), weights(parts), strict=True))


def test_the_best_network_of_the_validation_is_kept_and_survives_a_resumption(tmp_path: Path):
    settings = replace(PLAIN, best="accuracy", steps=8, learning_rate=0.5, optimizer="adam")  # too fast: it gets worse
    validation = [next(batches(999))]
    straight = Trainer(network(), loss, settings, tmp_path / "straight")
    straight.train(batches, validation)
    first = Trainer(network(), loss, settings, tmp_path / "resumed")
    first.train(batches, validation, until_step=4)
    second = Trainer(network(), loss, settings, tmp_path / "resumed")
    second.train(batches, validation)
    with (tmp_path / "straight" / "log.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["name"] == "validation_accuracy"]
    best = max(rows, key=lambda row: float(row["value"]))
    assert straight.kept_step == int(best["step"]) == second.kept_step
    reached = loss(straight.final_network(validation[0][0]), validation[0])[1]["accuracy"]
    assert reached == pytest.approx(float(best["value"]), abs=1e-4)
    for a, b in zip(straight.final_network.parameters(), second.final_network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_training_stops_when_the_patience_is_at_an_end(tmp_path: Path):
    settings = replace(PLAIN, steps=1000, best="loss", patience=2, learning_rate=0.0)
    trainer = Trainer(network(), loss, settings, tmp_path)
    trainer.train(batches, [next(batches(999))])
    assert trainer.step == 6  # the first validation is the best, two more are waited for
    assert trainer.is_over
    assert Trainer(network(), loss, settings, tmp_path).is_over


def test_patience_and_the_best_network_outlast_an_interruption(tmp_path: Path):
    settings = replace(PLAIN, steps=1000, best="loss", patience=2, learning_rate=0.0)
    Trainer(network(), loss, settings, tmp_path).train(batches, [next(batches(999))], until_step=4)
    trainer = Trainer(network(), loss, settings, tmp_path)
    trainer.train(batches, [next(batches(999))])
    assert (trainer.step, trainer.kept_step) == (6, 2)
    (tmp_path / "best.pt").unlink()
    with pytest.raises(ModelError, match="damaged"):
        Trainer(network(), loss, settings, tmp_path)


def test_a_best_network_that_is_newer_than_the_checkpoint_does_no_harm(tmp_path: Path):
    settings = replace(PLAIN, best="accuracy", steps=8, checkpoint_every=4)
    validation = [next(batches(999))]
    straight = Trainer(network(), loss, settings, tmp_path / "straight")
    straight.train(batches, validation)

    def end(step: TrainingStep) -> None:
        if step.step == 6:  # between two checkpoints, after a validation
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(network(), loss, settings, tmp_path / "killed").train(batches, validation, end)
    resumed = Trainer(network(), loss, settings, tmp_path / "killed")
    assert resumed.step == 4
    resumed.train(batches, validation)
    assert resumed.kept_step == straight.kept_step
    for a, b in zip(straight.final_network.parameters(), resumed.final_network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_figure_that_the_validation_lacks_is_named(tmp_path: Path):
    trainer = Trainer(network(), loss, replace(PLAIN, best="beauty"), tmp_path)
    with pytest.raises(ValueError, match="beauty"):
        trainer.train(batches, [next(batches(999))])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(name: str, tmp_path: Path):
    rate = {"adadelta": 10.0, "adagrad": 0.1}.get(name, 1e-2)
    settings = replace(PLAIN, optimizer=name, steps=60, learning_rate=rate, weight_decay=0.0)
    losses: list[float] = []
    Trainer(network(), loss, settings, tmp_path).train(batches, report=lambda s: losses.append(s.values["loss"]))
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="no optimizer 'sgdx'"):
        make_optimizer(replace(PLAIN, optimizer="sgdx"), list(network().parameters()))
    with pytest.raises(ValueError, match="no schedule"):
        rate_factor(replace(PLAIN, schedule="none"), 0.5)


def test_steps_of_the_learning_rate_come_after_each_share_of_the_training():
    settings = replace(PLAIN, schedule="step", drop_factor=0.1, drop_every=0.25)  # every 5 of 20 epochs
    assert [rate_factor(settings, epoch / 20) for epoch in (0, 4, 5, 9, 10, 15, 19)] == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01, 0.001, 0.001]
    )


def test_one_cycle_rises_to_its_peak_and_falls_almost_to_zero():
    assert one_cycle_factor(0.0) == pytest.approx(1 / 25)
    assert one_cycle_factor(0.3) == pytest.approx(1.0)
    assert one_cycle_factor(1.0) == pytest.approx(1e-5)


def test_groups_learn_at_their_own_scale_of_the_rate(tmp_path: Path):
    made = network()
    groups = [{"params": list(made[1].parameters()), "scale": 0.0}, {"params": list(made[3].parameters())}]
    before = [value.clone() for value in made.state_dict().values()]
    trainer = Trainer(made, loss, replace(PLAIN, weight_decay=0.0), tmp_path, groups=groups)
    trainer.train(batches)
    same = [torch.equal(a, b) for a, b in zip(before, weights(trainer), strict=True)]
    assert same == [True, True, False, False]


def test_a_network_learns_in_half_precision_too(tmp_path: Path):
    losses: list[float] = []
    settings = replace(PLAIN, precision="bfloat16", steps=60, optimizer="adam")
    Trainer(network(), loss, settings, tmp_path).train(batches, report=lambda s: losses.append(s.values["loss"]))
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_steps_after_the_checkpoint_are_forgotten_by_the_log_when_a_killed_training_goes_on(tmp_path: Path):
    settings = replace(PLAIN, checkpoint_every=2)
    Trainer(network(), loss, settings, tmp_path).train(batches, until_step=2)
    with (tmp_path / "log.csv").open("a") as stream:
        stream.write("3,0.1,0.01,loss,7\n4,0.1,0.01,lo")  # killed while it wrote
    Trainer(network(), loss, settings, tmp_path).train(batches)
    with (tmp_path / "log.csv").open() as stream:
        steps = [int(row["step"]) for row in csv.DictReader(stream) if row["name"] == "loss"]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_tensorboard_finds_the_figures(tmp_path: Path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    Trainer(network(), loss, PLAIN, tmp_path, tensorboard=True).train(batches)
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3, 4, 5, 6]
    assert "learning_rate" in events.Tags()["scalars"]


def test_tensorboard_shows_a_killed_training_as_if_it_had_not_been(tmp_path: Path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def end(step: TrainingStep) -> None:
        if step.step == 3:
            raise KeyboardInterrupt

    settings = replace(PLAIN, checkpoint_every=2)
    with pytest.raises(KeyboardInterrupt):
        Trainer(network(), loss, settings, tmp_path, tensorboard=True).train(batches, report=end)
    Trainer(network(), loss, settings, tmp_path, tensorboard=True).train(batches)
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3, 4, 5, 6]


WORKER = """
import sys
from pathlib import Path
import torch
sys.path.insert(0, sys.argv[2])
from test_trainer_options import PLAIN, batches, loss, network
import ignite.distributed as idist
from MCDetect.training.distributed import processes
from MCDetect.training.trainer import Trainer
with processes():
    rank, count = idist.get_rank(), idist.get_world_size()
    def mine(first):
        for images, labels in batches(first):
            yield images[rank::count], labels[rank::count]
    for until in (3, None):  # the second trainer goes on from the checkpoint of the first
        trainer = Trainer(network(), loss, PLAIN, Path(sys.argv[1]))
        trainer.train(mine, [next(batches(999))], until_step=until)
    if rank == 0:
        torch.save([count, *trainer.network.state_dict().values()], Path(sys.argv[1]) / "weights.pt")
"""


def test_two_processes_train_as_one_with_their_batches_joined(tmp_path: Path):
    (tmp_path / "worker.py").write_text(WORKER)
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(tmp_path / "worker.py")]
    run = subprocess.run(
        [sys.executable, *words, str(tmp_path / "two"), str(Path(__file__).parent)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    one = Trainer(network(), loss, PLAIN, tmp_path / "one")
    one.train(batches)
    count, *two = torch.load(tmp_path / "two" / "weights.pt", weights_only=True)
    assert count == 2
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(weights(one), two, strict=True))
    with pytest.raises(ModelError):  # chance of two processes cannot be gone on with by one
        Trainer(network(), loss, PLAIN, tmp_path / "two")
