"""The trainer: a network, a loss and batches by their number; checkpoints that resume to the identical result.

Nothing here knows what a network is for. The defaults are those of the default bundle (AdamW with warm-up and cosine,
averaged weights); the recipes of the papers choose otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from MCDetect.errors import ModelError
from MCDetect.files import write_atomically
from MCDetect.training import distributed
from MCDetect.training.best_network import BestNetwork
from MCDetect.training.optimisation import learning_rate_factor, make_optimizer, rate_factor
from MCDetect.training.tensors import (
    channels_last,
    hold_frozen_normalisation,
    move_average,
    parts_of,
    random_state,
    set_random_state,
)
from MCDetect.training.trainer_settings import TrainerSettings, TrainingStep
from MCDetect.training.training_log import TrainingLog, last_validation

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.utils.data import DataLoader

    from MCDetect.training.losses import Batch, Loss

__all__ = ["Batches", "Trainer", "TrainerSettings", "TrainingStep", "last_validation", "learning_rate_factor"]

Validation: TypeAlias = "list[Batch] | DataLoader[Any]"
"""Batches that can be gone through again and again: a list, or a DataLoader that does not shuffle."""

Batches = Callable[[int], "Iterator[Batch]"]
"""Called with the number of the first step; gives the batch of that step, the next, ... without end."""


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
    device
        Where the network learns.
    groups
        Groups of parameters, each maybe with a ``scale`` of the learning rate. By default all that have gradients.
    tensorboard
        Log for TensorBoard too.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        settings: TrainerSettings,
        folder: Path,
        seed: int = 0,
        *,
        device: str = "cpu",
        groups: list[dict[str, Any]] | None = None,
        tensorboard: bool = False,
    ) -> None:
        import torch
        from torch.optim.swa_utils import AveragedModel

        self.network = network.to(device)
        self.loss = loss
        self.settings = settings
        self.folder = folder
        self.device = torch.device(device)
        self.step = 0
        self.seconds = 0.0
        self.best = BestNetwork(settings.best, settings.patience)
        learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimizer = make_optimizer(settings, groups if groups is not None else learnt)
        # Buffers are averaged too: the statistics of batch normalisation must belong to the averaged weights.
        decay = settings.average_decay
        self.average = (
            None
            if decay is None
            else AveragedModel(network, multi_avg_fn=partial(move_average, decay), use_buffers=True)
        )
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.precision == "float16")
        torch.manual_seed(seed + distributed.rank())
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._resume()
        distributed.wait()  # no process may write a checkpoint before all have looked for one
        self._log = TrainingLog(folder, self.step, tensorboard=tensorboard) if distributed.rank() == 0 else None
        self._model = distributed.joined(self.network)

    @property
    def averaged_network(self) -> nn.Module:
        """The network with averaged weights (those of the last step where none are averaged)."""
        module: nn.Module = self.network if self.average is None else self.average.module
        return module.eval()

    @property
    def final_network(self) -> nn.Module:
        """The network to use: the best one by validation, or the averaged one where no best is kept."""
        network = self.averaged_network
        if self.best.weights is not None:
            network.load_state_dict(self.best.weights)
        return network

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the training is over."""
        done = self.step / self.settings.steps
        if self.settings.minutes is not None:
            done = max(done, self.seconds / (60 * self.settings.minutes))
        return min(1.0, done)

    @property
    def is_over(self) -> bool:
        """Whether the last step is done, or the patience at an end."""
        return self.progress >= 1.0 or self.best.is_exhausted

    def train(
        self,
        batches: Batches,
        validation: Validation | None = None,
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
        if self.is_over:
            return
        started = time.monotonic() - self.seconds
        for batch in batches(self.step):
            rate = self.settings.learning_rate * rate_factor(self.settings, self.progress)
            values = self._update(batch, rate)
            self.step += 1
            self.seconds = time.monotonic() - started
            last = self.progress >= 1.0 or self.step == until_step
            if validation and (self.step % self.settings.validate_every == 0 or last):
                figures = distributed.from_first(self._validate(validation) if distributed.rank() == 0 else {})
                values |= {f"validation_{name}": value for name, value in figures.items()}
                self.best.consider(figures, self.step, self.averaged_network)
            over = last or self.is_over
            taken = TrainingStep(self.step, self.progress, self.seconds, rate, values)
            if self._log is not None:
                self._log.add(taken)
            if over or self.step % self.settings.checkpoint_every == 0:
                self._save()
            if report is not None:
                report(taken)
            if over:
                break
        if self._log is not None:
            self._log.close()

    def _update(self, batch: Batch, rate: float) -> dict[str, float]:
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)
        self.network.train()
        hold_frozen_normalisation(self.network)
        self.optimizer.zero_grad(set_to_none=True)
        values: dict[str, float] = {}
        for part in parts_of(batch, self.settings.accumulate):
            share = len(part[0]) / len(batch[0])
            loss, figures = self._loss(self._model, part)
            self.scaler.scale(loss * share).backward()  # type: ignore[no-untyped-call]
            for name, value in {"loss": float(loss.detach()), **figures}.items():
                values[name] = values.get(name, 0.0) + share * value
        self.scaler.unscale_(self.optimizer)
        if self.settings.maximum_gradient is not None:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.maximum_gradient)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.average is not None:
            self.average.update_parameters(self.network)
        return values

    def _loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        import torch

        here: Any = tuple(part.to(self.device) for part in batch)
        precision = self.settings.precision
        with torch.autocast(self.device.type, getattr(torch, precision), enabled=precision != "float32"):
            output = network(channels_last(here[0]))
        return self.loss(output.float(), here)

    def _validate(self, validation: Validation) -> dict[str, float]:
        import torch

        network = self.averaged_network
        total: dict[str, float] = {}
        examples = 0
        with torch.inference_mode():
            for batch in validation:
                loss, parts = self._loss(network, batch)
                examples += len(batch[0])
                for name, value in {"loss": float(loss), **parts}.items():
                    total[name] = total.get(name, 0.0) + value * len(batch[0])
        return {name: value / examples for name, value in total.items()}

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def _save(self) -> None:
        import torch

        random = distributed.from_all(random_state(self.device))
        if distributed.rank() == 0:
            state = {
                "step": self.step,
                "seconds": self.seconds,
                "network": self.network.state_dict(),
                "average": None if self.average is None else self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scaler": self.scaler.state_dict(),
                "best": self.best.state_dict(),
                "random": random,
            }
            write_atomically(self._checkpoint, lambda temporary: torch.save(state, temporary))
        distributed.wait()

    def _resume(self) -> None:
        import torch

        state: dict[str, Any] = torch.load(self._checkpoint, map_location="cpu", weights_only=True)
        try:
            if len(state["random"]) != distributed.count():
                raise ValueError("another number of processes")
            self.network.load_state_dict(state["network"])
            if self.average is not None:
                self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.scaler.load_state_dict(state["scaler"])
            self.best.load_state_dict(state["best"])
        except (KeyError, RuntimeError, ValueError, TypeError) as error:
            raise ModelError(
                "foreign-checkpoint",
                f"{self._checkpoint} is a checkpoint of another network or training.",
                "Give another --output folder or remove the file.",
            ) from error
        self.step, self.seconds = state["step"], state["seconds"]
        set_random_state(self.device, state["random"][distributed.rank()])
