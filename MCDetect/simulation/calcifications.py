"""Single calcifications: the nine kinds, their sizes, and drawing one at a sub-pixel place of an image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from MCDetect.simulation import shapes

SUPERSAMPLING = 4
"""Cells of the fine grid in one image pixel, along each axis."""


class CalcificationKind(str, Enum):
    """Morphology (ACR BI-RADS Atlas, 5th edition); the last four are typically benign."""

    PUNCTATE = "punctate"
    AMORPHOUS = "amorphous"
    COARSE_HETEROGENEOUS = "coarse heterogeneous"
    FINE_PLEOMORPHIC = "fine pleomorphic"
    FINE_LINEAR_BRANCHING = "fine linear branching"
    RIM = "rim"
    POPCORN = "popcorn"
    VASCULAR = "vascular"
    SKIN = "skin"


@dataclass(frozen=True)
class SizeDistribution:
    """Log-normal sizes in mm, cut off at ``low`` and ``high``; ``sigma`` is that of the natural logarithm."""

    median: float
    sigma: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """Return one size in mm."""
        return float(np.clip(self.median * np.exp(self.sigma * rng.standard_normal()), self.low, self.high))


SIZES: dict[CalcificationKind, SizeDistribution] = {
    CalcificationKind.PUNCTATE: SizeDistribution(0.22, 0.35, 0.10, 0.50),
    CalcificationKind.AMORPHOUS: SizeDistribution(0.25, 0.35, 0.12, 0.50),
    CalcificationKind.COARSE_HETEROGENEOUS: SizeDistribution(0.50, 0.30, 0.25, 1.00),
    CalcificationKind.FINE_PLEOMORPHIC: SizeDistribution(0.26, 0.40, 0.10, 0.70),
    CalcificationKind.FINE_LINEAR_BRANCHING: SizeDistribution(0.60, 0.45, 0.25, 2.20),
    CalcificationKind.RIM: SizeDistribution(0.60, 0.40, 0.35, 1.20),
    CalcificationKind.POPCORN: SizeDistribution(1.00, 0.30, 0.60, 2.00),
    CalcificationKind.VASCULAR: SizeDistribution(9.00, 0.40, 4.00, 22.0),
    CalcificationKind.SKIN: SizeDistribution(0.70, 0.25, 0.40, 1.20),
}
"""Longest extent of a calcification of each kind, in mm: mean diameters of 0.19 to 0.32 mm and 0.1 to 1 mm overall
are reported for benign and malignant lesions; a fine linear one is 2 to 5 times as long as wide."""


@dataclass(frozen=True)
class DrawnCalcification:
    """One calcification, not yet in an image.

    Attributes
    ----------
    kind
        Morphology.
    fine_thickness_mm
        float32, odd and square: calcium along the beam in mm, in cells of ``pixel_spacing_mm / SUPERSAMPLING``; the
        middle cell is the calcification's place.
    pixel_spacing_mm
        Spacing of the image it was drawn for.
    diameter_mm
        Longest extent that was asked for; of a fine linear or vascular one the length of its stem.
    """

    kind: CalcificationKind
    fine_thickness_mm: npt.NDArray[np.float32]
    pixel_spacing_mm: float
    diameter_mm: float

    @property
    def thickness_mm(self) -> npt.NDArray[np.float32]:
        """float32 map at the image's pixel pitch, with the calcification on the middle of the middle pixel."""
        return self.at(0.0, 0.0)[2]

    def at(self, row: float, column: float) -> tuple[int, int, npt.NDArray[np.float32]]:
        """Return the calcification in the image's pixels when it lies at (row, column), pixel centres at integers.

        Returns
        -------
        top, left : int
            Row and column of the image where the map begins (it may lie partly or wholly outside the image).
        thickness_mm : float32 array
            Mean thickness in each pixel; the sum over pixels does not depend on the place.
        """
        side = self.fine_thickness_mm.shape[0]
        # First fine cell of the map when pixel k covers the fine cells SUPERSAMPLING * k up to the next.
        first = [round((c + 0.5) * SUPERSAMPLING - 0.5 * side) for c in (row, column)]
        top, left = (f // SUPERSAMPLING for f in first)
        before = [f % SUPERSAMPLING for f in first]
        padded = np.pad(self.fine_thickness_mm, [(b, -(b + side) % SUPERSAMPLING) for b in before])
        rows, columns = (n // SUPERSAMPLING for n in padded.shape)
        blocks = padded.reshape(rows, SUPERSAMPLING, columns, SUPERSAMPLING)
        return top, left, blocks.mean(axis=(1, 3), dtype=np.float32)


def draw_calcification(
    rng: np.random.Generator,
    kind: CalcificationKind,
    pixel_spacing_mm: float,
    *,
    diameter_mm: float | None = None,
    angle: float | None = None,
) -> DrawnCalcification:
    """Draw one calcification.

    Parameters
    ----------
    rng
        Source of all chance; the same state draws the same calcification.
    kind
        Morphology; it decides the shape and, without ``diameter_mm``, the size (:data:`SIZES`).
    pixel_spacing_mm
        Spacing of the image it is for.
    diameter_mm
        Longest extent.
    angle
        Direction of a fine linear or vascular one, radians from the column axis toward growing rows; by chance if
        None.
    """
    diameter = SIZES[kind].draw(rng) if diameter_mm is None else float(diameter_mm)
    step = pixel_spacing_mm / SUPERSAMPLING
    direction = rng.uniform(0, np.pi) if angle is None else angle
    if kind is CalcificationKind.PUNCTATE:
        drawn = shapes.ellipsoid(rng, diameter, step)
    elif kind is CalcificationKind.AMORPHOUS:
        drawn = shapes.haze(rng, diameter, step)
    elif kind is CalcificationKind.COARSE_HETEROGENEOUS:
        drawn = shapes.conglomerate(rng, diameter, step)
    elif kind is CalcificationKind.FINE_PLEOMORPHIC:
        drawn = shapes.shard(rng, diameter, step)
    elif kind is CalcificationKind.FINE_LINEAR_BRANCHING:
        width = float(np.clip(diameter / rng.uniform(2, 5), 0.08, 0.45))
        drawn = shapes.rod(rng, diameter, width, step, direction)
    elif kind is CalcificationKind.RIM:
        drawn = shapes.shell(rng, diameter, step, wall=rng.uniform(0.15, 0.4))
    elif kind is CalcificationKind.POPCORN:
        drawn = shapes.popcorn(rng, diameter, step)
    elif kind is CalcificationKind.VASCULAR:
        drawn = shapes.tram_track(rng, diameter, step, direction)
    else:
        drawn = shapes.shell(rng, diameter, step, wall=rng.uniform(0.3, 0.7))
    return DrawnCalcification(kind, drawn, pixel_spacing_mm, diameter)


def draw_depth_factor(rng: np.random.Generator) -> float:
    """Return how much longer than wide calcifications are along the beam, and denser than average: alike in a cluster.

    Peak contrasts of 0.04 to 0.40 are reported for real clusters (LAVI-USP); bodies as deep as wide give 0.02 to 0.2.
    """
    return float(np.exp(rng.uniform(np.log(1.0), np.log(3.2))))
