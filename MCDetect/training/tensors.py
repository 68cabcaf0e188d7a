"""What the trainer does to tensors and modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


def move_average(decay: float, averaged: Sequence[Tensor], current: Sequence[Tensor], count: Tensor | int) -> None:
    """Move the averages towards the current values, faster at first, or the random start would stay in them."""
    share = 1.0 - min(decay, (1.0 + float(count)) / (10.0 + float(count)))
    for mean, value in zip(averaged, current, strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, share)
        else:
            mean.copy_(value)


def hold_frozen_normalisation(network: nn.Module) -> None:
    """Keep every batch normalisation that is not trained in evaluation mode, as Keras does with frozen layers."""
    from torch import nn

    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.affine and not module.weight.requires_grad:
            module.eval()


class RandomStates:
    """The state of chance of all processes, on the CPU and, if it is one, on the GPU, as a checkpoint needs it."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def state_dict(self) -> dict[str, Any]:
        """Return the states of all processes in their order; all must ask."""
        import ignite.distributed as idist
        import torch

        gpu = [torch.cuda.get_rng_state(self.device)] if self.device.type == "cuda" else []
        return {"processes": idist.all_gather([torch.get_rng_state(), *gpu])}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the state of this process.

        Raises
        ------
        ValueError
            If the states are those of another number of processes.
        """
        import ignite.distributed as idist
        import torch

        if len(state["processes"]) != idist.get_world_size():
            raise ValueError("another number of processes")
        mine = state["processes"][idist.get_rank()]
        torch.set_rng_state(mine[0])
        if self.device.type == "cuda" and len(mine) > 1:
            torch.cuda.set_rng_state(mine[1], self.device)
