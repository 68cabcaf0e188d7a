"""What the trainer does to tensors and modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from MCDetect.training.losses import Batch


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


def parts_of(batch: Batch, count: int) -> list[Batch]:
    """Return the batch in ``count`` parts, the first ones larger where it cannot be even."""
    if count == 1:
        return [batch]
    return list(zip(*(part.chunk(count) for part in batch), strict=True))


def random_state(device: torch.device) -> list[Tensor]:
    """Return the state of chance on the CPU and, if it is one, on the GPU."""
    import torch

    return [torch.get_rng_state(), *([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])]


def set_random_state(device: torch.device, states: list[Tensor]) -> None:
    """Set what :func:`random_state` returned."""
    import torch

    torch.set_rng_state(states[0])
    if device.type == "cuda" and len(states) > 1:
        torch.cuda.set_rng_state(states[1], device)


def channels_last(images: Tensor) -> Tensor:
    """Return images (batch, channels, rows, columns) with the channels beside each other in memory."""
    import torch

    if images.ndim != 4:
        return images
    # Measured on CPUs without AMX: convolutions of few channels run up to twice as fast in this memory format.
    return images.contiguous(memory_format=torch.channels_last)
