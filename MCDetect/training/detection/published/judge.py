"""A classifier of the papers as a judge of patches: one channel in, one logit out. Importing this imports torch."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class JudgeOfPatches(nn.Module):
    """Resizes patches to what a network takes, copies their channel, and makes one logit of its outputs.

    Parameters
    ----------
    network
        Takes (batch, channels, rows, columns); returns logits (batch,), or (batch, 2) of which the second is positive.
    shape
        Channels, rows and columns.
    """

    def __init__(self, network: nn.Module, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.network = network
        self.shape = shape

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits (batch,) of patches (batch, 1, side, side)."""
        channels, *size = self.shape
        if list(patches.shape[-2:]) != size:
            patches = functional.interpolate(patches, size, mode="bicubic", align_corners=False)
        output: Tensor = self.network(patches.expand(-1, channels, -1, -1))
        return output if output.ndim == 1 else output[:, 1] - output[:, 0]
