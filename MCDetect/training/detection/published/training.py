"""Train one published network, and keep its weights with what is told of the training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import ModelError
from MCDetect.files import write_text_atomically
from MCDetect.training.default import train_network, training_record
from MCDetect.training.default_bundle import write_state
from MCDetect.training.detection.published.networks import NETWORKS, PublishedNetwork
from MCDetect.training.losses import PatchLoss
from MCDetect.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

_WEIGHTS, _RECORD = "network.pt", "training.json"


@dataclass(frozen=True)
class Effort:
    """Steps of a training, number format inside the networks, and processes that make examples."""

    steps: int
    precision: str
    workers: int


def trained(
    network: PublishedNetwork,
    recipe: Recipe,
    views: tuple[Sequence[Path], Sequence[Path]],
    work: Path,
    effort: Effort,
    *,
    report: Callable[[str, float], None],
) -> Path:
    """Return the folder with the weights of a network, trained unless an earlier run has done it.

    Parameters
    ----------
    network, recipe
        What is trained, and how the bundle's own patch network was.
    views
        Backgrounds to train and to validate on.
    work
        Each network has a folder there, named by all that decides its training; one that was stopped goes on.
    effort
        How long.
    report
        Called with the stage and the fraction of it.
    """
    own = network.recipe(recipe.patches, effort.steps, effort.precision)
    files = [path.name for part in views for path in part]
    decisive = repr((own, network.definition, recipe.seed, files))
    folder = work / f"{network.name.replace(' ', '-')}-{hashlib.sha256(decisive.encode()).hexdigest()[:8]}"
    if (folder / _RECORD).exists():
        return folder
    module: nn.Module = network.build(recipe.seed)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    trainer = train_network(
        module, PatchLoss(), own, views, folder, seed=recipe.seed + 1000, workers=effort.workers, report=report
    )
    write_state(folder / _WEIGHTS, trainer.averaged_network)
    record = {
        "parameters": parameters,
        "learning_rate": own.trainer.learning_rate,
        "side_pixels": network.side,
        **training_record(trainer, own),
    }
    write_text_atomically(folder / _RECORD, json.dumps(record, indent=1) + "\n")
    (folder / "checkpoint.pt").unlink()  # three times the weights, for nothing any more
    return folder


def read_record(folder: Path) -> dict[str, Any]:
    """Return what is told of the training in a folder of :func:`trained`."""
    record: dict[str, Any] = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    return record


@lru_cache(maxsize=1)
def load_trained(name: str, folder: Path) -> nn.Module:
    """Return the trained network of that name; a process keeps the last one.

    Raises
    ------
    ModelError
        ``damaged-weights`` if the weights in ``folder`` are not of this network.
    """
    import torch

    network: nn.Module = next(one for one in NETWORKS if one.name == name).build(0)
    try:
        network.load_state_dict(torch.load(folder / _WEIGHTS, weights_only=True))
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        raise ModelError(
            "damaged-weights", f"{folder / _WEIGHTS} does not hold a {name}.", "Delete the folder and train again."
        ) from error
    return network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload, no-any-return]
