"""The papers' losses over classes: logits in, the loss and the accuracy out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class ClassLoss:
    """Cross-entropy or Kullback-Leibler divergence; binary for networks with a single output.

    The divergence from a target that names one class is the cross-entropy: both are here because Singh et al. 2022
    name the divergence, and both give the same gradients.

    Parameters
    ----------
    name
        ``"cross-entropy"`` or ``"kullback-leibler"``.
    weights
        Of each class, or None.
    """

    def __init__(self, name: str = "cross-entropy", weights: Sequence[float] | None = None) -> None:
        self.name = name
        self.weights = weights

    def __call__(self, output: Tensor, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """Return the mean loss of logits (batch,) or (batch, classes), and the accuracy."""
        import torch
        from torch.nn import functional

        labels: Tensor = batch[1]
        weights = None if self.weights is None else torch.tensor(self.weights, device=output.device)
        if output.ndim == 1:
            each = None if weights is None else weights[labels]
            loss = functional.binary_cross_entropy_with_logits(output, labels.to(output.dtype), weight=each)
            right = (output >= 0).long() == labels
        elif self.name == "kullback-leibler":
            target = functional.one_hot(labels, output.shape[1]).to(output.dtype)
            divergence = functional.kl_div(output.log_softmax(dim=1), target, reduction="none").sum(dim=1)
            loss = (divergence if weights is None else divergence * weights[labels]).mean()
            right = output.argmax(dim=1) == labels
        else:
            each = functional.cross_entropy(output, labels, reduction="none")
            loss = (each if weights is None else each * weights[labels]).mean()
            right = output.argmax(dim=1) == labels
        return loss, {"accuracy": float(right.float().mean())}


def balancing_weights(labels: Sequence[int], classes: int) -> list[float]:
    """Return weights in inverse proportion to the classes' numbers, 1 where all are equal (as scikit-learn's)."""
    counts = [sum(label == number for label in labels) for number in range(classes)]
    return [len(labels) / (classes * count) if count else 0.0 for count in counts]


def probabilities(output: Tensor) -> Tensor:
    """Return the probability (batch, classes) of each class."""
    import torch

    if output.ndim == 1:
        positive = torch.sigmoid(output)
        return torch.stack((1 - positive, positive), dim=1)
    return output.softmax(dim=1)
