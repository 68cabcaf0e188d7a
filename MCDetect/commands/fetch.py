"""``mcdetect fetch``: studies from a PACS."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import exit_code
from MCDetect.commands.pacs import add_node_arguments, add_query_arguments, bar, chosen_node, print_failures
from MCDetect.outputs import check_output_folder

SUMMARY = "fetch studies from a PACS"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    add_query_arguments(parser)
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for the files")
    add_node_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch, and list the files."""
    from rich.console import Console

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.dicom.pacs.client import fetch
    from MCDetect.dicom.pacs.reports import StudyQuery

    query = StudyQuery(options.study, options.patient, options.accession)
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    node = chosen_node(options)
    check_output_folder(options.output)
    with bar(errors) as tell:
        report = fetch(node, query, options.output, tell=tell)
    print_files(console, options.output, report.written)
    if report.known:
        print_line(console, f"{len(report.known)} files were there already, with the same content.")
    print_failures(errors, report.failed)
    return exit_code(len(report.written) + len(report.known), len(report.failed))
