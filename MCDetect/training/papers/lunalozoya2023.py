"""Luna-Lozoya et al. 2023: a shallow network tells patches of 1 cm with a cluster from normal ones.

"Shallow Convolutional Neural Network to Classify Microcalcifications Clusters in Digital Mammograms". Data set
INbreast. Recipe: ``recipes/lunalozoya2023.yaml``.

As published: patches of 144 x 144 pixels of 0.07 mm, 8 bit over 255; five-fold by reflection, 180 degrees, both, and
90 degrees; 64/16/20; the network with 8,301 parameters, Adam 0.001, batches of 64, 100 epochs, dropout keeping 80 %,
the epoch of the highest validation accuracy; LeNet-5 and MobileNetV2 with their published numbers of parameters.

Decided, because the paper leaves it open or contradicts itself:

- How patches were cut is not said, and a radiologist threw the wrong ones away by hand. Here: a grid of tiles, and
  one patch in the middle of each cluster. A tile is positive when it holds a quarter of itself or of the cluster;
  tiles that hold less of one, or single calcifications alone, are left out in place of the radiologist.
- The split follows the augmentation, so copies of one patch are in all parts; and nothing is said of patients.
  ``--split paper`` does that, the default parts patients.
- 16,340 patches became 15,760 of equal classes: classes are balanced by chance before they are multiplied.
- The padding of the convolutions is not given: "valid", Keras' default.
- "We selected the model with the highest accuracy" is read as the epoch, not one of several trainings.
- Table 1 gives the result of a random search and not its space. :func:`search` (``--search``) draws what the table
  lists as numbers from a space around it; activations, pooling, loss and optimiser are as in the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import UsageError
from MCDetect.files import write_text_atomically
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.recipe import PaperRecipe

if TYPE_CHECKING:
    from optuna.trial import Trial

    from MCDetect.training.papers.training import Choices

FIRST_FILTERS = (4, 6, 8, 12, 16)
SECOND_FILTERS = (8, 16, 24, 32)
KERNELS = (3, 5, 7, 9, 11)
LEARNING_RATES = (1e-4, 1e-2)
BATCHES = (32, 64, 128)
KEPT = (0.5, 0.6, 0.7, 0.8, 0.9)


def search(
    recipe: PaperRecipe,
    index: DatasetIndex,
    output: Path,
    trials: int,
    *,
    choices: Choices | None = None,
    report: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Return the best of randomly drawn hyperparameters by the validation loss (Bergstra and Bengio 2012, by Optuna).

    Parameters
    ----------
    recipe, index
        What is trained on which data. Its first network is the shallow CNN.
    output
        One folder a trial, and ``search.json`` with all that was drawn. A search that was stopped goes on: the same
        hyperparameters are drawn again, and what is finished is not trained again.
    trials
        How many.
    choices, report
        As for :func:`MCDetect.training.papers.training.train_paper`.

    Returns
    -------
    dict
        ``first_filters``, ``second_filters``, ``kernel_size``, ``learning_rate``, ``batch``, ``keep_probability`` and
        the ``loss`` reached.

    Raises
    ------
    UsageError
        ``no-search`` for a recipe without the shallow CNN.
    """
    import ignite.distributed as idist
    import optuna

    from MCDetect.training.papers.training import train_paper

    name, definition = next(iter(recipe.networks.items()))
    if not str(definition["_target_"]).endswith("ShallowCNN"):
        raise UsageError("no-search", f"The recipe {recipe.name} has no search.", "Search with lunalozoya2023.")

    def objective(trial: Trial) -> float:
        filters = [
            trial.suggest_categorical("first_filters", FIRST_FILTERS),
            trial.suggest_categorical("second_filters", SECOND_FILTERS),
        ]
        drawn = replace(
            recipe,
            networks={
                name: {
                    "_target_": "ShallowCNN",
                    "filters": filters,
                    "kernel_size": trial.suggest_categorical("kernel_size", KERNELS),
                    "keep_probability": trial.suggest_categorical("keep_probability", KEPT),
                }
            },
            stages=(
                replace(
                    recipe.stages[0],
                    learning_rate=trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
                    batch=trial.suggest_categorical("batch", BATCHES),
                ),
            ),
            keep="loss",
        )
        folder = output / f"trial-{trial.number + 1}"
        tell = report and (lambda text, done: report(f"trial {trial.number + 1} of {trials}: {text}", done))
        train_paper(drawn, index, folder, choices, tell)
        return lowest_validation_loss(folder / "stage-1" / "log.csv")

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=recipe.seed))
    study.optimize(objective, n_trials=trials)
    best = {**study.best_params, "loss": study.best_value}
    drawn = [{**trial.params, "loss": trial.value} for trial in study.trials]
    if idist.get_rank() == 0:
        write_text_atomically(output / "search.json", json.dumps({"best": best, "trials": drawn}, indent=2) + "\n")
    return best


def lowest_validation_loss(log: Path) -> float:
    """Return the lowest validation loss in a ``log.csv``: that of the network which was kept."""
    import csv

    with log.open(newline="", encoding="utf-8") as stream:
        return min(float(row["value"]) for row in csv.DictReader(stream) if row["name"] == "validation_loss")
