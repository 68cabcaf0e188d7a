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
        "--clusters", type=count(0), metavar="N", help="clusters in each view; by default the seed decides"
    )


def run(options: argparse.Namespace) -> int:
    """Simulate an examination."""
    from rich.console import Console

    from MCDetect.commands.tables import print_files
    from MCDetect.simulation.examination import simulate_examination

    check_output_folder(options.output)
    console = Console(highlight=False)
    with Console(stderr=True).status(f"Simulating {options.views} views"):
        files = simulate_examination(options.output, views=options.views, seed=options.seed, clusters=options.clusters)
    print_files(console, options.output, files)
    return DONE
