"""Train the default bundle: ``python -m MCDetect.training.default --output DIR [--minutes N]``.

Prepares simulated backgrounds, trains the calcification network and the patch network, calibrates the thresholds on
simulated views that were not trained on, and writes the bundle. Every stage is resumed where an earlier run in the
same folder ended.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.errors import MCDetectError
from MCDetect.training.backgrounds import CALIBRATION_SEEDS, TRAINING_SEEDS, prepare_backgrounds
from MCDetect.training.default_data import CropDataset
from MCDetect.training.losses import CalcificationLoss, Loss, PatchLoss
from MCDetect.training.recipe import DEFAULT_RECIPE, NetworkRecipe, Recipe, load_recipe
from MCDetect.training.trainer import Batches, Trainer, last_validation

if TYPE_CHECKING:
    from rich.progress import Progress
    from torch import nn
    from torch.utils.data import DataLoader

    from MCDetect.training.losses import Batch

VALIDATION_BACKGROUNDS = 4
"""Views of the calibration seeds from which the validation batches are cut."""

_VALIDATION_BATCHES = 12


def training_backgrounds(
    folder: Path, recipe: Recipe, processes: int, report: Callable[[int, int], None] | None = None
) -> tuple[list[Path], list[Path]]:
    """Return the files of normal views to train and to validate on, simulated where ``folder`` lacks them."""
    seeds = list(chain(TRAINING_SEEDS[: recipe.backgrounds], CALIBRATION_SEEDS[:VALIDATION_BACKGROUNDS]))
    views = prepare_backgrounds(folder, seeds, processes, report)
    return views[: recipe.backgrounds], views[recipe.backgrounds :]


def train_network(
    network: nn.Module,
    loss: Loss,
    recipe: NetworkRecipe,
    backgrounds: tuple[Sequence[Path], Sequence[Path]],
    folder: Path,
    *,
    seed: int,
    workers: int = 1,
    report: Callable[[str, float], None] | None = None,
) -> Trainer:
    """Train one network and return its finished trainer.

    Parameters
    ----------
    network, loss
        What is trained, and for what.
    recipe
        How.
    backgrounds
        Files of normal views to train and to validate on.
    folder
        Of the checkpoint and the log; a checkpoint that lies there is resumed.
    seed
        Of the examples.
    workers
        Processes that make examples.
    report
        Called with a sentence and the progress, 0 to 1.
    """
    import torch

    settings = replace(recipe.trainer, minutes=recipe.minutes)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    trainer = Trainer(network, loss, settings, folder, seed)
    validation_set = CropDataset(backgrounds[1], _VALIDATION_BATCHES * recipe.batch, seed + 1, recipe.crop)
    validation = list(_loader(validation_set, recipe.batch, workers))
    examples = CropDataset(backgrounds[0], settings.steps * recipe.batch, seed, recipe.crop)
    trainer.train(
        batches_from(examples, recipe.batch, workers),
        validation,
        report and (lambda taken: report(f"step {taken.step}, loss {taken.values['loss']:.3f}", taken.progress)),
    )
    return trainer


def training_record(trainer: Trainer, recipe: NetworkRecipe) -> dict[str, float]:
    """Return what a model card says about the training of one network."""
    return {
        "steps": trainer.step,
        "examples": trainer.step * recipe.batch,
        "minutes": round(trainer.seconds / 60, 1),
        **last_validation(trainer.folder / "log.csv"),
    }


def batches_from(examples: CropDataset, batch: int, workers: int) -> Batches:
    """Return what :meth:`MCDetect.training.trainer.Trainer.train` takes: the batches from any step on."""

    def batches(first_step: int) -> Iterator[Batch]:
        from torch.utils.data import Subset

        rest = Subset(examples, range(first_step * batch, len(examples)))  # type: ignore[arg-type, var-annotated]
        return iter(_loader(rest, batch, workers))  # type: ignore[arg-type]

    return batches


def _loader(examples: CropDataset, batch: int, workers: int) -> DataLoader[Batch]:
    from torch.utils.data import DataLoader

    return DataLoader(
        examples,  # type: ignore[arg-type]
        batch_size=batch,
        num_workers=workers,
        prefetch_factor=6 if workers else None,
        drop_last=True,
    )


def train(output: Path, recipe: Recipe, workers: int, progress: Progress) -> None:
    """Run all stages; ``output`` gets ``backgrounds/``, ``calcifications/``, ``patches/`` and ``bundle/``."""
    from MCDetect.networks import CalcificationUNet, ShallowCNN
    from MCDetect.simulation.view import GENERATOR_VERSION
    from MCDetect.training.calibration import calibrate
    from MCDetect.training.default_bundle import write_training_record, write_weights

    task = progress.add_task("backgrounds", total=1.0)

    def tell(stage: str) -> Callable[[str, float], None]:
        return lambda text, done: progress.update(task, description=f"{stage}: {text}", completed=done)

    def count(done: int, total: int) -> None:
        tell("backgrounds")(f"{done} of {total}", done / total)

    parts = training_backgrounds(output / "backgrounds", recipe, max(1, workers + 1), count)
    pixels = train_network(
        CalcificationUNet(),
        CalcificationLoss(),
        recipe.calcifications,
        parts,
        output / "calcifications",
        seed=recipe.seed,
        workers=workers,
        report=tell("calcification network"),
    )
    patches = train_network(
        ShallowCNN(),
        PatchLoss(),
        recipe.patches,
        parts,
        output / "patches",
        seed=recipe.seed + 1000,
        workers=workers,
        report=tell("patch network"),
    )
    write_weights(output / "bundle", pixels.averaged_network, patches.averaged_network)
    write_training_record(
        output / "bundle",
        {
            "simulator_version": GENERATOR_VERSION,
            "backgrounds": recipe.backgrounds,
            "calcification_network": training_record(pixels, recipe.calcifications),
            "patch_network": training_record(patches, recipe.patches),
        },
    )
    calibrate(output / "bundle", recipe.calibration, output / "calibration", workers + 1, tell("calibration"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.default", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the work files and the bundle")
    parser.add_argument("--minutes", type=float, help="minutes for both networks together (default: as in the recipe)")
    parser.add_argument("--recipe", type=Path, default=DEFAULT_RECIPE, help="YAML file")
    parser.add_argument("--workers", type=int, default=1, help="processes that make examples")
    parser.add_argument("--threads", type=int, help="threads of the network")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        if given.threads is not None:
            import torch

            torch.set_num_threads(given.threads)
        recipe = load_recipe(given.recipe)
        if given.minutes is not None:
            recipe = within_minutes(recipe, given.minutes)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            train(given.output, recipe, given.workers, progress)
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    console.print(f"The bundle is in {given.output / 'bundle'}.", markup=False)
    return 0


def within_minutes(recipe: Recipe, minutes: float) -> Recipe:
    """Return the recipe with ``minutes`` shared by the two networks as it shares its own: about 3 to 1."""
    pixels = 0.73 * minutes
    return replace(
        recipe,
        calcifications=replace(recipe.calcifications, minutes=pixels),
        patches=replace(recipe.patches, minutes=minutes - pixels),
    )


if __name__ == "__main__":
    sys.exit(main())
