"""``mcdetect train``: a paper's recipe, or the shipped detector, on a data set."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import count
from MCDetect.errors import UsageError
from MCDetect.outputs import check_output_folder

if TYPE_CHECKING:
    from rich.console import Console

    from MCDetect.training.papers.recipe import PaperRecipe

_ALL = -1
_BY_PATIENT = "patient"
_DEFAULT, _DEFAULT_GPU = "default", "default-gpu"
_TOLD = 10  # problems of a data set: a half of one has thousands

SUMMARY = "train a published recipe on a data set; a run that was stopped goes on where it ended"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument(
        "recipe",
        help="rehman2021, leong2022, singh2022, lunalozoya2023, shirikahnouei2022, or a YAML file like theirs; "
        "default: the detector, which simulates its own data, or with --dataset and --data goes on from the shipped "
        "weights; default-gpu: a longer recipe of it for a CUDA GPU",
    )
    parser.add_argument("--dataset", metavar="NAME", help="which data set lies in --data, e.g. inbreast")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the data set")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for everything that is made")
    parser.add_argument("--network", metavar="NAME", help="one of the recipe's networks (default: its first)")
    parser.add_argument(
        "--split",
        choices=(_BY_PATIENT, "paper"),
        default=_BY_PATIENT,
        help="patient: no patient in two parts (default); paper: as the papers split, which scores too high",
    )
    parser.add_argument(
        "--fold",
        type=_fold,
        default=0,
        metavar="N",
        help="test part of recipes with folds (default 0); all: each in turn",
    )
    parser.add_argument(
        "--search", type=count(1), metavar="N", help="train N random draws of hyperparameters instead (lunalozoya2023)"
    )
    parser.add_argument(
        "--pretrained",
        type=Path,
        metavar="FILE",
        help="ImageNet weights of torchvision or timm (default: random weights)",
    )
    parser.add_argument("--epochs", type=count(1), metavar="N", help="instead of the recipe's, in every stage")
    parser.add_argument(
        "--steps",
        type=count(1),
        metavar="N",
        help="batches of the recipe default, also instead of its minutes (default: as in the recipe; with --data 1500)",
    )
    parser.add_argument("--optimizer", metavar="NAME", help="instead of the recipe's: adam, adagrad, adadelta, rmsprop")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="processor (default: auto)")
    parser.add_argument(
        "--workers", type=count(0), metavar="N", help="processes that make batches (default: 0; the recipe default: 1)"
    )


def run(options: argparse.Namespace) -> int:
    """Train."""
    import ignite.distributed as idist
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.inference.device import choose_device
    from MCDetect.training.datasets import index_dataset
    from MCDetect.training.distributed import processes
    from MCDetect.training.papers.lunalozoya2023 import search
    from MCDetect.training.papers.training import Choices, train_paper

    if options.recipe in (_DEFAULT, _DEFAULT_GPU):
        return _run_default(options)
    recipe = _recipe_of_paper(options)
    check_output_folder(options.output)
    index = index_dataset(options.dataset, options.data)
    device = choose_device(options.device)
    errors = Console(stderr=True, highlight=False)
    given = {name: getattr(options, name) for name in ("network", "split", "pretrained", "epochs", "optimizer")}
    choices = Choices(device=device.type, workers=options.workers or 0, **given)
    # Each fold of a cross-validation has a folder of its own; their reports are one (mcdetect evaluate DIR/fold-*).
    folds = range(recipe.split.folds) if options.fold == _ALL else [options.fold]
    made: list[Path] = []
    problems: tuple[str, ...] = ()
    with processes(device.type):
        is_first = idist.get_rank() == 0
        if is_first and options.pretrained is None:
            print_line(errors, "No file of ImageNet weights was given (--pretrained): the network starts from scratch.")
        if is_first:  # now, and not after a day of training
            _tell_problems(errors, index.problems)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=errors, disable=not is_first) as progress:
            task = progress.add_task("preparing", total=1.0)

            def report(text: str, done: float) -> None:
                progress.update(task, description=text, completed=done)

            if options.search is not None:
                search(recipe, index, options.output, options.search, choices=choices, report=report)
                made.append(options.output / "search.json")
            for fold in folds if options.search is None else ():
                output = options.output / f"fold-{fold}" if options.fold == _ALL else options.output
                trained = train_paper(recipe, index, output, replace(choices, fold=fold), report)
                if trained is not None:
                    problems = trained.problems
                    made += [trained.bundle, *(output / name for name in ("predictions.csv", "examples.csv"))]
    if is_first:
        _tell_problems(errors, [problem for problem in problems if problem not in index.problems])
        print_files(Console(highlight=False), options.output, made)
    return DONE


def _recipe_of_paper(options: argparse.Namespace) -> PaperRecipe:
    """Return the recipe; refuse options that do not fit it, or one another, before any work is done."""
    from MCDetect.training.papers.recipe import load_paper_recipe
    from MCDetect.training.papers.selection import require_fold

    if options.steps is not None:
        raise UsageError("wrong-option", "--steps is for the recipe default.", "Give --epochs to a paper's recipe.")
    if options.search is not None and options.fold != 0:
        raise UsageError("wrong-option", "--search does not search in folds.", "Leave out --fold, or --search.")
    recipe = load_paper_recipe(options.recipe)
    if options.fold != _ALL:
        require_fold(recipe.split, options.fold)
    if options.dataset is None or options.data is None:
        raise UsageError("no-data", f"The recipe {recipe.name} needs data.", "Give --dataset NAME and --data DIR.")
    return recipe


def _tell_problems(errors: Console, problems: Sequence[str]) -> None:
    from MCDetect.commands.tables import print_line

    for problem in problems[:_TOLD]:
        print_line(errors, problem)
    if len(problems) > _TOLD:
        print_line(errors, f"... and {len(problems) - _TOLD} more of this kind. Is the data set complete?")


def _run_default(options: argparse.Namespace) -> int:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError("one-process", "The recipe default trains in one process.", "Start it without torchrun.")
    _refuse_choices_of_papers(options)
    return _train_default(options) if options.data is None else _fine_tune(options)


def _train_default(options: argparse.Namespace) -> int:
    from MCDetect.training.default import main

    if options.dataset not in (None, "simulated"):
        raise UsageError(
            "no-data",
            f"The data set {options.dataset} to go on with has no folder.",
            "Give --data DIR, or leave out --dataset: then the default recipe simulates what it learns from.",
        )
    check_output_folder(options.output)
    words = ["--output", str(options.output), "--recipe", options.recipe, "--device", options.device]
    for name in ("steps", "workers"):
        value = getattr(options, name)
        words += [] if value is None else [f"--{name}", str(value)]
    return main(words)


def _refuse_choices_of_papers(options: argparse.Namespace) -> None:
    """Refuse what would otherwise be left out in silence."""
    given = [name for name in ("network", "pretrained", "epochs", "optimizer", "search") if getattr(options, name)]
    given += ["split"] if options.split != _BY_PATIENT else []
    given += ["fold"] if options.fold != 0 else []
    if given:
        raise UsageError("wrong-option", f"--{given[0]} is for the papers' recipes.", "Leave it out.")


def _fine_tune(options: argparse.Namespace) -> int:
    """Go on training the shipped detector; the choices of the papers' recipes have no meaning here."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from MCDetect.commands.tables import print_files
    from MCDetect.inference.device import choose_device
    from MCDetect.training.datasets import index_dataset
    from MCDetect.training.fine_tuning import fine_tune

    if options.dataset is None:
        raise UsageError("no-data", "Which data set lies in --data is not said.", "Give --dataset NAME.")
    if options.recipe != _DEFAULT:
        raise UsageError(
            "wrong-option",
            f"The recipe {options.recipe} trains from nothing, without data.",
            "Give the recipe default.",
        )
    check_output_folder(options.output)
    index = index_dataset(options.dataset, options.data)
    errors = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors) as progress:
        task = progress.add_task("preparing", total=1.0)
        bundle, problems = fine_tune(
            index,
            options.output,
            device=choose_device(options.device).type,
            steps=options.steps,
            workers=options.workers or 0,
            report=lambda text, done: progress.update(task, description=text, completed=done),
        )
    _tell_problems(errors, problems)
    print_files(Console(highlight=False), options.output, [bundle.folder])
    return DONE


def _fold(text: str) -> int:
    return _ALL if text == "all" else count(0)(text)
