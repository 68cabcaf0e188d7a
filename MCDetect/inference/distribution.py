"""The BI-RADS distribution of a cluster, by rules of extent, elongation and direction.

In this order, over the calcifications' centres:

1. diffuse: the outline covers more than half of the breast;
2. linear: at least 5 mm long, four or more, and a quarter as wide as long or less;
3. segmental: 12 mm long or more, five or more, in a wedge toward the nipple: its long axis points at the nipple within
   30 degrees, it is at most 0.8 times as wide as long, and the half away from the nipple is at least 1.3 times as wide
   as the other;
4. regional: longer than 20 mm; grouped: all others.

Where the nipple is not known nothing is segmental.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from MCDetect.bi_rads import Distribution

FloatPoints = npt.NDArray[np.float64]

_GROUPED_MM = 20.0  # BI-RADS: grouped within 2 cm, regional beyond
_LINEAR_MM, _LINEAR_RATIO = 5.0, 0.25
_DIFFUSE_FRACTION = 0.5
_SEGMENTAL_MM, _SEGMENTAL_COUNT, _SEGMENTAL_RATIO = 12.0, 5, 0.8
_TOWARD_NIPPLE = math.cos(math.radians(30))
_LEAST_WIDENING = 1.3  # width of the far half over that of the near half


def distribution_of(
    centres: FloatPoints,
    diameter_mm: float,
    area_mm2: float,
    *,
    breast_area_mm2: float = math.inf,
    nipple: tuple[float, float] | None = None,
) -> Distribution:
    """Return the distribution.

    Parameters
    ----------
    centres
        (n, 2) rows and columns of the calcifications in mm; at least one.
    diameter_mm, area_mm2
        Longest extent of the calcifications, and area of the outline.
    breast_area_mm2
        For "diffuse".
    nipple
        Its row and column in mm, for "segmental".
    """
    if area_mm2 > _DIFFUSE_FRACTION * breast_area_mm2:
        return Distribution.DIFFUSE
    middle = centres.mean(axis=0)
    _, deviations, directions = np.linalg.svd(centres - middle, full_matrices=False)
    ratio = float(deviations[-1] / max(deviations[0], 1e-9)) if len(centres) > 1 else 1.0
    if diameter_mm >= _LINEAR_MM and len(centres) >= 4 and ratio <= _LINEAR_RATIO:
        return Distribution.LINEAR
    is_large = diameter_mm >= _SEGMENTAL_MM and len(centres) >= _SEGMENTAL_COUNT and ratio <= _SEGMENTAL_RATIO
    if nipple is not None and is_large and _is_wedge(centres - middle, directions[0], np.array(nipple) - middle):
        return Distribution.SEGMENTAL
    return Distribution.GROUPED if diameter_mm <= _GROUPED_MM else Distribution.REGIONAL


def _is_wedge(places: FloatPoints, axis: FloatPoints, nipple: FloatPoints) -> bool:
    """Say whether places about their middle narrow toward the nipple."""
    distance = float(np.linalg.norm(nipple))
    if distance < 1e-6 or abs(float(axis @ nipple)) < _TOWARD_NIPPLE * distance:
        return False
    along = places @ nipple / distance
    across = places @ np.array([-nipple[1], nipple[0]]) / distance
    if along.max() >= distance:  # the nipple lies among them
        return False
    near, far = across[along > 0], across[along <= 0]
    if len(near) < 2 or len(far) < 2:
        return False
    return bool(far.std() >= _LEAST_WIDENING * near.std())
