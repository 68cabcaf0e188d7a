"""The trainer: a network, a loss and batches by their number; checkpoints that resume to the identical result.

MONAI's engines go through the batches, and what happens besides hangs on their events: Ignite's checkpoints, early
stopping and processes, MONAI's writer for TensorBoard. Nothing here knows what a network is for. The defaults are those
of the default bundle (AdamW with warm-up and cosine, averaged weights); the recipes of the papers choose otherwise.
"""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import ModelError
from MCDetect.files import write_atomically
from MCDetect.training.learner import Learner
from MCDetect.training.optimisation import learning_rate_factor, rate_factor
from MCDetect.training.tensors import RandomStates
from MCDetect.training.trainer_settings import Batches, TrainerSettings, TrainingStep, Validation
from MCDetect.training.training_log import TrainingLog, last_validation

if TYPE_CHECKING:
    from torch import Tensor, nn

    from MCDetect.training.losses import Loss

__all__ = ["Batches", "Trainer", "TrainerSettings", "TrainingStep", "last_validation", "learning_rate_factor"]

_CHECKPOINT, _BEST = "checkpoint.pt", "best.pt"


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
        Where ``checkpoint.pt``, ``best.pt`` and ``log.csv`` are written. A checkpoint that lies there is resumed.
    seed
        Of dropout; the batches have their own.
    device
        Where the network learns.
    groups
        Groups of parameters, each maybe with a ``scale`` of the learning rate. By default all that have gradients.
    tensorboard
        Log for TensorBoard too.

    Raises
    ------
    ModelError
        ``foreign-checkpoint`` when the checkpoint in ``folder`` does not fit, or is damaged.
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
        import ignite.distributed as idist
        import torch

        self.settings = settings
        self.folder = folder
        self.learner = Learner(network, loss, settings, torch.device(device), groups)
        torch.manual_seed(seed + idist.get_rank())
        folder.mkdir(parents=True, exist_ok=True)
        self._make_engines()
        if (self.folder / _CHECKPOINT).exists():
            self._resume()
        idist.barrier()  # no process may write a checkpoint before all have looked for one
        self._attach_handlers(tensorboard=tensorboard)

    @property
    def network(self) -> nn.Module:
        """The network that learns, with the weights of the last step."""
        return self.learner.network

    @property
    def step(self) -> int:
        """How many batches were learnt from."""
        return int(self.engine.state.iteration)

    @property
    def seconds(self) -> float:
        """How long the training has taken, interruptions not counted."""
        return float(self.engine.state.seconds)

    @property
    def averaged_network(self) -> nn.Module:
        """The network with averaged weights (those of the last step where none are averaged)."""
        return self.learner.averaged_network

    @property
    def final_network(self) -> nn.Module:
        """The network to use: the best one by validation, or the averaged one where no best is kept."""
        network = self.averaged_network
        if self._best.last_checkpoint is not None:
            network.load_state_dict(_load(self.folder / _BEST)["network"])
        return network

    @property
    def kept_step(self) -> int:
        """Step of :attr:`final_network`."""
        return int(_load(self.folder / _BEST)["trainer"]["iteration"]) if self._best.last_checkpoint else self.step

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
        return self.progress >= 1.0 or bool(self._patience and self._patience.counter >= self._patience.patience)

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
        self._report, self._until_step = report, until_step
        self._started = time.monotonic() - self.seconds
        self.engine.data_loader = batches(self.step)
        self.evaluator.data_loader, self.evaluator.state.epoch_length = validation, len(validation or ())
        self.engine.run()

    def _make_engines(self) -> None:
        from ignite.handlers import Checkpoint, EarlyStopping
        from ignite.metrics import Average
        from monai.engines import SupervisedEvaluator, SupervisedTrainer

        learner, settings = self.learner, self.settings
        # What Ignite calls an epoch is the whole training here: the batches know by themselves in which epoch they are.
        learnt = (learner.device, 1, (), learner.network, learner.optimizer, learner.loss, settings.steps)
        self.engine: Any = SupervisedTrainer(*learnt, iteration_update=learner.learn, decollate=False)
        self.engine.state.seconds = 0.0
        self.engine.state_dict_user_keys.append("seconds")
        judged = (learner.device, (), learner.averaged_network)
        self.evaluator: Any = SupervisedEvaluator(*judged, iteration_update=learner.judge, decollate=False)
        Average(_each_example).attach(self.evaluator, "figures")
        best = {"network": learner.averaged_network, "trainer": self.engine}
        self._best = Checkpoint(best, self._write, score_function=self._score, filename_pattern=_BEST)
        self._patience = settings.patience and EarlyStopping(settings.patience, self._score, self.engine)
        for speaker in filter(None, (self.engine, self.evaluator, self._patience)):
            speaker.logger.setLevel(logging.CRITICAL)  # what goes wrong is raised, and told once
        saved = {
            "trainer": self.engine,
            "network": learner.network,
            "average": learner.average,
            "optimizer": learner.optimizer,
            "scaler": learner.scaler,
            "random": RandomStates(learner.device),
            "best": self._best,
            "patience": self._patience,
        }
        self._saved = {name: part for name, part in saved.items() if part is not None}

    def _attach_handlers(self, *, tensorboard: bool) -> None:
        import ignite.distributed as idist
        from ignite.engine import Events
        from ignite.handlers import Checkpoint
        from monai.handlers import TensorBoardStatsHandler

        def after_step(handler: Callable[..., Any], every: int = 1) -> None:
            due = Events.ITERATION_COMPLETED(event_filter=lambda _engine, step: step % every == 0 or self._is_last)
            self.engine.add_event_handler(due, handler)

        self.engine.add_event_handler(Events.GET_BATCH_COMPLETED, self._set_rate)
        after_step(self._tell_time)
        after_step(self._validate, self.settings.validate_every)
        for handler in (self._best, self._patience) if self.settings.best is not None else ():
            if handler is not None:
                self.evaluator.add_event_handler(Events.COMPLETED, handler)
        if idist.get_rank() == 0:
            log = TrainingLog(self.folder, self.step)
            after_step(lambda: log.add(self._taken))
            if tensorboard:
                from torch.utils.tensorboard import SummaryWriter

                board = SummaryWriter(str(self.folder / "tensorboard"), purge_step=self.step + 1)
                shown = {"output_transform": lambda values: {**values, "learning_rate": self._rate}}
                TensorBoardStatsHandler(board, epoch_log=False, **shown).attach(self.engine)
                self.engine.add_event_handler(Events.COMPLETED, board.close)
        checkpoint = Checkpoint(self._saved, self._write, filename_pattern=_CHECKPOINT)
        after_step(checkpoint, self.settings.checkpoint_every)  # after the log, which must have what it has
        after_step(self._end_step)

    @property
    def _is_last(self) -> bool:
        return self.step == self._until_step or self.is_over

    @property
    def _taken(self) -> TrainingStep:
        return TrainingStep(self.step, self.progress, self.seconds, self._rate, self.engine.state.output)

    def _set_rate(self) -> None:
        self._rate = self.settings.learning_rate * rate_factor(self.settings, self.progress)
        for group in self.learner.optimizer.param_groups:
            group["lr"] = self._rate * group.get("scale", 1.0)

    def _validate(self) -> None:
        if self.evaluator.data_loader:
            self.evaluator.run()
            self.engine.state.output |= {f"validation_{name}": value for name, value in self._figures.items()}

    @property
    def _figures(self) -> dict[str, float]:
        state = self.evaluator.state
        return dict(zip(state.output[0], state.metrics["figures"].tolist(), strict=True))

    def _score(self, _evaluator: Any) -> float:
        best = str(self.settings.best)
        if best not in self._figures:
            raise ValueError(f"the validation has no {best!r}, only {', '.join(sorted(self._figures))}")
        return -self._figures[best] if best == "loss" else self._figures[best]

    def _tell_time(self) -> None:
        self.engine.state.seconds = time.monotonic() - self._started

    def _end_step(self) -> None:
        if self._report is not None:
            self._report(self._taken)
        if self._is_last:
            self.engine.terminate()

    def _write(self, state: Mapping[str, Any], name: str, _metadata: object = None) -> None:
        import ignite.distributed as idist
        import torch

        if idist.get_rank() == 0:
            write_atomically(self.folder / name, lambda temporary: torch.save(state, temporary))
        idist.barrier()

    def _resume(self) -> None:
        from ignite.handlers import Checkpoint

        try:
            Checkpoint.load_objects(self._saved, _load(self.folder / _CHECKPOINT))
            if self._best.last_checkpoint is not None:
                _load(self.folder / _BEST)
        except (KeyError, RuntimeError, ValueError, TypeError, OSError, EOFError, pickle.UnpicklingError) as error:
            raise ModelError(
                "foreign-checkpoint",
                f"{self.folder / _CHECKPOINT} is damaged, or a checkpoint of another network or training.",
                "Give another --output folder or remove the file.",
            ) from error
        # The number of steps is that of the settings, which may have been raised since.
        self.engine.state.epoch, self.engine.state.epoch_length = 0, self.settings.steps


def _each_example(judged: tuple[dict[str, float], int]) -> Tensor:
    import torch

    figures, count = judged
    return torch.tensor(list(figures.values()), dtype=torch.float64).expand(count, -1)


def _load(path: Path) -> dict[str, Any]:
    import torch

    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
