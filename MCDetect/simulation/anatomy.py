"""The compressed breast from outside: outline, nipple, pectoral muscle, thickness and skin.

Everything here is drawn as a left breast: the chest wall lies at column 0, the nipple points to growing columns, the
head is at the top (MLO) or the outer side is at the top (CC). A right breast is the mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.simulation.fields import FloatImage

COARSE = 4
"""Image pixels in one cell of the grid on which geometry is made."""


_MUSCLE = 0.1  # share of the path from which on a place counts as muscle


@dataclass(frozen=True)
class BreastGeometry:
    """Geometry on the coarse grid, lengths in mm.

    Attributes
    ----------
    depth_mm
        float32: distance to the breast's edge in air, positive inside, negative outside.
    thickness_mm
        float32: path of the beam through the breast, skin included; 0 outside.
    skin_mm
        float32: path through skin.
    muscle
        float32, 0 to 1: share of the path that is pectoral muscle (all 0 on a CC view).
    muscle_direction
        Direction of the muscle's edge, radians from the column axis toward growing rows.
    nipple_mm
        (row, column) of the nipple's base.
    compressed_mm
        Thickness in the middle.
    """

    depth_mm: FloatImage
    thickness_mm: FloatImage
    skin_mm: FloatImage
    muscle: FloatImage
    muscle_direction: float
    nipple_mm: tuple[float, float]
    compressed_mm: float

    @property
    def clear_depth_mm(self) -> FloatImage:
        """``depth_mm``, but 0 over the pectoral muscle, where no cluster of the breast lies."""
        return np.where(self.muscle > _MUSCLE, np.float32(0), self.depth_mm)


def draw_geometry(rng: np.random.Generator, view: str, shape: tuple[int, int], spacing_mm: float) -> BreastGeometry:
    """Draw a breast that fits an image of ``shape`` (rows, columns) pixels.

    Parameters
    ----------
    view
        ``"CC"`` or ``"MLO"``.
    """
    pitch = COARSE * spacing_mm
    rows, columns = (int(np.ceil(n / COARSE)) + 1 for n in shape)
    height_mm, width_mm = shape[0] * spacing_mm, shape[1] * spacing_mm
    y = np.arange(rows, dtype=np.float64) * pitch
    if view == "MLO":
        edge, nipple_row = _oblique_edge(rng, y, height_mm, width_mm)
    else:
        edge, nipple_row = _craniocaudal_edge(rng, y, height_mm, width_mm)
    nipple_column = float(np.interp(nipple_row, y, edge))
    scale = min(1.0, height_mm / 230)
    nipple_radius, nipple_height = scale * rng.uniform(4, 7), scale * rng.uniform(1, 6)
    bump = nipple_height * np.exp(-(((y - nipple_row) / nipple_radius) ** 4))
    x = np.arange(columns, dtype=np.float64) * pitch
    inside = x[None, :] < (edge + bump)[:, None]
    depth = _signed_distance(inside, pitch)
    compressed = scale * rng.uniform(38, 68)
    skin = rng.uniform(0.7, 1.4)
    thickness = rounded_slab(depth, compressed)
    inner = rounded_slab(depth - skin, compressed - 2 * skin)
    muscle, direction = np.zeros((rows, columns), np.float32), 0.0
    if view == "MLO":
        muscle, direction = _pectoral(rng, y, x, height_mm, width_mm)
    return BreastGeometry(
        depth_mm=depth,
        thickness_mm=thickness,
        skin_mm=thickness - inner,
        muscle=muscle,
        muscle_direction=direction,
        nipple_mm=(nipple_row, nipple_column),
        compressed_mm=compressed,
    )


def _craniocaudal_edge(
    rng: np.random.Generator, y: npt.NDArray[np.float64], height_mm: float, width_mm: float
) -> tuple[npt.NDArray[np.float64], float]:
    """Column of the breast's edge in every row, and the nipple's row."""
    half_height = height_mm * rng.uniform(0.29, 0.45)
    depth = min(width_mm * rng.uniform(0.34, 0.62), 1.15 * half_height)
    middle = height_mm * rng.uniform(0.46, 0.54)
    t = (y - middle) / half_height
    # The two sides fall off differently; the power sets how pointed the breast is.
    power = np.where(t < 0, rng.uniform(1.5, 2.3), rng.uniform(1.5, 2.3))
    body = 1 - np.abs(t) ** power
    wave = sum(rng.normal(0, 0.012) * np.cos(k * np.pi * t + rng.uniform(0, 6.3)) for k in (1, 2, 3))
    edge = depth * (np.where(body > 0, np.abs(body) ** rng.uniform(0.75, 0.95), body) + wave * (body > 0))
    edge = ndimage.gaussian_filter1d(edge, 3.0 / (y[1] - y[0]), mode="nearest")
    return edge, float(middle + half_height * rng.uniform(-0.12, 0.12))


def _oblique_edge(
    rng: np.random.Generator, y: npt.NDArray[np.float64], height_mm: float, width_mm: float
) -> tuple[npt.NDArray[np.float64], float]:
    """As for CC, but the breast runs on into the axilla at the top and ends in the fold below."""
    nipple = height_mm * rng.uniform(0.52, 0.64)
    fold = min(0.97 * height_mm, nipple + height_mm * rng.uniform(0.26, 0.36))
    depth = width_mm * rng.uniform(0.42, 0.68)
    axilla = depth * rng.uniform(0.35, 0.6)
    above = np.clip((nipple - y) / nipple, 0, 1)
    upper = axilla + (depth - axilla) * (1 - above ** rng.uniform(1.6, 2.2)) ** rng.uniform(0.9, 1.3)
    below = (y - nipple) / (fold - nipple)
    body = 1 - np.clip(below, 0, None) ** rng.uniform(2.0, 2.8)
    lower = depth * np.where(body > 0, np.abs(body) ** rng.uniform(0.6, 0.8), body)
    edge = np.where(y < nipple, upper, lower)
    edge = ndimage.gaussian_filter1d(edge, 4.0 / (y[1] - y[0]), mode="nearest")
    return edge, nipple


def _signed_distance(inside: npt.NDArray[np.bool_], pitch_mm: float) -> FloatImage:
    """Distance to the edge in air: the image's own borders are no edges, so the breast is continued beyond them."""
    margin = max(8, round(40 / pitch_mm))
    padded = np.pad(inside, margin, mode="edge")
    distance = ndimage.distance_transform_edt(padded) - ndimage.distance_transform_edt(~padded)
    # The transform counts from cell to cell; the smoothing takes off the staircase of the coarse grid.
    smooth = ndimage.gaussian_filter(distance.astype(np.float32), 1.5, truncate=3.0)
    return np.ascontiguousarray(smooth[margin:-margin, margin:-margin]) * np.float32(pitch_mm)


