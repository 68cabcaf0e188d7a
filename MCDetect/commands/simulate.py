"""``mcdetect simulate``: mammograms with known truth."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.commands.exit_codes import DONE
from MCDetect.commands.option_types import check_spacing, count, output_path, positive_number
from MCDetect.errors import UsageError
from MCDetect.outputs import check_output_folder

if TYPE_CHECKING:
    from rich.console import Console

SUMMARY = "make DICOM mammograms with calcifications at known places, and a truth file"

DENSITIES = ("a", "b", "c", "d")
STYLES = ("strong", "soft", "plain")

_PIXEL_MM = (0.05, 0.1)
_SIDE = (512, 6000)  # rows or columns
_FIELD_MM = (50.0, 310.0)  # either side; the largest detectors have 240 x 300 mm
_VIEWS = 4
_ROWS, _COLUMNS, _USUAL_MM = 3328, 2560, 0.07
_ONLY_SIMULATED = ("views", "objects", "pixel_size", "matrix", "density", "style", "processes")
_ONLY_INTO = ("spacing",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("--output", required=True, type=output_path, metavar="DIR", help="folder for the files")
    parser.add_argument("--seed", type=count(0), default=0, metavar="N", help="another seed, another patient")
    parser.add_argument(
        "--clusters",
        type=count(0),
        metavar="N",
        help="clusters in each breast; by default the seed decides, and two are put into a given mammogram",
    )
    views = parser.add_argument_group("simulated views")
    views.add_argument(
        "--views", type=count(1, _VIEWS), metavar=f"1-{_VIEWS}", help=f"RCC, LCC, RMLO, LMLO (default: {_VIEWS})"
    )
    views.add_argument("--objects", action="store_true", help="with nipple markers, biopsy clips and folds of skin")
    views.add_argument(
        "--pixel-size",
        type=_pixel_size,
        metavar="MM",
        help=f"millimetres from pixel to pixel, {_PIXEL_MM[0]} to {_PIXEL_MM[1]} (default: {_USUAL_MM})",
    )
    views.add_argument(
        "--matrix",
        type=_matrix,
        metavar="ROWSxCOLUMNS",
        help=f"pixels, for example 4096x3328 (default: as {_ROWS}x{_COLUMNS} pixels of {_USUAL_MM} mm cover)",
    )
    views.add_argument("--density", choices=DENSITIES, help="BI-RADS density class; by default the seed decides")
    views.add_argument(
        "--style",
        choices=STYLES,
        help="processing of the vendor: strongly equalised and sharpened, softer, or nearly plain; by default the seed "
        "decides",
    )
    views.add_argument(
        "--processes",
        type=count(1),
        metavar="N",
        help="views made at the same time, each by a process; the files do not depend on it (default: one a core)",
    )
    given = parser.add_argument_group("into a given mammogram")
    given.add_argument("--into", type=Path, metavar="FILE", help="put clusters into this DICOM mammogram instead")
    given.add_argument(
        "--spacing",
        type=positive_number,
        metavar="MM",
        help="pixel spacing of --into; it goes before what its header says",
    )


def run(options: argparse.Namespace) -> int:
    """Simulate an examination."""
    from rich.console import Console

    from MCDetect.commands.tables import print_files, print_line
    from MCDetect.simulation.truth_file import read_truth

    _check_together(options)
    check_spacing(options.spacing)
    rows, columns, pixel_mm = _format(options.matrix, options.pixel_size)
    check_output_folder(options.output)
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    files = _simulate(options, rows, columns, pixel_mm, errors) if options.into is None else _inject(options)
    print_files(console, options.output, files)
    for view in read_truth(files[-1]).values():
        if options.clusters is not None and len(view.clusters) < options.clusters:
            print_line(
                errors,
                f"{view.file} has {len(view.clusters)} of {options.clusters} clusters; there was no room for more.",
            )
    return DONE


def _simulate(options: argparse.Namespace, rows: int, columns: int, pixel_mm: float, errors: Console) -> list[Path]:
    from MCDetect.cores import cores
    from MCDetect.simulation.examination import simulate_examination

    views = options.views or _VIEWS
    with _bar(errors, views) as report:
        return simulate_examination(
            options.output,
            views=views,
            seed=options.seed,
            clusters=options.clusters,
            rows=rows,
            columns=columns,
            spacing_mm=pixel_mm,
            objects=options.objects,
            density=options.density,
            style=options.style,
            processes=options.processes or cores(),
            report=report,
        )


def _inject(options: argparse.Namespace) -> list[Path]:
    from MCDetect.simulation.given_dicom import inject_into_file

    return inject_into_file(
        options.into,
        options.output,
        seed=options.seed,
        clusters=2 if options.clusters is None else options.clusters,
        spacing_mm=options.spacing,
    )


def _check_together(options: argparse.Namespace) -> None:
    given = options.into is not None
    for name in _ONLY_SIMULATED if given else _ONLY_INTO:
        if getattr(options, name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                "wrong-simulation",
                f"{option} is for {'simulated views' if given else 'a given mammogram'} only.",
                f"Leave out {option}{', or --into' if given else ', or name the mammogram with --into'}.",
            )


def _format(matrix: tuple[int, int] | None, pixel_mm: float | None) -> tuple[int, int, float]:
    """Return rows, columns and millimetres a pixel; without a matrix the usual field is covered."""
    size = pixel_mm or _USUAL_MM
    rows, columns = matrix or (round(side * _USUAL_MM / size) for side in (_ROWS, _COLUMNS))
    if not all(_FIELD_MM[0] <= side * size <= _FIELD_MM[1] for side in (rows, columns)):
        raise UsageError(
            "wrong-simulation",
            f"{rows} x {columns} pixels of {size:g} mm are a field of {rows * size:.0f} x {columns * size:.0f} mm.",
            f"Choose --matrix and --pixel-size so that each side has {_FIELD_MM[0]:.0f} to {_FIELD_MM[1]:.0f} mm.",
        )
    return rows, columns, size


def _pixel_size(text: str) -> float:
    value = positive_number(text)
    if not _PIXEL_MM[0] <= value <= _PIXEL_MM[1]:
        raise argparse.ArgumentTypeError(f"{text} is not between {_PIXEL_MM[0]} and {_PIXEL_MM[1]} millimetres")
    return value


def _matrix(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,9})[xX](\d{1,9})", text.strip(), re.ASCII)
    sides = [int(side) for side in match.groups()] if match else []
    if not sides or not all(_SIDE[0] <= side <= _SIDE[1] for side in sides):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not ROWSxCOLUMNS, each from {_SIDE[0]} to {_SIDE[1]}, for example 3328x2560"
        )
    return sides[0], sides[1]


@contextmanager
def _bar(errors: Console, views: int) -> Iterator[Callable[[int, int], None]]:
    """Show how many views are done, on a terminal only."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns: tuple[Any, ...] = (TextColumn("Simulating views"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as shown:
        task = shown.add_task("", total=views)
        yield lambda done, _: shown.update(task, completed=done)
