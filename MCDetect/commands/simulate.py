"""``mcdetect simulate``: mammograms with known truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import count
from MCDetect.results import check_output_folder

SUMMARY = "make DICOM mammograms with calcifications at known places, and a truth file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for the files")
    parser.add_argument("--views", type=count(1, 4), default=4, metavar="1-4", help="RCC, LCC, RMLO, LMLO (default: 4)")
    parser.add_argument("--seed", type=count(0), default=0, metavar="N", help="another seed, another patient")
    parser.add_argument(
        "--clusters", type=count(0), metavar="N", help="clusters in each breast; by default the seed decides"
    )


def run(options: argparse.Namespace) -> int:
    """Simulate an examination."""
    from rich.console import Console

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.simulation.examination import simulate_examination
    from MCDetect.simulation.truth_file import read_truth

    check_output_folder(options.output)
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    with errors.status(f"Simulating {options.views} views"):
        files = simulate_examination(options.output, views=options.views, seed=options.seed, clusters=options.clusters)
    print_files(console, options.output, files)
    for view in read_truth(files[-1]).values():
        if options.clusters is not None and len(view.clusters) < options.clusters:
            print_line(
                errors,
                f"{view.file} has {len(view.clusters)} of {options.clusters} clusters; there was no room for more.",
            )
    return DONE
