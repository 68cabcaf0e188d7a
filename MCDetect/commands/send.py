"""``mcdetect send``: DICOM objects to a PACS."""

from __future__ import annotations

import argparse
from pathlib import Path

from MCDetect.commands.exit_codes import exit_code
from MCDetect.commands.pacs import add_node_arguments, bar, chosen_node, print_failures

SUMMARY = "send DICOM objects to a PACS; a send that was cut goes on where it stopped"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="DIR", help="folder or file")
    add_node_arguments(parser)
    parser.add_argument("--again", action="store_true", help="send also what was acknowledged before")
    parser.add_argument(
        "--convert",
        action="store_true",
        help="send uncompressed what the PACS does not accept as it is, if no value changes by it",
    )


def run(options: argparse.Namespace) -> int:
    """Send, and say what was acknowledged and what was not."""
    from rich.console import Console

    from MCDetect.commands.tables import print_line
    from MCDetect.dicom.pacs.client import send

    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    node = chosen_node(options)
    with bar(errors) as tell:
        report = send(options.paths, node, again=options.again, convert=options.convert, tell=tell)
    sentences = [f"{len(report.sent)} objects were sent to {node.name!r} and acknowledged."]
    if report.committed:
        sentences.append(f"It commits itself to keep {len(report.committed)} of them.")
    if report.known:
        sentences.append(f"{len(report.known)} were acknowledged before; --again sends them once more.")
    if report.passed_over:
        sentences.append(f"Files that are not DICOM were passed over: {report.passed_over}.")
    for sentence in sentences:
        print_line(console, sentence)
    for note in report.notes:
        print_line(errors, note)
    print_failures(errors, report.failed)
    return exit_code(len(report.sent) + len(report.known), len(report.failed))
