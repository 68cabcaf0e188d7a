"""``mcdetect info``: what the reader understood of a mammogram."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.commands.exit_codes import exit_code
from MCDetect.commands.option_types import positive_number
from MCDetect.errors import MCDetectError

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram

SUMMARY = "show what was understood of a mammogram; no patient data is shown"

# What decides how an image is read, and nothing that could identify a patient.
_HEADER = (
    ("Object", "SOPClassUID"),
    ("Presentation intent", "PresentationIntentType"),
    ("Photometric interpretation", "PhotometricInterpretation"),
    ("Manufacturer", "Manufacturer"),
    ("Model", "ManufacturerModelName"),
    ("Magnification", "EstimatedRadiographicMagnificationFactor"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="mammogram")
    parser.add_argument(
        "--spacing", type=positive_number, metavar="MM", help="pixel spacing of images whose header has none"
    )


def run(options: argparse.Namespace) -> int:
    """Read all files and show what was understood of each."""
    from rich.console import Console

    from MCDetect.commands.tables import key_value_table
    from MCDetect.dicom.reading import read_mammogram

    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    failed = 0
    for file in options.files:
        try:
            mammogram = read_mammogram(Path(file), options.spacing)
        except MCDetectError as error:
            if options.debug:
                raise
            failed += 1
            errors.print(str(error), markup=False, soft_wrap=True)
        else:
            console.print(key_value_table(describe(mammogram), title=file))
    return exit_code(len(options.files) - failed, failed)


def describe(mammogram: Mammogram) -> list[tuple[str, str]]:
    """Return names and values of what matters for detection in a mammogram."""
    rows, columns = mammogram.shape
    spacing = mammogram.spacing
    inside = mammogram.pixels[mammogram.valid]
    header = mammogram.header
    described = [
        ("Laterality", mammogram.laterality or "not known"),
        ("View", mammogram.view or "not known"),
        ("Rows x columns", f"{rows} x {columns}"),
        ("Spacing", f"{spacing.row_mm:.4g} x {spacing.column_mm:.4g} mm, {spacing.source.value}"),
        ("Field", f"{rows * spacing.row_mm / 10:.1f} x {columns * spacing.column_mm / 10:.1f} cm"),
        ("Grey values", f"{inside.min():g} to {inside.max():g}" if inside.size else "none"),
        ("Padding", f"{1 - mammogram.valid.mean():.1%} of the pixels"),
    ]
    if header is not None:
        meta = getattr(header, "file_meta", None)
        if meta is not None and "TransferSyntaxUID" in meta:
            described.append(("Transfer syntax", meta.TransferSyntaxUID.name))
        for name, keyword in _HEADER:
            value = header.get(keyword)
            if value not in (None, ""):
                described.append((name, getattr(value, "name", None) or str(value)))
    described += [("Warning", warning) for warning in mammogram.warnings]
    return described
