"""The losses of the default networks: a batch in, a scalar and its parts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from MCDetect.simulation.labels import CALCIFICATION, IGNORED

if TYPE_CHECKING:
    from torch import Tensor

Batch = tuple["Tensor", "Tensor", "Tensor", "Tensor"]
"""(images, labels, detectable, faint) as :class:`MCDetect.training.default_data.CropDataset` gives them, stacked."""

MINIMUM_CLUSTER = 3
"""Detectable calcifications that make a patch positive, as many as make a cluster."""


class Loss(Protocol):
    """A loss: the mean over a batch and the named parts of it, for the log."""

    def __call__(self, output: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of the network's ``output`` for ``batch``."""
        ...


class CalcificationLoss:
    """10 x binary cross-entropy + soft Dice over the pixels that are not ignored.

    Calcifications cover about 0.3 % of the pixels: the cross-entropy counts them threefold, and the Dice term, taken
    over the whole batch (a crop without calcifications has no Dice of its own), balances the rest.

    Parameters
    ----------
    positive_weight
        Weight of a calcification's pixel in the cross-entropy.
    cross_entropy_weight
        Weight of the cross-entropy against the Dice loss.
    """

    def __init__(self, positive_weight: float = 3.0, cross_entropy_weight: float = 10.0) -> None:
        from monai.losses import MaskedDiceLoss

        self.positive_weight = positive_weight
        self.cross_entropy_weight = cross_entropy_weight
        self.dice = MaskedDiceLoss(batch=True, smooth_nr=1.0, smooth_dr=1.0)

    def __call__(self, output: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of logits (batch, 1, rows, columns)."""
        import torch
        from torch.nn import functional

        labels = batch[1]
        target = (labels == CALCIFICATION).to(output.dtype)
        counted = (labels != IGNORED).to(output.dtype)
        weight = torch.tensor(self.positive_weight, dtype=output.dtype)
        entropy = functional.binary_cross_entropy_with_logits(output, target, reduction="none", pos_weight=weight)
        cross_entropy = (entropy * counted).sum() / counted.sum().clamp(min=1.0)
        # The logits become probabilities here: older MONAI masks before its own sigmoid, which makes 0 into 0.5.
        dice = self.dice(torch.sigmoid(output), target, counted)
        loss = self.cross_entropy_weight * cross_entropy + dice
        return loss, {"cross_entropy": float(cross_entropy.detach()), "dice": float(dice.detach())}


class PatchLoss:
    """Binary cross-entropy of "this patch holds a cluster".

    A patch with at least 3 detectable calcifications is positive, one without any is negative. Patches with 1 or 2,
    and those that hold only faint ones, are neither and do not count.
    """

    def __call__(self, output: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of logits (batch,)."""
        from torch.nn import functional

        detectable, faint = batch[2], batch[3]
        positive = detectable >= MINIMUM_CLUSTER
        counted = (positive | ((detectable == 0) & (faint == 0))).to(output.dtype)
        entropy = functional.binary_cross_entropy_with_logits(output, positive.to(output.dtype), reduction="none")
        loss = (entropy * counted).sum() / counted.sum().clamp(min=1.0)
        right = (((output > 0) == positive).to(output.dtype) * counted).sum() / counted.sum().clamp(min=1.0)
        return loss, {"accuracy": float(right.detach())}
