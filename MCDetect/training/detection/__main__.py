"""Score a bundle on the frozen sets and write ``docs/detection.md``: ``python -m MCDetect.training.detection``.

Every view is kept in the work folder as soon as it is simulated, and what was found in it as soon as it was looked at:
a run that was stopped goes on where it was, and another bundle looks at the same views.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from MCDetect.bundles.store import DEFAULT_BUNDLE
from MCDetect.errors import MCDetectError
from MCDetect.training.detection.frozen_set import EXAMINATIONS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console
    from rich.progress import Progress

    from MCDetect.training.detection.benchmark import BenchmarkSettings, run
    from MCDetect.training.detection.document import write_document

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.detection", description=__doc__)
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, help="name or folder of the bundle")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder where views and what was found in them is kept"
    )
    parser.add_argument("--real", type=Path, help="folder with real For Presentation mammograms (*.dcm)")
    parser.add_argument("--output", type=Path, default=Path("docs"), help="folder for detection.md and detection/")
    parser.add_argument("--examinations", type=int, default=EXAMINATIONS, help="of the frozen set, to see it work")
    parser.add_argument("--only-done", action="store_true", help="score what an earlier run has finished")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        with Progress(console=console) as progress:
            task = progress.add_task("simulating", total=1.0)
            results = run(
                BenchmarkSettings(
                    bundle=given.bundle,
                    work=given.work,
                    real=given.real,
                    examinations=given.examinations,
                    only_done=given.only_done,
                    processes=given.processes,
                ),
                lambda text, done: progress.update(task, description=text, completed=done),
            )
        files = write_document(results, given.output, given.work)
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False)
        return 3
    console.print(f"{json.dumps(results['bundle'])}\n" + "\n".join(str(path) for path in files), markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
