"""The trainer: AdamW with warm-up and cosine, averaged weights, checkpoints that resume to the identical result.

Nothing here knows what a network is for: it takes a network, a loss and batches by their number.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import ModelError
from MCDetect.files import write_atomically

if TYPE_CHECKING:
    from torch import Tensor, nn

    from MCDetect.training.losses import Batch, Loss

Batches = Callable[[int], "Iterator[Batch]"]
"""Called with the number of the first step; gives the batch of that step, the next, ... without end."""


@dataclass(frozen=True)
class TrainerSettings:
    """How a network is trained.

    Attributes
    ----------
    steps
        Number of batches.
    minutes
        If given, the schedule ends after this many minutes of training, should that come before the last step. Such a
        training depends on the speed of the machine and is not reproducible to the bit.
    learning_rate, weight_decay
        Of AdamW; the learning rate is the peak.
    warm_up
        Share of the training during which the learning rate rises; after it, it falls as a cosine to 0.
    average_decay
        Decay a step of the exponential moving average of the weights.
    maximum_gradient
        Gradients are clipped to this norm.
    checkpoint_every, validate_every
        Steps between checkpoints, and between evaluations of the averaged network on the validation batches.
    """

    steps: int
    minutes: float | None = None
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    warm_up: float = 0.05
    average_decay: float = 0.998
    maximum_gradient: float = 1.0
    checkpoint_every: int = 100
    validate_every: int = 200


@dataclass(frozen=True)
class TrainingStep:
    """What happened in one step; ``progress`` is 0 to 1, ``seconds`` since the start of training."""

    step: int
    progress: float
    seconds: float
    learning_rate: float
    values: dict[str, float]


class Trainer:
    """Trains a network.

    Parameters
    ----------
    network
        What is trained, in place.
    loss
        See :class:`MCDetect.training.losses.Loss`.
    settings
        How.
    folder
        Where ``checkpoint.pt`` and ``log.csv`` are written. A checkpoint that lies there is resumed.
    seed
        Of dropout; the batches have their own.
    """

    def __init__(self, network: nn.Module, loss: Loss, settings: TrainerSettings, folder: Path, seed: int = 0) -> None:
        import torch
        from torch.optim.swa_utils import AveragedModel

        self.network = network
        self.loss = loss
        self.settings = settings
        self.folder = folder
        self.step = 0
        self.seconds = 0.0
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        # Buffers are averaged too: the statistics of batch normalisation must belong to the averaged weights.
        self.average = AveragedModel(network, multi_avg_fn=partial(_average, settings.average_decay), use_buffers=True)
        torch.manual_seed(seed)
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._resume()

    @property
    def averaged_network(self) -> nn.Module:
        """The network with averaged weights, the one to use."""
        module: nn.Module = self.average.module
        return module.eval()

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the training is over."""
        done = self.step / self.settings.steps
        if self.settings.minutes is not None:
            done = max(done, self.seconds / (60 * self.settings.minutes))
        return min(1.0, done)

    def train(
        self,
        batches: Batches,
        validation: list[Batch] | None = None,
        report: Callable[[TrainingStep], None] | None = None,
        until_step: int | None = None,
    ) -> None:
        """Train to the end, or up to ``until_step``, writing checkpoints and the log on the way.

        Parameters
        ----------
        batches
            See :data:`Batches`.
        validation
            Batches on which the averaged network is evaluated from time to time.
        report
            Called after every step.
        until_step
            Where to stop early; a later trainer in the same folder goes on from there.
        """
        if self.progress >= 1.0:
            return
        started = time.monotonic() - self.seconds
        for batch in batches(self.step):
            rate = self.settings.learning_rate * learning_rate_factor(self.progress, self.settings.warm_up)
            values = self._update(batch, rate)
            self.step += 1
            self.seconds = time.monotonic() - started
            over = self.progress >= 1.0 or self.step == until_step
            if validation and (self.step % self.settings.validate_every == 0 or over):
                values |= {f"validation_{name}": value for name, value in self._validate(validation).items()}
            taken = TrainingStep(self.step, self.progress, self.seconds, rate, values)
            self._log(taken)
            if over or self.step % self.settings.checkpoint_every == 0:
                self._save()
            if report is not None:
                report(taken)
            if over:
                return

    def _update(self, batch: Batch, rate: float) -> dict[str, float]:
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss, parts = self.loss(self.network(_channels_last(batch[0])), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.maximum_gradient)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return {"loss": float(loss.detach()), **parts}

    def _validate(self, validation: list[Batch]) -> dict[str, float]:
        import torch

        network = self.averaged_network
        total: dict[str, float] = {}
        with torch.inference_mode():
            for batch in validation:
                loss, parts = self.loss(network(_channels_last(batch[0])), batch)
                for name, value in {"loss": float(loss), **parts}.items():
                    total[name] = total.get(name, 0.0) + value / len(validation)
        return total

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def _save(self) -> None:
        import torch

        state = {
            "step": self.step,
            "seconds": self.seconds,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        write_atomically(self._checkpoint, lambda temporary: torch.save(state, temporary))

    def _resume(self) -> None:
        import torch

        state: dict[str, Any] = torch.load(self._checkpoint, weights_only=True)
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelError(
                "foreign-checkpoint",
                f"{self._checkpoint} is a checkpoint of another network.",
                "Give another --output folder or remove the file.",
            ) from error
        self.step, self.seconds = state["step"], state["seconds"]
        torch.set_rng_state(state["random"])

    def _log(self, taken: TrainingStep) -> None:
        path = self.folder / "log.csv"
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            if is_new:
                writer.writerow(["step", "seconds", "learning_rate", "name", "value"])
            for name, value in taken.values.items():
                writer.writerow(
                    [taken.step, f"{taken.seconds:.1f}", f"{taken.learning_rate:.3g}", name, f"{value:.6g}"]
                )


def last_validation(log: Path) -> dict[str, float]:
    """Return the last value of each validation figure in a ``log.csv``, by name."""
    with log.open(newline="", encoding="utf-8") as stream:
        return {
            row["name"]: float(row["value"]) for row in csv.DictReader(stream) if row["name"].startswith("validation_")
        }


def learning_rate_factor(progress: float, warm_up: float) -> float:
    """Return the share of the peak learning rate: a linear rise over ``warm_up``, then half a cosine down to 0.

    Loshchilov and Hutter 2017 (SGDR), one cycle. The first steps are not 0, or they would be lost.
    """
    if progress < warm_up:
        return max(progress / warm_up, 0.02)
    return 0.5 * (1.0 + math.cos(math.pi * (progress - warm_up) / (1.0 - warm_up)))


def _average(decay: float, averaged: Sequence[Tensor], current: Sequence[Tensor], count: Tensor | int) -> None:
    """Move the averages towards the current values, faster at first, or the random start would stay in them."""
    share = 1.0 - min(decay, (1.0 + float(count)) / (10.0 + float(count)))
    for mean, value in zip(averaged, current, strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, share)
        else:
            mean.copy_(value)


def _channels_last(images: Tensor) -> Tensor:
    import torch

    # Measured on CPUs without AMX: convolutions of few channels run up to twice as fast in this memory format.
    return images.contiguous(memory_format=torch.channels_last)
