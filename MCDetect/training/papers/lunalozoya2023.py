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
- Table 1 gives the result of a random search and not its space. :func:`search` draws from the space around it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.recipe import PaperRecipe

if TYPE_CHECKING:
    from optuna.trial import Trial

LEARNING_RATES = (1e-4, 1e-2)
BATCHES = (32, 64, 128)
KEPT = (0.5, 0.6, 0.7, 0.8, 0.9)


def search(recipe: PaperRecipe, index: DatasetIndex, output: Path, trials: int) -> dict[str, Any]:
    """Return the best of randomly drawn hyperparameters by the validation loss (Bergstra and Bengio 2012, by Optuna).

    Parameters
    ----------
    recipe, index
        What is trained on which data. Only learning rate, batch and the share that dropout keeps are drawn.
    output
        One folder a trial; a search that was stopped begins again, but finished trials are not trained again.
    trials
        How many.

    Returns
    -------
    dict
        ``learning_rate``, ``batch``, ``keep_probability`` and the ``loss`` reached.
    """
    import optuna

    from MCDetect.training.papers.training import train_paper
    from MCDetect.training.training_log import last_validation

    def objective(trial: Trial) -> float:
        rate = trial.suggest_float("learning_rate", *LEARNING_RATES, log=True)
        batch = trial.suggest_categorical("batch", BATCHES)
        kept = trial.suggest_categorical("keep_probability", KEPT)
        drawn = replace(
            recipe,
            networks={"shallow-cnn": {"_target_": "ShallowCNN", "keep_probability": kept}},
            stages=(replace(recipe.stages[0], learning_rate=rate, batch=batch),),
            keep="loss",
        )
        folder = output / f"trial-{trial.number + 1}"
        train_paper(drawn, index, folder)
        return last_validation(folder / "stage-1" / "log.csv")["validation_loss"]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=recipe.seed))
    study.optimize(objective, n_trials=trials)
    return {**study.best_params, "loss": study.best_value}
