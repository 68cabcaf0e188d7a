"""The best network so far by a validation figure, and when to stop waiting for a better one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


class BestNetwork:
    """Keeps the weights of the best validation.

    Parameters
    ----------
    figure
        Name of the validation figure: less is better for ``"loss"``, more for all others. None keeps nothing.
    patience
        Validations without a better one until :attr:`is_exhausted`; None for without end.
    """

    def __init__(self, figure: str | None, patience: int | None) -> None:
        self.figure = figure
        self.patience = patience
        self.value: float | None = None
        self.step = 0
        self.waited = 0
        self.weights: dict[str, Tensor] | None = None

    @property
    def is_exhausted(self) -> bool:
        """Whether the patience is at an end."""
        return self.patience is not None and self.waited >= self.patience

    def consider(self, figures: Mapping[str, float], step: int, network: nn.Module) -> None:
        """Keep the weights if the figure is better than all before; of equal ones the first is kept.

        Raises
        ------
        ValueError
            If the validation has no such figure.
        """
        if self.figure is None:
            return
        if self.figure not in figures:
            raise ValueError(f"the validation has no {self.figure!r}, only {', '.join(sorted(figures))}")
        value = figures[self.figure]
        sign = -1.0 if self.figure == "loss" else 1.0
        if self.value is None or sign * value > sign * self.value:
            self.value, self.step, self.waited = value, step, 0
            self.weights = {name: part.detach().cpu().clone() for name, part in network.state_dict().items()}
        else:
            self.waited += 1

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs."""
        return {"value": self.value, "step": self.step, "waited": self.waited, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.value, self.step, self.waited = state["value"], state["step"], state["waited"]
        self.weights = state["weights"]
