"""How a network is trained, and what happens in one step of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import torch
    from torch.utils.data import DataLoader

    from MCDetect.training.losses import Batch

Validation: TypeAlias = "list[Batch] | DataLoader[Any]"
"""Batches that can be gone through again and again: a list, or a DataLoader that does not shuffle."""

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
        Of the optimiser; the learning rate is the peak.
    warm_up
        Share of the training during which the learning rate rises, with the schedule ``"cosine"``.
    average_decay
        Decay a step of the exponential moving average of the weights; None for no average.
    maximum_gradient
        Gradients are clipped to this norm; None for no clipping.
    checkpoint_every, validate_every
        Steps between checkpoints, and between evaluations of the averaged network on the validation batches.
    optimizer, schedule
        Names in :mod:`MCDetect.training.optimisation`.
    drop_factor, drop_every
        With the schedule ``"step"``: the learning rate is multiplied by the factor after each such share of the steps.
    accumulate
        Parts in which a batch goes through the network, to save memory; gradients are summed as if it went at once.
    precision
        ``"float32"``, ``"bfloat16"`` or ``"float16"`` (with scaled gradients) inside the network; weights and
        losses are in float32.
    best
        Validation figure whose best network is kept, e.g. ``"accuracy"`` or ``"loss"``; None keeps the last one.
    patience
        The training ends after so many validations without a better ``best``; None to go on to the last step.
    """

    steps: int
    minutes: float | None = None
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    warm_up: float = 0.05
    average_decay: float | None = 0.998
    maximum_gradient: float | None = 1.0
    checkpoint_every: int = 100
    validate_every: int = 200
    optimizer: str = "adamw"
    schedule: str = "cosine"
    drop_factor: float = 0.1
    drop_every: float = 0.25
    accumulate: int = 1
    precision: str = "float32"
    best: str | None = None
    patience: int | None = None

    def on(self, device: torch.device) -> TrainerSettings:
        """Return these settings, in float32 where the device would have to imitate bfloat16, which is slower."""
        from MCDetect.inference.backends.precision import has_bf16

        return replace(self, precision="float32") if self.precision == "bfloat16" and not has_bf16(device) else self


@dataclass(frozen=True)
class TrainingStep:
    """What happened in one step; ``progress`` is 0 to 1, ``seconds`` since the start of training."""

    step: int
    progress: float
    seconds: float
    learning_rate: float
    values: dict[str, float]
