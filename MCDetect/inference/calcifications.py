"""From a map of logits to individual calcifications with exact pixels.

A calcification is a connected region (8 neighbours) of pixels above a low threshold that holds a pixel above the
calibrated threshold (hysteresis): the high one decides that it is there, the low one how far it goes. Without the low
one a rod falls into its two ends.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from MCDetect.findings import Calcification, Origin
from MCDetect.runs import runs_of_pixels

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]

MASK_MARGIN = 1.5
"""Logits between the calibrated threshold and the low one; about half the height of a calcification."""


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
        The breast: a calcification ends there, and its highest pixel is the highest inside.
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
    found: list[tuple[float, npt.NDArray[np.intp], npt.NDArray[np.float32]]] = []
    for pixels in _connected(above):
        values = logits[pixels[:, 0], pixels[:, 1]]
        peak = float(values.max())
        if threshold <= peak < below:
            found.append((peak, pixels, values))
    found.sort(key=lambda entry: (-entry[0], tuple(entry[1][0])))
    return tuple(
        measure_calcification(
            number, pixels, 1 / (1 + np.exp(-values.astype(np.float64))), spacing_mm, _sigmoid(slope * peak + intercept)
        )
        for number, (peak, pixels, values) in enumerate(found, start=1)
    )


def _connected(mask: BoolImage) -> list[npt.NDArray[np.intp]]:
    """Return the pixels (n, 2) of each connected region (8 neighbours), in reading order.

    A few thousand of ten million pixels are set: joining these is much faster than labelling the picture.
    """
    columns = mask.shape[1]
    places = np.flatnonzero(mask)
    if not places.size:
        return []
    across = places % columns
    numbers = np.arange(places.size)
    edges = []
    for step, is_inside in (
        (1, across < columns - 1),
        (columns - 1, across > 0),
        (columns, np.ones(places.size, dtype=np.bool_)),
        (columns + 1, across < columns - 1),
    ):
        wanted = places[is_inside] + step
        at = np.minimum(np.searchsorted(places, wanted), places.size - 1)
        there = places[at] == wanted
        edges.append(np.column_stack([numbers[is_inside][there], at[there]]))
    pairs = np.concatenate(edges)
    size = (places.size, places.size)
    graph = sparse.coo_matrix((np.ones(len(pairs), dtype=np.bool_), (pairs[:, 0], pairs[:, 1])), shape=size)
    count, labels = csgraph.connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    pixels = np.column_stack([places // columns, across])[order]
    return np.split(pixels, np.cumsum(np.bincount(labels, minlength=count))[:-1])


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
    # Only the first and the last pixel of a row can have one of them.
    ends = np.flatnonzero(np.diff(pixels[:, 0], prepend=-1, append=-1))
    first, last = pixels[ends[:-1]], pixels[ends[1:] - 1]
    corners = np.stack([first, first, last, last]) + np.array([(0, 0), (1, 0), (0, 1), (1, 1)])[:, None]
    points = corners.reshape(-1, 2) * np.asarray(spacing_mm)
    if len(points) > 64:  # the corners of whole pixels are never collinear, so there always is a hull
        points = points[ConvexHull(points).vertices]
    return float(pdist(points).max())
