"""Metal on the skin: the lead ball or wire that a technologist puts on a nipple, a mole or a scar.

Leong et al. 2022 remove markers that lie in the air. One that lies on the skin line touches the breast and survives a
morphological opening, and its sharp bright edge looks like a calcification of the skin to any detector.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

BoolImage = npt.NDArray[np.bool_]
Window = tuple[slice, slice]

_SMALLEST_MM, _LARGEST_MM = 0.8, 8.0  # lead balls measure 1.5 to 3 mm; skin calcifications are smaller
_REACH_MM = 3.0  # how far from the skin line a marker may lie
_PLATEAU = 0.05  # metal is opaque: its pixels lie within this share of the grey scale below the brightest
_LEAST_FILLING = 0.6  # of the box round it; a disc fills 0.79
_DARK = 0.35  # of the way from air to the brightest: what surrounds a marker at the skin line is darker
_MARGIN_MM = 0.5  # its blurred edge goes with it
_BLOCK = 8  # pixels


def skin_markers(
    pixels: npt.NDArray[np.float32], breast: BoolImage, spacing_mm: tuple[float, float], air: float
) -> BoolImage:
    """Return the pixels of compact metal markers that lie on the skin line.

    A marker is a filled, opaque spot of 0.8 to 8 mm within 3 mm of the border between breast and air, with darkness
    round it. A calcification of the skin that is as large and as opaque as metal is not known.

    Parameters
    ----------
    pixels
        (rows, columns), bright is attenuating.
    breast
        (rows, columns), the breast with whatever lies on it.
    spacing_mm
        Pixel spacing (between rows, between columns) in mm.
    air
        Grey value of air.

    Returns
    -------
    bool array
        (rows, columns); each marker with a margin of 0.5 mm.
    """
    markers = np.zeros(pixels.shape, dtype=np.bool_)
    if not breast.any():
        return markers
    reach = [max(1, round(_REACH_MM / spacing)) for spacing in spacing_mm]
    near = [min(far, 2 * max(2, round(1.0 / spacing))) for far, spacing in zip(reach, spacing_mm, strict=True)]
    brightest = float(np.max(pixels, where=breast, initial=-np.inf))
    for window, shape in _regions_from(pixels, brightest - _PLATEAU * (brightest - air)):
        if not _is_compact(shape, spacing_mm):
            continue
        around = _grown(window, reach, pixels.shape)
        spot = np.zeros(breast[around].shape, dtype=np.bool_)
        spot[_within(window, around)] = shape
        border = ndimage.binary_dilation(spot, iterations=max(1, round(_MARGIN_MM / min(spacing_mm))))
        box = _grown(window, near, pixels.shape)
        ring = pixels[box][~border[_within(box, around)]]
        on_skin = breast[around].any() and not breast[around].all()
        if on_skin and ring.size and np.median(ring) < air + _DARK * (brightest - air):
            markers[around] |= border
    return markers


def _regions_from(pixels: npt.NDArray[np.float32], level: float) -> Iterator[tuple[Window, BoolImage]]:
    """Yield window and pixels of each connected region (4 neighbours) of at least this grey value.

    Few pixels are that bright. Blocks of 8 x 8 pixels that hold any are joined first, and only where these lie the
    pixels are labelled: four times faster than labelling the picture.
    """
    rows, columns = (-size % _BLOCK + size for size in pixels.shape)
    bright = np.zeros((rows, columns), dtype=np.bool_)
    np.greater_equal(pixels, level, out=bright[: pixels.shape[0], : pixels.shape[1]])
    held = bright.reshape(-1, _BLOCK, columns).any(axis=1).reshape(rows // _BLOCK, -1, _BLOCK).any(axis=2)
    blocks, _ = ndimage.label(held)
    for number, part in enumerate(ndimage.find_objects(blocks), start=1):
        fine = tuple(slice(_BLOCK * side.start, _BLOCK * side.stop) for side in part)
        own = np.kron(blocks[part] == number, np.ones((_BLOCK, _BLOCK), dtype=np.bool_))
        labels, _ = ndimage.label(bright[fine] & own)
        for region, inner in enumerate(ndimage.find_objects(labels), start=1):
            down, right = (slice(o.start + i.start, o.start + i.stop) for o, i in zip(fine, inner, strict=True))
            yield (down, right), labels[inner] == region


def _is_compact(spot: BoolImage, spacing_mm: tuple[float, float]) -> bool:
    sizes = [size * spacing for size, spacing in zip(spot.shape, spacing_mm, strict=True)]
    filling = np.count_nonzero(spot) / spot.size
    return bool(min(sizes) >= _SMALLEST_MM and max(sizes) <= _LARGEST_MM and filling >= _LEAST_FILLING)


def _within(inner: Window, outer: Window) -> Window:
    rows, columns = (slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
    return rows, columns


def _grown(window: Window, by: list[int], shape: tuple[int, ...]) -> Window:
    rows, columns = (
        slice(max(0, part.start - step), min(size, part.stop + step))
        for part, step, size in zip(window, by, shape, strict=True)
    )
    return rows, columns
