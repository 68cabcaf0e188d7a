"""What the commands for a PACS have in common: the choice of a node, the bar, and how failures are told."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from MCDetect.dicom.pacs.nodes import Node
    from MCDetect.dicom.pacs.reports import Failure, Progress, Tell

MOST_FILES_TOLD = 10


def add_query_arguments(parser: argparse._ActionsContainer) -> None:
    """Add the options that say which studies are meant."""
    parser.add_argument("--study", default="", metavar="UID", help="Study Instance UID")
    parser.add_argument("--patient", default="", metavar="ID", help="all studies of a Patient ID")
    parser.add_argument("--accession", default="", metavar="NUMBER", help="Accession Number")


def add_node_arguments(parser: argparse._ActionsContainer) -> None:
    """Add the options that say which PACS is meant."""
    parser.add_argument(
        "--node", metavar="NAME", help="PACS, as the configuration names it (default: its default, or its only one)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration (default: nodes.toml of this user; see docs/pacs.md)"
    )


def chosen_node(options: argparse.Namespace) -> Node:
    """Return the node that the options mean.

    Raises
    ------
    UsageError
        As of :mod:`MCDetect.dicom.pacs.configuration`.
    """
    from MCDetect.dicom.pacs.configuration import read_configuration

    return read_configuration(options.config).node(options.node)


@contextmanager
def bar(errors: Console) -> Iterator[Tell]:
    """Show a progress bar, on a terminal only; sentences of waiting are printed wherever it is."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from MCDetect.commands.tables import print_line

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bar(*columns, console=errors, transient=True, disable=not errors.is_terminal) as shown:
        task = shown.add_task("", total=None)

        def tell(progress: Progress) -> None:
            if progress.stage.endswith("."):  # a sentence: something is waited for
                print_line(errors, progress.stage)
                return
            shown.update(task, completed=progress.done, total=progress.total or None, description=progress.stage)

        yield tell


def print_failures(errors: Console, failures: Sequence[Failure]) -> None:
    """Print each reason once, with the files it concerns where it does not name one."""
    from MCDetect.commands.tables import print_line

    reasons: dict[str, list[Path]] = {}
    for failure in failures:
        reasons.setdefault(str(failure.error), []).extend([failure.path] if failure.path else [])
    for reason, paths in reasons.items():
        print_line(errors, reason)
        unnamed = [path for path in paths if str(path) not in reason]
        if unnamed:
            print_line(errors, f"Not acknowledged ({len(unnamed)}); the files are kept:")
        for path in unnamed[:MOST_FILES_TOLD]:
            print_line(errors, f"  {path}")
        if len(unnamed) > MOST_FILES_TOLD:
            print_line(errors, f"  and {len(unnamed) - MOST_FILES_TOLD} more")
