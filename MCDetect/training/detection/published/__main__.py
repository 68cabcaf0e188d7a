"""Train the networks of the papers as ours was and compare: ``python -m MCDetect.training.detection.published``.

Views, checkpoints and what was found stay in the work folder: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from MCDetect.errors import MCDetectError
from MCDetect.training.detection.published.running import PublishedSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console
    from rich.progress import Progress

    from MCDetect.training.detection.published.document import write_document
    from MCDetect.training.detection.published.running import run

    usual = PublishedSettings(Path())
    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.detection.published", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of views, trainings and what was found")
    parser.add_argument("--backgrounds", type=Path, help="folder of the backgrounds (default: in the work folder)")
    parser.add_argument(
        "--patches", type=Path, help="folder with real patches (0/*.pgm, 1/*.pgm), for validation alone"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("docs"), help="folder for published_networks.md and detection/"
    )
    parser.add_argument(
        "--networks",
        nargs="+",
        choices=usual.networks,
        default=usual.networks,
        metavar="NAME",
        help=", ".join(usual.networks),
    )
    parser.add_argument("--steps", type=int, default=usual.steps, help="of each training")
    parser.add_argument("--examinations", type=int, default=usual.examinations, help="of the frozen set")
    parser.add_argument(
        "--precision", choices=("float32", "bfloat16"), default=usual.precision, help="number format in the networks"
    )
    parser.add_argument("--processes", type=int, default=usual.processes, help="that simulate and detect")
    parser.add_argument("--workers", type=int, default=usual.workers, help="processes that make examples")
    given = vars(parser.parse_args(arguments))
    output = given.pop("output")
    console = Console(stderr=True)
    try:
        with Progress(console=console) as progress:
            task = progress.add_task("backgrounds", total=1.0)
            results = run(
                PublishedSettings(**given),
                lambda text, done: progress.update(task, description=text, completed=done),
            )
        files = write_document(results, output)
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    console.print("\n".join(str(path) for path in files), markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
