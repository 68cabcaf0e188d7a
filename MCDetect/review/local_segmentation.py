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
_REACH_MM = 0.25
_LARGEST_MM = 1.3  # from the peak: microcalcifications are below 0.5 mm, benign ones reach 2 mm
_SCALES = ((0.0, (1.0, 2.4), 6.0), (0.6, (0.4, 1.5), 6.0), (0.3, (0.4, 1.5), 3.0))
"""Standard deviation of the tissue that is taken away first (0: none) and the ring that is the background, both in mm,
and the least height over the noise. The large and clear keeps its extent; the faint is looked for on its own scale."""
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
    near = distance <= max(_REACH_MM, float(spacing.max()))
    smooth = ndimage.gaussian_filter(window, 0.7)
    for tissue_mm, ring_mm, least_contrast in _SCALES:
        # Tissue rises and falls more slowly than a calcification: what is left after it is taken away is judged.
        flat = smooth - ndimage.gaussian_filter(window, tissue_mm / spacing) if tissue_mm else smooth
        found = _stands_out(flat, near, spacing, ring_mm, least_contrast)
        if found is not None:
            mask, weights = found
            return measure_calcification(
                number, np.argwhere(mask) + low, weights[mask], spacing_mm, 1.0, origin=Origin.READER
            )
    raise UsageError(
        "no-calcification-here",
        "Nothing brighter than its surroundings is at this place.",
        "Magnify the image and click on the calcification itself.",
    )


def _stands_out(
    flat: npt.NDArray[np.float64],
    near: npt.NDArray[np.bool_],
    spacing: npt.NDArray[np.float64],
    ring_mm: tuple[float, float],
    least_contrast: float,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]] | None:
    """Return the mask of what stands out near the click, and weights of the pixels; None when nothing does."""
    peak = np.array(np.unravel_index(np.argmax(np.where(near, flat, -np.inf)), flat.shape))
    from_peak = _distance_mm(flat.shape, peak, spacing)
    ring = (from_peak > ring_mm[0]) & (from_peak <= ring_mm[1])
    around = flat[ring] if ring.sum() >= 8 else flat.ravel()
    background = float(np.median(around))
    noise = 1.4826 * float(np.median(np.abs(around - background)))
    height = float(flat[tuple(peak)]) - background
    if height <= least_contrast * noise or height <= 0:
        return None
    mask = _connected(flat, background, height, peak)
    if (mask & (from_peak > _LARGEST_MM)).any():
        return None
    return mask, np.maximum(flat - background, 1e-6 * height)


def _connected(
    flat: npt.NDArray[np.float64], background: float, height: float, peak: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Return what is connected to the peak above half its height."""
    labels, _ = ndimage.label(flat >= background + height / 2, structure=_EIGHT_NEIGHBOURS)
    mask: npt.NDArray[np.bool_] = labels == labels[tuple(peak)]
    return mask


def _distance_mm(
    shape: tuple[int, ...], centre: npt.NDArray[np.intp], spacing: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    distance: npt.NDArray[np.float64] = np.hypot((rows - centre[0]) * spacing[0], (columns - centre[1]) * spacing[1])
    return distance
