"""What a trained classifier says of examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.evaluation.predictions import Prediction
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.batches import Examples, validation_batches
from MCDetect.training.papers.losses import probabilities
from MCDetect.training.papers.preparation import PreparedExample
from MCDetect.training.papers.recipe import PaperRecipe

if TYPE_CHECKING:
    from torch import nn

_BATCH = 32


def predict(
    network: nn.Module,
    recipe: PaperRecipe,
    chosen: Sequence[PreparedExample],
    examples: Examples,
    index: DatasetIndex,
) -> list[Prediction]:
    """Return the predictions of ``examples``, which are the ``chosen`` in their order."""
    found = class_probabilities(network, examples)
    predictions = []
    for example, row in zip(chosen, found, strict=True):
        record = index.records[example.record]
        subgroups = tuple(sorted(record.subgroups.items()))
        values = tuple(float(value) for value in row)
        predictions.append(
            Prediction(index.image_names[example.record], record.patient, subgroups, example.label, values)
        )
    return predictions


def class_probabilities(network: nn.Module, examples: Examples) -> npt.NDArray[np.float64]:
    """Return the probability (examples, classes) of each class, in evaluation mode."""
    import torch

    network.eval()
    device = next(network.parameters()).device
    found = []
    with torch.inference_mode():
        for batch in validation_batches(examples, _BATCH):
            found.append(probabilities(network(batch[0].to(device)).float()).cpu().double().numpy())
    return np.concatenate(found)
