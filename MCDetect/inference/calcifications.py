"""From a map of logits to individual calcifications with exact pixels.

A calcification is a connected region (8 neighbours) of pixels above a low threshold that holds a pixel above the
calibrated threshold (hysteresis): the high one decides that it is there, the low one how far it goes. Without the low
one a rod falls into its two ends.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from MCDetect.findings import Calcification, Origin
from MCDetect.runs import runs_of_pixels

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]

MASK_MARGIN = 1.5
"""Logits between the calibrated threshold and the low one; about half the height of a calcification."""

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.uint8)


def find_calcifications(
    logits: FloatImage,
    spacing_mm: tuple[float, float],
    threshold: float,
    *,
    mask: BoolImage | None = None,
    below: float = np.inf,
    margin: float = MASK_MARGIN,
    slope: float = 1.0,
    intercept: float = 0.0,
) -> tuple[Calcification, ...]:
    """Return the calcifications of an image, brightest score first, numbered from 1.

    Parameters
    ----------
    logits
        float32 (rows, columns) in the stored pixel grid.
    spacing_mm
        (between rows, between columns).
    threshold
        A calcification's highest logit is at least this.
    mask
        The breast; a calcification's highest pixel must lie inside.
    below
        A calcification's highest logit is less than this.
    margin
        Logits between ``threshold`` and the low one that says how far a calcification goes.
    slope, intercept
        Calibration: score = sigmoid(slope * highest logit + intercept).
    """
    above = logits > threshold - margin
    if mask is not None:
        above &= mask
    labels, count = ndimage.label(above, structure=_EIGHT_NEIGHBOURS)
    if count == 0:
        return ()
    found: list[tuple[float, npt.NDArray[np.intp], npt.NDArray[np.float32]]] = []
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        member = labels[window] == label
        values = logits[window][member]
        peak = float(values.max())
        if not threshold <= peak < below:
            continue
        pixels = np.argwhere(member) + np.array([part.start for part in window])
        found.append((peak, pixels, values))
    found.sort(key=lambda entry: (-entry[0], tuple(entry[1][0])))
    return tuple(
        measure_calcification(
            number, pixels, 1 / (1 + np.exp(-values.astype(np.float64))), spacing_mm, _sigmoid(slope * peak + intercept)
        )
        for number, (peak, pixels, values) in enumerate(found, start=1)
    )


def peak_logit(score: float, slope: float, intercept: float) -> float:
    """Return the highest logit of a calcification from its score: the inverse of the calibration."""
    clipped = float(np.clip(score, 1e-7, 1 - 1e-7))
    return (float(np.log(clipped / (1 - clipped))) - intercept) / slope


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def measure_calcification(
    number: int,
    pixels: npt.NDArray[np.intp],
    weights: npt.NDArray[np.floating],
    spacing_mm: tuple[float, float],
    score: float,
    *,
    origin: Origin = Origin.ALGORITHM,
) -> Calcification:
    """Return the calcification that consists of ``pixels``, its centre weighted.

    Parameters
    ----------
    number
        Its id.
    pixels
        (n, 2): row and column of each pixel, sorted.
    weights
        (n,): positive weights for the centre.
    spacing_mm
        (between rows, between columns).
    score, origin
        See :class:`MCDetect.findings.Calcification`.
    """
    row, column = np.average(pixels, axis=0, weights=weights)
    return Calcification(
        id=number,
        row=float(row),
        column=float(column),
        area_mm2=len(pixels) * spacing_mm[0] * spacing_mm[1],
        diameter_mm=_longest_extent(pixels, spacing_mm),
        score=score,
        runs=runs_of_pixels(pixels),
        origin=origin,
    )


def _longest_extent(pixels: npt.NDArray[np.intp], spacing_mm: tuple[float, float]) -> float:
    """Return the longest distance between outer corners of the pixels, in mm."""
    corners = np.concatenate([pixels + offset for offset in ((0, 0), (0, 1), (1, 0), (1, 1))])
    points = np.unique(corners, axis=0) * np.asarray(spacing_mm)
    if len(points) > 64:  # the corners of whole pixels are never collinear, so there always is a hull
        points = points[ConvexHull(points).vertices]
    return float(pdist(points).max())
