"""Make the default bundle from nothing: ``python -m MCDetect.training.default --output DIR``.

Prepares simulated backgrounds, trains the calcification network and the patch network, sets the thresholds on simulated
views that were not trained on, fits the model of calcification types, sets the thresholds again with the types in
place, scores the bundle and writes its card. The bundle is in ``DIR/bundle``; ``MCDetect.training.default_install``
puts it in the place of the shipped one. A run that was stopped goes on where it ended.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.cores import cores
from MCDetect.errors import MCDetectError, UsageError
from MCDetect.training.backgrounds import CALIBRATION_SEEDS, TRAINING_SEEDS, prepare_backgrounds
from MCDetect.training.default_data import CropDataset
from MCDetect.training.losses import CalcificationLoss, Loss, PatchLoss
from MCDetect.training.recipe import NetworkRecipe, Recipe, load_recipe, recipe_path
from MCDetect.training.trainer import Batches, Trainer, last_validation

if TYPE_CHECKING:
    from torch import nn
    from torch.utils.data import DataLoader

    from MCDetect.training.losses import Batch

VALIDATION_BACKGROUNDS = 4
"""Views of the calibration seeds from which the validation batches are cut."""

StageReport = Callable[[str], Callable[[str, float], None]]
"""Called with the name of a stage; gives what is called with a sentence and the progress, 0 to 1."""

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
    device: str = "cpu",
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
    device
        ``"cpu"`` or ``"cuda"``.
    report
        Called with a sentence and the progress, 0 to 1.
    """
    import torch

    settings = replace(recipe.trainer.on(torch.device(device)), minutes=recipe.minutes)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    trainer = Trainer(network, loss, settings, folder, seed, device=device)
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
    import torch
    from torch.utils.data import DataLoader

    return DataLoader(
        examples,  # type: ignore[arg-type]
        # With a generator of its own the loader leaves the chance of dropout alone, and a resumed training stays
        # identical.
        generator=torch.Generator().manual_seed(0),
        batch_size=batch,
        num_workers=workers,
        prefetch_factor=6 if workers else None,
        worker_init_fn=_one_thread if workers else None,
        drop_last=True,
    )


def _one_thread(_worker: int) -> None:
    """Keep the products of matrices in a process that makes examples from taking the others' cores."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def train_networks(
    output: Path,
    recipe: Recipe,
    parts: tuple[list[Path], list[Path]],
    *,
    workers: int,
    device: str,
    report: StageReport,
) -> tuple[Trainer, Trainer]:
    """Train the calcification network and the patch network in ``calcifications/`` and ``patches/`` of ``output``."""
    from MCDetect.networks import CalcificationUNet, ShallowCNN

    pixels = train_network(
        CalcificationUNet(),
        CalcificationLoss(),
        recipe.calcifications,
        parts,
        output / "calcifications",
        seed=recipe.seed,
        workers=workers,
        device=device,
        report=report("calcification network"),
    )
    patches = train_network(
        ShallowCNN(),
        PatchLoss(),
        recipe.patches,
        parts,
        output / "patches",
        seed=recipe.seed + 1000,
        workers=workers,
        device=device,
        report=report("patch network"),
    )
    return pixels, patches


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from MCDetect.inference.device import choose_device
    from MCDetect.training.default_making import make_bundle

    given = _parser().parse_args(arguments)
    console = Console(stderr=True)
    try:
        device = choose_device(given.device).type
        import torch

        torch.set_num_threads(given.threads or max(1, cores() // 2))
        path = recipe_path(given.recipe)
        recipe = changed(load_recipe(path), steps=given.steps, minutes=given.minutes)
        if given.patches is not None and not given.patches.is_dir():
            raise UsageError("no-patches", f"{given.patches} is not a folder.", "Leave out --patches, or name another.")
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("backgrounds", total=1.0)

            def tell(stage: str) -> Callable[[str, float], None]:
                return lambda text, done: progress.update(task, description=f"{stage}: {text}", completed=done)

            folder = make_bundle(
                given.output,
                recipe,
                recipe_name=path.name,
                command=_command(given, device),
                workers=cores() if given.workers is None else given.workers,
                device=device,
                patches=given.patches,
                report=tell,
            )
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 2 if isinstance(error, UsageError) else 3
    console.print(f"The bundle is in {folder}.", markup=False, soft_wrap=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.default", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the work files and the bundle")
    parser.add_argument("--recipe", default="default", metavar="NAME|FILE", help="default, default-gpu or a YAML file")
    parser.add_argument(
        "--minutes", type=float, help="most minutes for both networks together (default: as in the recipe)"
    )
    parser.add_argument(
        "--steps", type=int, metavar="N", help="batches of the calcification network, without a limit of minutes"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the networks learn")
    # Examples are dearer than what is learnt from them: on two cores two processes that make them and one thread that
    # learns do 1.5 times as many steps as one process and two threads, which wait for one another.
    parser.add_argument("--workers", type=int, help="processes that make examples (default: one a core)")
    parser.add_argument("--threads", type=int, help="threads of the network (default: half of the cores)")
    parser.add_argument("--patches", type=Path, help="folder with real patches in 0/ and 1/, to be scored on")
    return parser


def _command(given: argparse.Namespace, device: str) -> str:
    """Return the command for the card, with what decides the result and without paths of this computer."""
    words = ["python -m MCDetect.training.default", f"--recipe {Path(given.recipe).name}", f"--device {device}"]
    words += [f"--{name} {value:g}" for name in ("steps", "minutes") if (value := getattr(given, name)) is not None]
    return " ".join(words)


def changed(recipe: Recipe, *, steps: int | None = None, minutes: float | None = None) -> Recipe:
    """Return the recipe with other steps or minutes.

    Parameters
    ----------
    recipe
        Is not changed.
    steps
        Batches of the calcification network; those of the patch network keep their proportion, and the minutes of the
        recipe limit neither.
    minutes
        Shared by the two networks about 3 to 1, as the recipe of the shipped bundle does.

    Raises
    ------
    UsageError
        ``wrong-option`` when one of them is not above zero.
    """
    for name, value in (("steps", steps), ("minutes", minutes)):
        if value is not None and not value > 0:
            raise UsageError("wrong-option", f"--{name} {value:g} is not above zero.", "Leave it out, or give more.")
    pixels, patches = recipe.calcifications, recipe.patches
    if steps is not None:
        fewer = max(1, round(steps * patches.trainer.steps / pixels.trainer.steps))
        pixels = replace(pixels, minutes=None, trainer=replace(pixels.trainer, steps=steps))
        patches = replace(patches, minutes=None, trainer=replace(patches.trainer, steps=fewer))
    if minutes is not None:
        pixels, patches = replace(pixels, minutes=0.73 * minutes), replace(patches, minutes=0.27 * minutes)
    return replace(recipe, calcifications=pixels, patches=patches)


if __name__ == "__main__":
    sys.exit(main())
