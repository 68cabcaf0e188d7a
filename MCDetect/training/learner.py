"""One step of a training, and the judgement of one batch: what MONAI's engines call for every batch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from MCDetect.training.optimisation import make_optimizer
from MCDetect.training.tensors import hold_frozen_normalisation, move_average
from MCDetect.training.trainer_settings import TrainerSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from MCDetect.training.losses import Batch, Loss


class Learner:
    """A network with its loss, optimiser, averaged weights and scaled gradients.

    MONAI's own step knows half precision on NVIDIA GPUs alone, cannot clip gradients, and its parts of a batch must be
    of equal size; so its engines are given the steps here.

    Parameters
    ----------
    network, loss, settings, device, groups
        See :class:`MCDetect.training.trainer.Trainer`.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        settings: TrainerSettings,
        device: torch.device,
        groups: list[dict[str, Any]] | None,
    ) -> None:
        import ignite.distributed as idist
        import torch
        from torch.optim.swa_utils import AveragedModel

        self.network = network.to(device)
        self.loss = loss
        self.settings = settings
        self.device = device
        learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimizer = make_optimizer(settings, groups if groups is not None else learnt)
        # Buffers are averaged too: the statistics of batch normalisation must belong to the averaged weights.
        move = settings.average_decay and partial(move_average, settings.average_decay)
        self.average = AveragedModel(network, multi_avg_fn=move, use_buffers=True) if move else None
        self.scaler = torch.amp.GradScaler(device.type, enabled=settings.precision == "float16")
        several = idist.get_world_size() > 1
        self._model = torch.nn.parallel.DistributedDataParallel(self.network) if several else self.network

    @property
    def averaged_network(self) -> nn.Module:
        """The network with averaged weights (those of the last step where none are averaged)."""
        module: nn.Module = self.network if self.average is None else self.average.module
        return module.eval()

    def learn(self, _engine: Any, batch: Batch) -> dict[str, float]:
        """Learn from a batch, part by part; return its figures."""
        import torch

        self.network.train()
        hold_frozen_normalisation(self.network)
        self.optimizer.zero_grad(set_to_none=True)
        values: dict[str, float] = {}
        for part in zip(*(whole.chunk(self.settings.accumulate) for whole in batch), strict=True):
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
            # Measured on CPUs without AMX: convolutions of few channels are up to twice as fast in this memory format.
            output = network(here[0].contiguous(memory_format=torch.channels_last) if here[0].ndim == 4 else here[0])
        return self.loss(output.float(), here)

    def judge(self, _engine: Any, batch: Batch) -> tuple[dict[str, float], int]:
        """Return the figures of a validation batch by the averaged network, and the number of its examples."""
        import torch

        with torch.inference_mode():
            loss, figures = self._loss(self.averaged_network, batch)
        return {"loss": float(loss), **figures}, len(batch[0])
