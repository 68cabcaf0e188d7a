"""``mcdetect evaluate``: a report of trained recipes, or of detectors on views with truth, side by side."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import check_spacing, count, positive_number
from MCDetect.errors import UsageError
from MCDetect.outputs import check_output_folder

if TYPE_CHECKING:
    from rich.console import Console

    from MCDetect.training.judging.figures import JudgedDetector

SUMMARY = "report how well trained recipes or detectors do, side by side (HTML, JSON, CSV)"

_SHOWN = ("accuracy", "sensitivity", "specificity", "AUC")
_TOLD = 10  # sentences about images that were left out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="output folders of mcdetect train; with --data also bundles by name or folder, e.g. default",
    )
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder for report.html and .json; with --data for tables and pictures too",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="judge detectors on whole views with truth: what mcdetect simulate wrote, or the data set of --dataset",
    )
    parser.add_argument(
        "--dataset", metavar="NAME", help="which data set lies in --data, e.g. inbreast (default: simulated)"
    )
    parser.add_argument(
        "--spacing", type=positive_number, metavar="MM", help="pixel spacing of images whose data set does not say it"
    )
    parser.add_argument(
        "--patches",
        type=Path,
        metavar="DIR",
        help="judge patch classifiers on real patches instead: 0/*.pgm and 1/*.pgm",
    )
    parser.add_argument(
        "--repeats", type=count(1), default=1000, metavar="N", help="bootstrap resamples (default 1000)"
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), help="where detectors run, with --data (default: auto)"
    )


def run(options: argparse.Namespace) -> int:
    """Write the report."""
    if options.data is not None:
        return _judge_detectors(options)
    for name in ("dataset", "device", "spacing"):
        if getattr(options, name) is not None:
            raise UsageError("wrong-option", f"--{name} is for detectors on whole views.", "Give --data DIR too.")
    import json

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from MCDetect.commands.tables import print_files
    from MCDetect.evaluation.report import write_report
    from MCDetect.training.papers.real_patches import score_real_patches
    from MCDetect.training.papers.runs import pooled, read_run

    _refuse_detectors(options.runs)
    check_output_folder(options.output)
    if options.patches is None:
        runs = [read_run(folder) for folder in options.runs]
        runs += pooled(runs)
    else:
        judged = [score_real_patches(folder, options.patches) for folder in options.runs]
        runs = [one for one in judged if one is not None]
        if not runs:
            raise UsageError(
                "no-patch-classifier", "None of these trainings classifies patches.", "Leave out --patches."
            )
    files = write_report(options.output, runs, repeats=options.repeats)
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE)
    for name in ("recipe, network", "split", "test examples", *_SHOWN):
        table.add_column(name)
    for one in json.loads(files[0].read_text(encoding="utf-8"))["runs"]:
        figures = [one["figures"].get(name) for name in _SHOWN]
        cells = ["not defined" if figure is None else f"{figure['estimate']:.3f}" for figure in figures]
        table.add_row(*map(Text, [one["name"], str(one["about"]["split"]), str(one["examples"]), *cells]))
    console.print(table)
    print_files(console, options.output, files)
    return DONE


def _judge_detectors(options: argparse.Namespace) -> int:
    import json

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.evaluation.detector_page import comparison
    from MCDetect.training.judging.report import write_detector_report

    if options.patches is not None:
        raise UsageError("wrong-option", "--patches and --data are two different judgements.", "Leave out one of them.")
    errors = Console(stderr=True, highlight=False)
    judged = _judged(options, errors)
    files = write_detector_report(options.output, judged, repeats=options.repeats)
    for problem in judged[0].problems[:_TOLD]:
        print_line(errors, problem)
    if len(judged[0].problems) > _TOLD:
        print_line(errors, f"... and {len(judged[0].problems) - _TOLD} more; report.json has them all.")
    header, rows = comparison(json.loads(files[0].read_text(encoding="utf-8"))["runs"])
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE)
    for name in header:
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text(cell.split(" [")[0]) for cell in row))  # the intervals are in the report
    console.print(table)
    print_files(console, options.output, files)
    return DONE


def _judged(options: argparse.Namespace, errors: Console) -> list[JudgedDetector]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from MCDetect.inference.detector import Detector
    from MCDetect.training.datasets import index_dataset
    from MCDetect.training.judging.figures import JudgedDetector
    from MCDetect.training.judging.looking import look_at_data_set

    check_spacing(options.spacing)
    detectors = [Detector.load(_bundle_of(run), options.device or "auto") for run in options.runs]
    index = index_dataset(options.dataset or "simulated", options.data)
    if options.spacing is not None:
        records = (replace(one, spacing_mm=one.spacing_mm or options.spacing) for one in index.records)
        index = replace(index, records=tuple(records))
    check_output_folder(options.output)
    judged = []
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors) as progress:
        for run, detector in zip(options.runs, detectors, strict=True):
            task = progress.add_task(str(run), total=1.0)
            views, problems = look_at_data_set(
                detector,
                index,
                options.output / "found",
                lambda done, task=task: progress.update(task, completed=done),  # type: ignore[misc]
            )
            judged.append(JudgedDetector(str(run), detector, index, tuple(views), tuple(problems)))
    return judged


def _bundle_of(run: Path) -> Path:
    """Return the bundle that a training left in its output folder, or what was given: a bundle itself."""
    inside = run / "bundle"
    return inside if (inside / "configs" / "inference.json").is_file() else run


def _refuse_detectors(runs: list[Path]) -> None:
    """Refuse detectors without data: what they say of whole views is not kept with them."""
    from MCDetect.bundles.store import shipped_bundles

    names = {bundle.name for bundle in shipped_bundles()}
    for run in runs:
        is_bundle = (_bundle_of(run) / "configs" / "inference.json").is_file()
        if not (run / "predictions.csv").is_file() and (is_bundle or str(run) in names):
            raise UsageError(
                "no-data",
                f"{run} is a detector, which is judged on whole views.",
                "Give --data DIR, a folder that mcdetect simulate wrote, or --dataset NAME --data DIR.",
            )
