"""Fit score and thresholds of a finished bundle again: ``python -m MCDetect.training.recalibrate``.

A bundle is calibrated when it is trained. The model of calcification types comes after that, and takes typically benign
groups out of the clusters that are counted; then the scores and the operating points are fitted once more, on the same
simulated views, and so are the thresholds of clear and single ones, as large bodies are marked once with that model.
Networks, the threshold of members of clusters and the probability of a calcification stay as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from MCDetect.bundles.store import DEFAULT_BUNDLE, find_bundle
from MCDetect.errors import MCDetectError
from MCDetect.training.default_stages import FINAL_THRESHOLDS, timed
from MCDetect.training.recipe import load_recipe, recipe_path

_COMMAND = "python -m MCDetect.training.recalibrate"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console
    from rich.progress import Progress

    from MCDetect.training.calibration import recalibrate

    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="folder for the simulated views")
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, metavar="NAME|PATH", help="what is calibrated, in place")
    parser.add_argument("--recipe", default="default", metavar="NAME|FILE", help="default, default-gpu or a YAML file")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes that simulate and detect")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        bundle, recipe = find_bundle(given.bundle), load_recipe(recipe_path(given.recipe)).calibration
        with (
            Progress(console=console) as progress,
            timed(bundle.folder, FINAL_THRESHOLDS, given.work, f"{_COMMAND} --recipe {given.recipe}"),
        ):
            task = progress.add_task("views", total=1.0)
            settings = recalibrate(
                bundle.folder,
                recipe,
                given.work,
                given.processes,
                lambda text, done: progress.update(task, description=text, completed=done),
            )
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 3
    names = ("clear_calcification_threshold", "single_calcification_threshold", "cluster_score", "operating_points")
    told = {name: settings[name] for name in names}
    console.print(json.dumps(told, indent=1), markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
