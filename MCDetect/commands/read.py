"""``mcdetect read``: segmentations and reports back into findings."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import DONE

SUMMARY = "turn DICOM SEG and SR of MCDetect, and CAD reports of other makers, back into findings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="RESULT",
        help="segmentations and reports of one call of MCDetect, or the folder that holds them",
    )
    parser.add_argument(
        "--source",
        nargs="+",
        default=[],
        metavar="INPUT",
        help="the mammograms, which tell size, spacing and view where the results do not",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="findings.json to write; by default only shown")


def run(options: argparse.Namespace) -> int:
    """Read all files together."""
    from rich.console import Console

    from MCDetect.commands.tables import findings_table, print_files, print_line
    from MCDetect.dicom.inputs import find_inputs
    from MCDetect.dicom.results.finding import find_results
    from MCDetect.dicom.results.reading import read_results
    from MCDetect.files import write_text_atomically

    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    findings = read_results(find_results(options.files), find_inputs(options.source) if options.source else ())
    console.print(findings_table(findings))
    for refusal in findings.refused:
        print_line(errors, refusal.message)
    for warning in dict.fromkeys(warning for image in findings.images for warning in image.warnings):
        print_line(errors, warning)
    if options.output is not None:
        write_text_atomically(options.output, findings.to_json() + "\n")
        print_files(console, options.output.parent, [options.output])
    return DONE
