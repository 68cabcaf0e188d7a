"""``mcdetect info``: what the reader understood of a mammogram."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import exit_code
from MCDetect.commands.option_types import check_spacing, positive_number
from MCDetect.errors import MCDetectError

SUMMARY = "show what was understood of a mammogram; no patient data is shown"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="mammogram")
    parser.add_argument(
        "--spacing", type=positive_number, metavar="MM", help="pixel spacing; it goes before what a header says"
    )


def run(options: argparse.Namespace) -> int:
    """Read all files and show what was understood of each."""
    from rich.console import Console

    from MCDetect.commands.tables import key_value_table, print_line
    from MCDetect.dicom.description import describe
    from MCDetect.dicom.reading import read_mammogram
    from MCDetect.dicom.spacing import LARGEST_PLAUSIBLE_MM

    check_spacing(options.spacing)
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    failed = 0
    for file in options.files:
        try:
            mammogram = read_mammogram(Path(file), options.spacing)
        except MCDetectError as error:
            if options.debug:
                raise
            failed += 1
            print_line(errors, str(error))
            if error.code == "no-spacing":  # all else may be understood
                try:
                    known = describe(read_mammogram(Path(file), LARGEST_PLAUSIBLE_MM), is_spacing_known=False)
                except MCDetectError as second:
                    print_line(errors, str(second))
                else:
                    console.print(key_value_table(known))
        else:
            console.print(key_value_table(describe(mammogram)))
    return exit_code(len(options.files) - failed, failed)
