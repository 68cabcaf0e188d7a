"""Train the networks of the papers as ours was and compare: ``python -m MCDetect.training.detection.published``.

Views, weights and what was found stay in the work folder: a run that was stopped goes on where it was. Figures of
networks that are not asked for are kept, apart from those of this run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from MCDetect.training.detection.comparing import Report
from MCDetect.training.detection.comparing_command import add_arguments, run_and_write
from MCDetect.training.detection.published.running import PublishedSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from MCDetect.training.detection.published.document import figures_file, write_document
    from MCDetect.training.detection.published.earlier import read_runs
    from MCDetect.training.detection.published.running import run

    usual = PublishedSettings(Path())
    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.detection.published", description=__doc__)
    add_arguments(parser, usual, "published_networks.md")
    names = usual.networks
    parser.add_argument("--networks", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument(
        "--precision", choices=("float32", "bfloat16"), default=usual.precision, help="number format in the networks"
    )
    given = vars(parser.parse_args(arguments))
    output = given.pop("output")

    def checked_run(report: Report) -> dict[str, Any]:
        read_runs(figures_file(output))  # what cannot be kept is told before hours of work
        return run(PublishedSettings(**given), report)

    return run_and_write(checked_run, partial(write_document, output=output))


if __name__ == "__main__":
    sys.exit(main())
