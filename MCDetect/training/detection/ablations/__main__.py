"""Train the recipe with one part changed at a time and compare: ``python -m MCDetect.training.detection.ablations``.

Views, checkpoints and what was found stay in the work folder: a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from MCDetect.training.detection.ablations.running import AblationSettings
from MCDetect.training.detection.comparing_command import add_arguments, run_and_write


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from MCDetect.training.detection.ablations.document import write_document
    from MCDetect.training.detection.ablations.running import run

    usual = AblationSettings(Path())
    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.detection.ablations", description=__doc__)
    add_arguments(parser, usual, "ablations.md")
    parser.add_argument("--real", type=Path, help="folder with real For Presentation mammograms (*.dcm)")
    parser.add_argument(
        "--real-background",
        type=Path,
        metavar="FILE.dcm",
        help="a real mammogram without calcifications that may be trained on, for the arm that is trained on it too",
    )
    parser.add_argument(
        "--arms", nargs="+", choices=usual.arms, default=usual.arms, metavar="NAME", help=", ".join(usual.arms)
    )
    given = vars(parser.parse_args(arguments))
    output = given.pop("output")
    return run_and_write(partial(run, AblationSettings(**given)), partial(write_document, output=output))


if __name__ == "__main__":
    sys.exit(main())
