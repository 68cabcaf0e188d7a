"""Pixels and RAS millimetres, and how a slice view is turned.

A projection has no place in the patient. The nominal geometry is that of our segmentations and of Slicer's own reader:
the centre of the first pixel at the origin, columns to the left of the patient, rows to the back, so
RAS = (-column * column spacing, -row * row spacing, 0). Millimetres are those at the breast
(:mod:`MCDetect.dicom.spacing`). Every view of an examination lies at the same place; what belongs to one is shown only
in the slice views that show it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from MCDetect.review.hanging import Flips

FloatPoints = npt.NDArray[np.float64]


def ijk_to_ras(spacing_mm: tuple[float, float], factor: int = 1) -> FloatPoints:
    """Return the 4 x 4 matrix from (column, row, 0) to RAS, of an image or of the means of its blocks of ``factor``."""
    matrix = np.diag([-spacing_mm[1] * factor, -spacing_mm[0] * factor, 1.0, 1.0])
    # The first mean lies in the middle of the first block.
    matrix[:2, 3] = -spacing_mm[1] * (factor - 1) / 2, -spacing_mm[0] * (factor - 1) / 2
    return matrix


def to_ras(points: npt.ArrayLike, spacing_mm: tuple[float, float]) -> FloatPoints:
    """Return RAS positions (n, 3) of (row, column) positions (n, 2)."""
    pixels = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    ras = np.zeros((len(pixels), 3))
    ras[:, 0], ras[:, 1] = -pixels[:, 1] * spacing_mm[1], -pixels[:, 0] * spacing_mm[0]
    return ras


def from_ras(ras: Sequence[float], spacing_mm: tuple[float, float]) -> tuple[float, float]:
    """Return (row, column) of a RAS position; pixel centres are whole numbers."""
    return -ras[1] / spacing_mm[0], -ras[0] / spacing_mm[1]


def slice_to_ras(flips: Flips, centre_ras: Sequence[float]) -> FloatPoints:
    """Return the 4 x 4 matrix of a slice view that shows an image as stored, or mirrored as ``flips`` say.

    The first axis of a slice view points right and the second up.
    """
    right = 1.0 if flips.horizontal else -1.0
    up = -1.0 if flips.vertical else 1.0
    matrix = np.diag([right, up, -right * up, 1.0])
    matrix[:3, 3] = centre_ras[:3]
    return matrix
