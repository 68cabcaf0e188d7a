"""What the commands of comparisons share: their options, and how they show progress and end."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from MCDetect.errors import MCDetectError
from MCDetect.training.detection.comparing import ComparisonSettings, Report


def add_arguments(parser: ArgumentParser, usual: ComparisonSettings, document: str) -> None:
    """Add the options of all comparisons.

    Parameters
    ----------
    parser
        Of the command.
    usual
        Settings whose values are the defaults.
    document
        Name of the document that is written.
    """
    parser.add_argument("--work", type=Path, required=True, help="folder of views, trainings and what was found")
    parser.add_argument("--backgrounds", type=Path, help="folder of the backgrounds (default: in the work folder)")
    parser.add_argument("--output", type=Path, default=Path("docs"), help=f"folder for {document} and detection/")
    parser.add_argument("--steps", type=int, default=usual.steps, help="of each training")
    parser.add_argument("--examinations", type=int, default=usual.examinations, help="of the frozen set")
    parser.add_argument("--processes", type=int, default=usual.processes, help="that simulate and detect")
    parser.add_argument(
        "--patches", type=Path, help="folder with real patches (0/*.pgm, 1/*.pgm), for validation alone"
    )
    parser.add_argument("--workers", type=int, default=usual.workers, help="processes that make examples")


def run_and_write(
    run: Callable[[Report], Mapping[str, Any]], write: Callable[[Mapping[str, Any]], Sequence[Path]]
) -> int:
    """Run a comparison with a bar of progress, write its document and name the files; return the exit code."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    try:
        with Progress(console=console) as progress:
            task = progress.add_task("backgrounds", total=1.0)
            results = run(lambda text, done: progress.update(task, description=text, completed=done))
        files = write(results)
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    console.print("\n".join(str(path) for path in files), markup=False)
    return 0
