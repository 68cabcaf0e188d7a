"""``mcdetect report``: all objects again from findings that were edited or reviewed."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import exit_code
from MCDetect.commands.option_types import add_formats_argument, output_path
from MCDetect.findings.reading import read_findings
from MCDetect.outputs import OPTIONAL_FORMATS, check_output_folder
from MCDetect.results import ResultWriter

SUMMARY = "write DICOM objects and pictures again from an edited findings.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("findings", type=Path, metavar="FINDINGS", help="findings.json")
    parser.add_argument(
        "--source", nargs="+", required=True, metavar="INPUT", help="the mammograms: files, folders or DICOMDIRs"
    )
    parser.add_argument("--output", required=True, type=output_path, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--predecessor",
        nargs="+",
        default=[],
        type=Path,
        metavar="FILE",
        help="reports that the reviewed ones replace; by default those in the folder dicom beside FINDINGS",
    )
    add_formats_argument(parser, OPTIONAL_FORMATS)


def run(options: argparse.Namespace) -> int:
    """Write everything that the findings and their mammograms give."""
    from rich.console import Console

    from MCDetect.commands.rewriting import write_again
    from MCDetect.commands.tables import findings_table, print_files, print_line
    from MCDetect.dicom.results.predecessors import predecessors_of, report_of

    findings = read_findings(options.findings)
    given = options.predecessor or sorted((options.findings.parent / "dicom").glob("*-sr_*.dcm"))
    predecessors, missing = predecessors_of(findings, filter(None, map(report_of, given)))
    is_new = not options.output.exists()
    check_output_folder(options.output)
    writer = ResultWriter(
        options.output,
        findings.algorithm,
        options.formats,
        correspondences=findings.correspondences,
        review=findings.review,
        predecessors=predecessors,
    )
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    try:
        notes = write_again(findings, options.source, writer)
    finally:
        if is_new and not any(options.output.iterdir()):
            options.output.rmdir()
    if options.predecessor and findings.review is None:
        notes.append(
            "The findings say nothing of a review, so the new reports replace none; --predecessor was not used."
        )
    if missing:
        notes.append(
            f"{missing} of the reports that are replaced are not at hand, so that the new ones do not name them."
        )
    if writer.images:
        console.print(findings_table(writer.findings))
    print_files(console, writer.output, writer.files)
    for sentence in (*notes, *writer.notes, *map(str, writer.problems)):
        print_line(errors, sentence)
    lost = len(findings.images) - len(writer.images)
    return exit_code(len(writer.images) + len(writer.refused), lost + len(writer.problems))
