"""What the reader understood of a mammogram, for people; without anything that names the patient."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset
from pydicom.uid import UID

from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.orientation import decide_orientation

_SIDES = {"L": "left", "R": "right", "": "unknown"}


def describe(mammogram: Mammogram, *, is_spacing_known: bool = True) -> list[tuple[str, str]]:
    """Return pairs of a label and what is known of it, in the order in which to show them.

    Without a known spacing there are no millimetres.

    Name, identifier, birth date and every other attribute of the patient are left out, so that the text may be shown
    and sent on.
    """
    rows, columns = mammogram.shape
    row_mm, column_mm = mammogram.spacing.millimetres
    lines = [("File", mammogram.source)]
    if mammogram.header is not None:
        lines += _storage(mammogram.header)
    size = f"{columns} x {rows} pixels"
    spacing = "unknown"
    if is_spacing_known:
        size += f", {columns * column_mm:.1f} x {rows * row_mm:.1f} mm"
        spacing = f"{_millimetres(row_mm, column_mm)}, {mammogram.spacing.source.value}"
    lines += [
        ("Size", f"{size} (width x height)"),
        ("Pixel spacing", spacing),
        ("Grey values", f"{mammogram.pixels.min():g} to {mammogram.pixels.max():g}, bright is attenuating"),
        ("Padding", _padding(mammogram)),
        ("Laterality", _SIDES[mammogram.laterality]),
        ("View", mammogram.view or "unknown"),
    ]
    if mammogram.header is not None:
        modifiers = decide_orientation(mammogram.header).modifiers
        lines.append(("View modifiers", ", ".join(modifiers) or "none"))
        lines.append(("Equipment", _equipment(mammogram.header)))
    lines += [("Warning", warning) for warning in mammogram.warnings]
    return lines


def readable_day(date: str) -> str:
    """Return the day of a DICOM date, or date and time (VR DA, DT), as 2026-11-22; what is none as it is."""
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if re.match(r"[0-9]{8}", date) else date


def _storage(header: Dataset) -> list[tuple[str, str]]:
    syntax = header.file_meta.get("TransferSyntaxUID")
    sign = "signed" if header.get("PixelRepresentation") else "unsigned"
    return [
        ("SOP class", _name(header.get("SOPClassUID"))),
        ("Transfer syntax", _name(syntax)),
        ("Photometric interpretation", str(header.get("PhotometricInterpretation") or "unknown")),
        ("Bits", f"{header.get('BitsStored')} stored of {header.get('BitsAllocated')}, {sign}"),
    ]


def _name(uid: UID | None) -> str:
    return "unknown" if not uid else UID(str(uid)).name


def _millimetres(row_mm: float, column_mm: float) -> str:
    return f"{row_mm:.4f} mm" if row_mm == column_mm else f"{row_mm:.4f} mm (rows) x {column_mm:.4f} mm (columns)"


def _padding(mammogram: Mammogram) -> str:
    share = 1.0 - float(mammogram.valid.mean())
    return "none" if share == 0 else f"{100 * share:.1f} % of the pixels"


def _equipment(header: Dataset) -> str:
    parts = [str(header.get(keyword) or "").strip() for keyword in ("Manufacturer", "ManufacturerModelName")]
    return " ".join(part for part in parts if part) or "unknown"
