"""What else lies on and in a breast: a nipple marker, a biopsy clip, a fold of skin.

They are no calcifications and are in no truth: a detector that marks them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.simulation.anatomy import COARSE, BreastGeometry
from MCDetect.simulation.fields import FloatImage, stamp_path
from MCDetect.simulation.tissue import GLAND_PER_MM

METAL_PER_MM = 6.0
"""Effective linear attenuation of titanium and steel at mammography energies: a third of a millimetre is opaque."""

_SKIN_PER_MM = 1.1 * GLAND_PER_MM
_EDGE_MM = 0.08  # half width of a fold's sharp side


@dataclass(frozen=True)
class ForeignObjects:
    """What is in a view besides the breast: whether each of them is there."""

    nipple_marker: bool = False
    clip: bool = False
    skin_fold: bool = False


def draw_objects(rng: np.random.Generator) -> ForeignObjects:
    """Draw what is in a view: a marker in a quarter, a clip in an eighth, a fold in a quarter of them."""
    marker, clip, fold = rng.uniform(size=3) < (0.25, 0.125, 0.25)
    return ForeignObjects(bool(marker), bool(clip), bool(fold))


def add_objects(
    rng: np.random.Generator,
    attenuation: FloatImage,
    geometry: BreastGeometry,
    objects: ForeignObjects,
    spacing_mm: float,
) -> None:
    """Add the attenuation of ``objects`` to that of a breast, in place.

    Parameters
    ----------
    attenuation
        float32 (rows, columns) of the image, drawn as a left breast.
    geometry
        Of the same breast, on the coarse grid.
    """
    if objects.nipple_marker:
        _add_nipple_marker(rng, attenuation, geometry, spacing_mm)
    if objects.clip:
        _add_clip(rng, attenuation, geometry, spacing_mm)
    if objects.skin_fold:
        _add_skin_fold(rng, attenuation, geometry, spacing_mm)


def _add_nipple_marker(
    rng: np.random.Generator, attenuation: FloatImage, geometry: BreastGeometry, spacing_mm: float
) -> None:
    """Draw a ball of metal of 1.5 to 2.2 mm, stuck on the nipple."""
    row, column = np.array(geometry.nipple_mm) / spacing_mm + rng.normal(0, 1.0, 2) / spacing_mm
    radius = 0.5 * rng.uniform(1.5, 2.2)
    ball = np.zeros_like(attenuation)
    stamp_path(ball, np.array([[row, column]]), np.array([radius / spacing_mm]), np.array([2 * radius]))
    attenuation += np.float32(METAL_PER_MM) * ball


def _add_clip(rng: np.random.Generator, attenuation: FloatImage, geometry: BreastGeometry, spacing_mm: float) -> None:
    """Draw a wire of 0.25 to 0.4 mm, bent to a ring, a ribbon, a coil or a bar of 2 to 3 mm, somewhere deep."""
    places = np.argwhere(geometry.clear_depth_mm > 12)
    if len(places) == 0:
        return
    centre = places[int(rng.integers(len(places)))] * COARSE
    half, wire, turn = 0.5 * rng.uniform(2.0, 3.0), rng.uniform(0.25, 0.4), rng.uniform(0, 2 * np.pi)
    t = np.linspace(-1, 1, 240)
    shape = int(rng.integers(4))
    if shape == 0:
        across, along = 0.5 * np.sin(np.pi * t), 0.5 * np.cos(np.pi * t)
    elif shape == 1:
        across, along = 0.4 * np.sin(2 * np.pi * t), np.sin(np.pi * t)
    elif shape == 2:
        across, along = 0.3 * np.sin(5 * np.pi * t), t
    else:
        across, along = np.zeros_like(t), t
    # Seen from a chance direction it is foreshortened.
    along = along * rng.uniform(0.5, 1.0)
    path = np.stack([np.sin(turn) * along + np.cos(turn) * across, np.cos(turn) * along - np.sin(turn) * across], 1)
    canvas = np.zeros_like(attenuation)
    points = centre + path * half / spacing_mm
    stamp_path(canvas, points, np.full(len(t), 0.5 * wire / spacing_mm), np.full(len(t), wire))
    attenuation += np.float32(METAL_PER_MM) * canvas


def _add_skin_fold(
    rng: np.random.Generator, attenuation: FloatImage, geometry: BreastGeometry, spacing_mm: float
) -> None:
    """Lay the skin in a fold along the breast's edge near the chest wall: two more layers, sharp on one side."""
    pitch = COARSE * spacing_mm
    depth = geometry.depth_mm
    column_mm = np.arange(depth.shape[1]) * pitch
    near = (depth > 4) & (depth < 14) & (column_mm[None, :] < 45)
    places = np.argwhere(near)
    if len(places) == 0:
        return
    row, column = places[int(rng.integers(len(places)))]
    down, right = (np.asarray(g) for g in np.gradient(ndimage.gaussian_filter(depth, 4.0)))
    tangent = float(np.arctan2(-right[row, column], down[row, column])) + float(rng.normal(0, 0.25))
    length, bend = rng.uniform(18, 55), rng.normal(0, 0.004)
    window, along, across = _coordinates(
        (attenuation.shape[0], attenuation.shape[1]), (row * COARSE, column * COARSE), tangent, length, spacing_mm
    )
    across = across - np.float32(bend) * along**2
    taper = np.sqrt(np.clip(1 - (2 * along / np.float32(length)) ** 2, 0, None))
    step = 1 / (1 + np.exp(-np.clip(across / np.float32(_EDGE_MM), -30, 30)))
    layers = np.float32(rng.uniform(1.4, 2.8)) * step * np.exp(-np.clip(across, 0, None) / rng.uniform(1.0, 3.0))
    # Air is caught before the fold: a dark line beside the bright one.
    gap = np.float32(rng.uniform(0.2, 1.0)) * np.exp(-0.5 * ((across + 0.5) / np.float32(0.3)) ** 2)
    inside = attenuation[window] > 0.3
    fold = np.float32(_SKIN_PER_MM) * (layers - gap) * taper * inside
    attenuation[window] += fold.astype(np.float32)


def _coordinates(
    shape: tuple[int, int], centre: tuple[float, float], angle: float, length_mm: float, spacing_mm: float
) -> tuple[tuple[slice, slice], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return a window about a line's centre, and each pixel's place along and across the line in mm."""
    reach = round(0.6 * length_mm / spacing_mm)
    window = (
        slice(max(0, round(centre[0]) - reach), min(shape[0], round(centre[0]) + reach)),
        slice(max(0, round(centre[1]) - reach), min(shape[1], round(centre[1]) + reach)),
    )
    row = (np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None] - centre[0]) * spacing_mm
    column = (np.arange(window[1].start, window[1].stop, dtype=np.float32)[None, :] - centre[1]) * spacing_mm
    along = np.cos(angle) * column + np.sin(angle) * row
    across = np.cos(angle) * row - np.sin(angle) * column
    return window, along.astype(np.float32), across.astype(np.float32)
