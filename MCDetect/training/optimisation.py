"""Optimisers and learning-rate schedules by name, with the constants that the papers' framework (Keras) has."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from MCDetect.training.trainer import TrainerSettings

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "adamw": ("AdamW", {}),
    "adam": ("Adam", {"eps": 1e-7}),
    "adagrad": ("Adagrad", {"eps": 1e-7, "initial_accumulator_value": 0.1}),
    "adadelta": ("Adadelta", {"eps": 1e-7, "rho": 0.95}),
    "rmsprop": ("RMSprop", {"eps": 1e-7, "alpha": 0.9}),
}
"""PyTorch's classes, with Keras' constants for those of the papers."""

SCHEDULES = ("cosine", "constant", "step", "one-cycle")

_ONE_CYCLE_RISE, _ONE_CYCLE_START, _ONE_CYCLE_END = 0.3, 1 / 25, 1e-5  # fastai's fit_one_cycle (version 1)


def make_optimizer(settings: TrainerSettings, groups: Iterable[nn.Parameter] | list[dict[str, Any]]) -> Optimizer:
    """Return the optimiser.

    Parameters
    ----------
    settings
        Its name, learning rate and weight decay.
    groups
        Parameters, or groups of them; a group's ``scale`` multiplies the learning rate (discriminative rates).

    Raises
    ------
    ValueError
        If there is no such optimiser.
    """
    import torch

    if settings.optimizer not in OPTIMIZERS:
        raise ValueError(f"there is no optimizer {settings.optimizer!r}, only {', '.join(OPTIMIZERS)}")
    kind, constants = OPTIMIZERS[settings.optimizer]
    made: Optimizer = getattr(torch.optim, kind)(
        groups, lr=settings.learning_rate, weight_decay=settings.weight_decay, **constants
    )
    return made


def rate_factor(settings: TrainerSettings, progress: float) -> float:
    """Return the share of the peak learning rate at ``progress`` (0 to 1).

    Raises
    ------
    ValueError
        If there is no such schedule.
    """
    if settings.schedule == "cosine":
        return learning_rate_factor(progress, settings.warm_up)
    if settings.schedule == "constant":
        return 1.0
    if settings.schedule == "step":
        # The small addition keeps 0.25 * 4 from falling just below 1.
        return float(settings.drop_factor ** math.floor(progress / settings.drop_every + 1e-9))
    if settings.schedule == "one-cycle":
        return one_cycle_factor(progress)
    raise ValueError(f"there is no schedule {settings.schedule!r}, only {', '.join(SCHEDULES)}")


def learning_rate_factor(progress: float, warm_up: float) -> float:
    """Return the share of the peak learning rate: a linear rise over ``warm_up``, then half a cosine down to 0.

    Loshchilov and Hutter 2017 (SGDR), one cycle. The first steps are not 0, or they would be lost.
    """
    if progress < warm_up:
        return max(progress / warm_up, 0.02)
    return 0.5 * (1.0 + math.cos(math.pi * (progress - warm_up) / (1.0 - warm_up)))


def one_cycle_factor(progress: float) -> float:
    """Return the share of the peak: half a cosine up over the first 30 %, half a cosine down (Smith 2018)."""
    if progress < _ONE_CYCLE_RISE:
        return _between(_ONE_CYCLE_START, 1.0, progress / _ONE_CYCLE_RISE)
    return _between(1.0, _ONE_CYCLE_END, (progress - _ONE_CYCLE_RISE) / (1.0 - _ONE_CYCLE_RISE))


def _between(start: float, end: float, share: float) -> float:
    return end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * share))
