"""A calcification from one click: the pixels round it that stand out from their background.

The brightest place near the click is taken; the calcification is what is connected to it above half the height between
the local background and that place (full width at half maximum), the usual measure of a small bright object.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.errors import UsageError
from MCDetect.findings import Calcification, Origin
from MCDetect.inference.calcifications import measure_calcification

_WINDOW_MM = 2.5
_REACH_MM = 0.35
_BACKGROUND_MM = 1.5
_LARGEST_MM = 1.0  # radius: microcalcifications are below 0.5 mm, benign ones reach 2 mm
_LEAST_CONTRAST = 2.5  # times the noise round it, after smoothing over 3 x 3 pixels
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.uint8)


def segment_calcification(
    pixels: npt.NDArray[np.number],
    spacing_mm: tuple[float, float],
    row: float,
    column: float,
    *,
    number: int,
) -> Calcification:
    """Return the calcification at a click.

    Parameters
    ----------
    pixels
        (rows, columns), bright is attenuating; only a window of 5 mm is looked at.
    spacing_mm
        (between rows, between columns).
    row, column
        Where the reader clicked, in pixels.
    number
        The id of the calcification.

    Returns
    -------
    Calcification
        Of origin READER with score 1 and its exact mask.

    Raises
    ------
    UsageError
        ``outside-the-image``, or ``no-calcification-here`` when nothing stands out near the click.
    """
    rows, columns = pixels.shape
    if not (np.isfinite([row, column]).all() and -0.5 <= row < rows - 0.5 and -0.5 <= column < columns - 0.5):
        raise UsageError("outside-the-image", "The click is outside the image.", "Click on a calcification.")
    spacing = np.asarray(spacing_mm)
    centre = np.clip(np.rint([row, column]).astype(int), 0, np.array(pixels.shape) - 1)
    reach = np.ceil(_WINDOW_MM / spacing).astype(int)
    low, high = np.maximum(centre - reach, 0), np.minimum(centre + reach + 1, pixels.shape)
    window = pixels[low[0] : high[0], low[1] : high[1]].astype(np.float64)
    distance = _distance_mm(window.shape, centre - low, spacing)
    smooth = ndimage.gaussian_filter(window, 0.7)
    near = distance <= max(_REACH_MM, float(spacing.max()))
    peak = np.array(np.unravel_index(np.argmax(np.where(near, smooth, -np.inf)), window.shape))
    from_peak = _distance_mm(window.shape, peak, spacing)
    ring = (from_peak > 0.4) & (from_peak <= _BACKGROUND_MM)
    around = smooth[ring] if ring.sum() >= 8 else smooth.ravel()
    background = float(np.median(around))
    noise = 1.4826 * float(np.median(np.abs(around - background)))
    height = float(smooth[tuple(peak)]) - background
    if height <= _LEAST_CONTRAST * noise or height <= 0:
        raise UsageError(
            "no-calcification-here",
            "Nothing brighter than its surroundings is at this place.",
            "Magnify the image and click on the calcification itself.",
        )
    mask = _connected(smooth, background, height, peak, from_peak <= _LARGEST_MM)
    found = np.argwhere(mask)
    weights = np.maximum(smooth[mask] - background, 1e-6 * height)
    return measure_calcification(number, found + low, weights, spacing_mm, 1.0, origin=Origin.READER)


def _connected(
    smooth: npt.NDArray[np.float64],
    background: float,
    height: float,
    peak: npt.NDArray[np.intp],
    allowed: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Return what is connected to the peak; higher up the slope where bright tissue would be taken along."""
    mask = np.zeros_like(allowed)
    for fraction in (0.5, 0.65, 0.8):
        labels, _ = ndimage.label(smooth >= background + fraction * height, structure=_EIGHT_NEIGHBOURS)
        mask = np.asarray(labels == labels[tuple(peak)], dtype=np.bool_)
        if not (mask & ~allowed).any():
            return mask
    cut, _ = ndimage.label(mask & allowed, structure=_EIGHT_NEIGHBOURS)
    inside: npt.NDArray[np.bool_] = cut == cut[tuple(peak)]
    return inside


def _distance_mm(
    shape: tuple[int, ...], centre: npt.NDArray[np.intp], spacing: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    distance: npt.NDArray[np.float64] = np.hypot((rows - centre[0]) * spacing[0], (columns - centre[1]) * spacing[1])
    return distance
