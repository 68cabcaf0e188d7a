"""``mcdetect echo``: whether a PACS answers."""

from __future__ import annotations

import argparse

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.pacs import add_node_arguments, chosen_node

SUMMARY = "ask a PACS whether it answers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    add_node_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Ask once."""
    from rich.console import Console

    from MCDetect.commands.tables import print_line
    from MCDetect.dicom.pacs.client import echo

    node = chosen_node(options)
    seconds = echo(node)
    print_line(Console(highlight=False), f"The node {node.name!r} answered after {seconds:.2f} s.")
    return DONE
