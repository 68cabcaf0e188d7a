"""``mcdetect train``: a paper's recipe, or the shipped detector, on a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import count
from MCDetect.errors import UsageError
from MCDetect.results import check_output_folder

SUMMARY = "train a published recipe on a data set; a run that was stopped goes on where it ended"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument(
        "recipe",
        help="default (fine-tunes the shipped detector), rehman2021, leong2022, singh2022, lunalozoya2023, "
        "shirikahnouei2022, or a YAML file like theirs",
    )
    parser.add_argument("--dataset", required=True, metavar="NAME", help="which data set lies in --data, e.g. inbreast")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="folder of the data set")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for everything that is made")
    parser.add_argument("--network", metavar="NAME", help="one of the recipe's networks (default: its first)")
    parser.add_argument(
        "--split",
        choices=("patient", "paper"),
        default="patient",
        help="patient: no patient in two parts (default); paper: as the papers split, which scores too high",
    )
    parser.add_argument("--fold", type=count(0), default=0, metavar="N", help="test part of recipes with folds")
    parser.add_argument(
        "--pretrained", type=Path, metavar="FILE", help="ImageNet weights of torchvision or timm; none: from scratch"
    )
    parser.add_argument("--epochs", type=count(1), metavar="N", help="instead of the recipe's, in every stage")
    parser.add_argument("--steps", type=count(1), metavar="N", help="batches of the recipe default (default: 1500)")
    parser.add_argument("--optimizer", metavar="NAME", help="instead of the recipe's: adam, adagrad, adadelta, rmsprop")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="processor (default: auto)")
    parser.add_argument("--workers", type=count(0), default=0, metavar="N", help="processes that make batches")


def run(options: argparse.Namespace) -> int:
    """Train."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.inference.device import choose_device
    from MCDetect.training import distributed
    from MCDetect.training.datasets import index_dataset
    from MCDetect.training.papers.recipe import load_paper_recipe
    from MCDetect.training.papers.training import Choices, train_paper

    if options.recipe == "default":
        return _fine_tune(options)
    recipe = load_paper_recipe(options.recipe)
    check_output_folder(options.output)
    index = index_dataset(options.dataset, options.data)
    device = choose_device(options.device)
    errors = Console(stderr=True, highlight=False)
    names = ("network", "split", "fold", "pretrained", "epochs", "optimizer", "workers")
    choices = Choices(device=device.type, **{name: getattr(options, name) for name in names})
    with distributed.processes(device.type):
        is_first = distributed.rank() == 0
        if is_first and options.pretrained is None:
            print_line(errors, "No file of ImageNet weights was given (--pretrained): the network starts from scratch.")
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=errors, disable=not is_first) as progress:
            task = progress.add_task("preparing", total=1.0)
            trained = train_paper(
                recipe,
                index,
                options.output,
                choices,
                lambda text, done: progress.update(task, description=text, completed=done),
            )
    if trained is None or not is_first:
        return DONE
    for problem in trained.problems:
        print_line(errors, problem)
    made = [trained.bundle, options.output / "predictions.csv", options.output / "examples.csv"]
    print_files(Console(highlight=False), options.output, made)
    return DONE


def _fine_tune(options: argparse.Namespace) -> int:
    """Go on training the shipped detector; the choices of the papers' recipes have no meaning here."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.inference.device import choose_device
    from MCDetect.training.datasets import index_dataset
    from MCDetect.training.fine_tuning import fine_tune

    given = [name for name in ("network", "pretrained", "epochs", "optimizer") if getattr(options, name) is not None]
    if given:
        raise UsageError("wrong-option", f"--{given[0]} is for the papers' recipes.", "Leave it out.")
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
            report=lambda text, done: progress.update(task, description=text, completed=done),
        )
    for problem in problems:
        print_line(errors, problem)
    print_files(Console(highlight=False), options.output, [bundle.folder])
    return DONE
