"""``mcdetect evaluate``: a report of trained recipes, side by side."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import count
from MCDetect.errors import UsageError
from MCDetect.outputs import check_output_folder

SUMMARY = "report how well trained recipes do, side by side (HTML and JSON)"

_SHOWN = ("accuracy", "sensitivity", "specificity", "AUC")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="output folders of mcdetect train")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for report.html and .json")
    parser.add_argument(
        "--patches",
        type=Path,
        metavar="DIR",
        help="judge patch classifiers on real patches instead: 0/*.pgm and 1/*.pgm",
    )
    parser.add_argument(
        "--repeats", type=count(1), default=1000, metavar="N", help="bootstrap resamples (default 1000)"
    )


def run(options: argparse.Namespace) -> int:
    """Write the report."""
    import json

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from MCDetect.commands.tables import print_files
    from MCDetect.evaluation.report import write_report
    from MCDetect.training.papers.real_patches import score_real_patches
    from MCDetect.training.papers.runs import pooled, read_run

    check_output_folder(options.output)
    if options.patches is None:
        runs = [read_run(folder) for folder in options.runs]
        runs += pooled(runs)
    else:
        judged = [score_real_patches(folder, options.patches) for folder in options.runs]
        runs = [one for one in judged if one is not None]
        if not runs:
            raise UsageError(
                "no-patch-classifier", "None of these trainings classifies patches.", "Leave out --patches."
            )
    files = write_report(options.output, runs, repeats=options.repeats)
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE)
    for name in ("recipe, network", "split", "test examples", *_SHOWN):
        table.add_column(name)
    for one in json.loads(files[0].read_text(encoding="utf-8"))["runs"]:
        figures = [one["figures"].get(name) for name in _SHOWN]
        cells = ["not defined" if figure is None else f"{figure['estimate']:.3f}" for figure in figures]
        table.add_row(*map(Text, [one["name"], str(one["about"]["split"]), str(one["examples"]), *cells]))
    console.print(table)
    print_files(console, options.output, files)
    return DONE
