"""How a viewer shows a view as its maker wants it seen: values, window and level, or a lookup of every value.

A window is linear (DICOM PS3.3 section C.11.2.1.2): viewers have window and level for it, and the values stay those of
:class:`MCDetect.dicom.mammogram.Mammogram`. A VOI LUT or a SIGMOID window is a curve, which viewers do not have: the
values given to them are then those behind the curve, 0 to 4095, and window and level work on top of it. Either way
bright is attenuating (also for MONOCHROME1), and what is measured is never taken from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from MCDetect.dicom.display import is_whole, through_header, whole_values
from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.pixels import is_inverted, mirror_sum

_CURVE_TOP = 4095


@dataclass(frozen=True)
class ViewDisplay:
    """What a viewer shows.

    Attributes
    ----------
    values
        (rows, columns), int16 or uint16 where the values are whole numbers, else float32; never flipped.
    window, level
        Width and centre in ``values``: level - window / 2 is black, level + window / 2 is white.
    is_curve
        Whether ``values`` are those behind a VOI LUT or SIGMOID window.
    """

    values: npt.NDArray[np.generic]
    window: float
    level: float
    is_curve: bool


def display_of(mammogram: Mammogram) -> ViewDisplay:
    """Return how to show a mammogram."""
    header = mammogram.header
    if header is not None and _has_curve(header):
        curve = lookup_of(mammogram)
        if curve is not None:
            first, table = curve
            index = (mammogram.pixels - np.float32(first)).astype(np.int32)
            return ViewDisplay(_darkened(table[index], mammogram), float(_CURVE_TOP), _CURVE_TOP / 2, True)
    window, level = _linear_window(mammogram)
    return ViewDisplay(_compact(mammogram.pixels), window, level, False)


def lookup_of(mammogram: Mammogram) -> tuple[int, npt.NDArray[np.uint16]] | None:
    """Return what the header makes of each whole value that occurs: the first value, and 0 to 4095 for it and the next.

    None where the header has no usable window or the values are no whole numbers.
    """
    whole = None if mammogram.header is None else whole_values(mammogram.pixels)
    if mammogram.header is None or whole is None:
        return None
    shown = through_header(whole, mammogram.header)
    if shown is None:
        return None
    return int(whole[0]), np.rint(np.clip(shown, 0.0, 1.0) * _CURVE_TOP).astype(np.uint16)


def as_8_bits(display: ViewDisplay) -> npt.NDArray[np.uint8]:
    """Return the picture that a viewer with linear window and level makes of it."""
    shown = (display.values.astype(np.float32) - (display.level - display.window / 2)) / display.window
    picture: npt.NDArray[np.uint8] = np.rint(np.clip(shown, 0.0, 1.0) * 255).astype(np.uint8)
    return picture


def _has_curve(header: Dataset) -> bool:
    function = str(header.get("VOILUTFunction") or "LINEAR").strip().upper()
    return bool(header.get("VOILUTSequence")) or (function == "SIGMOID" and header.get("WindowWidth") is not None)


def _linear_window(mammogram: Mammogram) -> tuple[float, float]:
    """Return width and centre so that (value - centre) / width + 1/2 is what the header says."""
    header = mammogram.header
    width = None if header is None else _first(header, "WindowWidth")
    centre = None if header is None else _first(header, "WindowCenter")
    if header is None or width is None or centre is None or _has_curve(header):
        return _full_range(mammogram)
    if str(header.get("VOILUTFunction") or "LINEAR").strip().upper() == "LINEAR":
        # PS3.3 section C.11.2.1.2.1: the width counts both ends, the centre lies half a value higher.
        width, centre = width - 1.0, centre - 0.5
    if width <= 0:
        return _full_range(mammogram)
    return width, mirror_sum(header) - centre if is_inverted(header) else centre


def _full_range(mammogram: Mammogram) -> tuple[float, float]:
    used = mammogram.pixels[mammogram.valid]
    low, high = float(used.min()), float(used.max())
    return high - low, (low + high) / 2


def _darkened(values: npt.NDArray[np.uint16], mammogram: Mammogram) -> npt.NDArray[np.uint16]:
    values[~mammogram.valid] = 0
    return values


def _compact(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.generic]:
    low, high = float(pixels.min()), float(pixels.max())
    for kind in (np.int16, np.uint16):
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max and is_whole(pixels):
            return pixels.astype(kind)
    return pixels


def _first(header: Dataset, keyword: str) -> float | None:
    value = header.get(keyword)
    if value is not None and not isinstance(value, (str, int, float)):
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None
