"""``mcdetect simulate``: mammograms with known truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import check_spacing, count, output_path, positive_number
from MCDetect.outputs import check_output_folder

SUMMARY = "make DICOM mammograms with calcifications at known places, and a truth file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("--output", required=True, type=output_path, metavar="DIR", help="folder for the files")
    parser.add_argument("--views", type=count(1, 4), default=4, metavar="1-4", help="RCC, LCC, RMLO, LMLO (default: 4)")
    parser.add_argument("--seed", type=count(0), default=0, metavar="N", help="another seed, another patient")
    parser.add_argument(
        "--clusters", type=count(0), metavar="N", help="clusters in each breast; by default the seed decides"
    )
    parser.add_argument("--objects", action="store_true", help="with nipple markers, biopsy clips and folds of skin")
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="put two clusters (or --clusters) into this DICOM mammogram instead"
    )
    parser.add_argument("--spacing", type=positive_number, metavar="MM", help="pixel spacing of --into, if it has none")


def run(options: argparse.Namespace) -> int:
    """Simulate an examination."""
    from rich.console import Console

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.simulation.examination import simulate_examination
    from MCDetect.simulation.truth_file import read_truth

    check_spacing(options.spacing)
    check_output_folder(options.output)
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    if options.into is not None:
        files = _inject(options)
    else:
        with errors.status(f"Simulating {options.views} views"):
            files = simulate_examination(
                options.output,
                views=options.views,
                seed=options.seed,
                clusters=options.clusters,
                objects=options.objects,
            )
    print_files(console, options.output, files)
    for view in read_truth(files[-1]).values():
        if options.clusters is not None and len(view.clusters) < options.clusters:
            print_line(
                errors,
                f"{view.file} has {len(view.clusters)} of {options.clusters} clusters; there was no room for more.",
            )
    return DONE


def _inject(options: argparse.Namespace) -> list[Path]:
    from MCDetect.simulation.given_dicom import inject_into_file

    return inject_into_file(
        options.into,
        options.output,
        seed=options.seed,
        clusters=2 if options.clusters is None else options.clusters,
        spacing_mm=options.spacing,
    )