def rounded_slab(depth_mm: FloatImage, thickness_mm: float) -> FloatImage:
    """Return the path in mm through a slab whose free edge bulges as a half ellipse, deeper than a circle.

    Parameters
    ----------
    depth_mm
        float32: distance to the edge in air.
    thickness_mm
        In the middle of the slab.
    """
    reach = 0.56 * thickness_mm
    t = np.clip(depth_mm / np.float32(reach), 0, 1)
    return np.asarray(np.float32(thickness_mm) * np.sqrt(1 - (1 - t) ** 2), dtype=np.float32)


def _pectoral(
    rng: np.random.Generator,
    y: npt.NDArray[np.float64],
    x: npt.NDArray[np.float64],
    height_mm: float,
    width_mm: float,
) -> tuple[FloatImage, float]:
    """Draw a triangle at the chest wall's upper corner with a slightly convex edge, thicker toward the chest wall."""
    top, length = width_mm * rng.uniform(0.26, 0.42), height_mm * rng.uniform(0.48, 0.72)
    t = y / length
    bulge = top * rng.uniform(-0.02, 0.10) * np.sin(np.pi * np.clip(t, 0, 1))
    wave = top * 0.012 * np.sin(2 * np.pi * (t * rng.uniform(1, 2) + rng.uniform(0, 1)))
    edge = top * (1 - t) + bulge + wave
    across = (edge[:, None] - x[None, :]) * np.cos(np.arctan2(top, length))
    step = 1 / (1 + np.exp(-across / rng.uniform(0.35, 0.9)))
    share = step * (0.45 + 0.5 * np.clip(across / (0.7 * top), 0, 1) ** 0.7)
    return share.astype(np.float32), float(np.arctan2(length, -top))
