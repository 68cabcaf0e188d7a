"""Options of several commands, and values of options, checked while they are parsed: a wrong one is told by name."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.errors import UsageError
from MCDetect.inference.backends.precision import FP32, PRECISIONS
from MCDetect.inference.device import DEVICES
from MCDetect.outputs import FORMATS, check_formats

if TYPE_CHECKING:
    from MCDetect.cohort.records import Processing


def output_path(text: str) -> Path:
    """Return a path to write to; an empty one, as from a variable of a shell that is not set, would be "here"."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def add_processor_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that decide what computes the networks."""
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where the networks run")
    parser.add_argument(
        "--backend",
        choices=("auto", "torch", "onnxruntime", "openvino"),
        default="auto",
        help="what computes the networks; auto is the fastest that is installed, measured once and remembered",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=FP32,
        help="bf16 is faster where the processor or GPU has it, and changes scores a little (default: %(default)s)",
    )


def positive_number(text: str) -> float:
    """Return a finite number above zero."""
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def add_detection_arguments(parser: argparse.ArgumentParser, more_formats: Collection[str] = ()) -> None:
    """Add the options that decide what is found and written; ``more_formats`` are not written unless asked for."""
    add_processor_arguments(parser)
    sensitivity = parser.add_mutually_exclusive_group()
    sensitivity.add_argument(
        "--operating-point",
        metavar="NAME",
        help="how many false clusters pass: one of those that 'mcdetect bundles' lists (default: the model's)",
    )
    sensitivity.add_argument(
        "--threshold", type=probability, metavar="T", help="least score of a cluster, 0 to 1, instead of a name"
    )
    parser.add_argument(
        "--spacing", type=positive_number, metavar="MM", help="pixel spacing; it goes before what a header says"
    )
    parser.add_argument("--bundle", default="default", metavar="NAME|PATH", help="the model (default: %(default)s)")
    add_formats_argument(parser, more_formats)


def add_formats_argument(parser: argparse.ArgumentParser, more_formats: Collection[str] = ()) -> None:
    """Add the option that decides what is written; ``more_formats`` are not written unless asked for."""
    also = f"; also {','.join(more_formats)}" if more_formats else ""
    parser.add_argument(
        "--formats",
        type=format_list((*FORMATS, *more_formats)),
        default=FORMATS,
        metavar="LIST",
        help=f"what to write, separated by commas (default: {','.join(FORMATS)}{also})",
    )


def processing_of(options: argparse.Namespace) -> Processing:
    """Return what :func:`add_detection_arguments` was given, for a batch or a node."""
    from MCDetect.cohort.records import Processing

    return Processing(
        bundle=options.bundle,
        device=options.device,
        backend=options.backend,
        precision=options.precision,
        operating_point=options.operating_point if options.threshold is None else options.threshold,
        spacing_mm=options.spacing,
        formats=tuple(options.formats),
    )


def check_spacing(spacing_mm: float | None) -> None:
    """Check the value of ``--spacing``, if there is one; not while it is parsed, since the rule needs pydicom.

    Raises
    ------
    UsageError
        ``wrong-spacing`` when it cannot be millimetres per pixel.
    """
    if spacing_mm is not None:
        from MCDetect.dicom.spacing import spacing_given

        spacing_given(spacing_mm)


def probability(text: str) -> float:
    """Return a number from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def count(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a function that turns text into a whole number not below ``least`` and not above ``most``."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            limits = f"from {least}" + ("" if most is None else f" to {most}")
            raise argparse.ArgumentTypeError(f"{text} is not a whole number {limits}")
        return int(text)

    return whole_number


def day(text: str) -> date:
    """Return a day written as year-month-day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day written as 2026-01-31") from None


def format_list(known: Collection[str]) -> Callable[[str], frozenset[str]]:
    """Return a function that turns a list separated by commas into output formats, of those that a command has."""

    def formats(text: str) -> frozenset[str]:
        try:
            return check_formats([name.strip() for name in text.split(",") if name.strip()], known)
        except UsageError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return formats


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
