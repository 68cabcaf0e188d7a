"""The inside of the breast: fat, glandular tissue, Cooper's ligaments, vessels and muscle, as attenuation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MCDetect.simulation.anatomy import COARSE, BreastGeometry
from MCDetect.simulation.fields import (
    FloatImage,
    power_law_noise,
    smooth_noise,
    stamp_path,
    strands,
    upsample,
    wandering_path,
)

FAT_PER_MM, GLAND_PER_MM, CALCIUM_PER_MM = 0.052, 0.080, 1.05
"""Effective linear attenuation at mammography energies."""

FINE = 2
"""Image pixels in one cell of the grid on which tissue is made: 0.14 mm, finer than anything but calcium."""

DENSITY_SHARES = {"a": 0.10, "b": 0.40, "c": 0.38, "d": 0.12}
"""How often each density class of BI-RADS is met in screening."""

_GLAND_AREA = {"a": (0.03, 0.12), "b": (0.18, 0.42), "c": (0.45, 0.70), "d": (0.72, 0.90)}
_GLAND_FRACTION = {"a": (0.18, 0.28), "b": (0.22, 0.36), "c": (0.28, 0.46), "d": (0.36, 0.58)}


@dataclass(frozen=True)
class Tissue:
    """Attenuation of everything but calcium.

    Attributes
    ----------
    attenuation
        float32 (rows, columns) of the image: natural logarithm of the weakening of the primary beam.
    gland
        float32 on the grid of :data:`FINE`: share of the path that is glandular or fibrous.
    density
        BI-RADS density class, ``"a"`` to ``"d"``.
    """

    attenuation: FloatImage
    gland: FloatImage
    density: str


def draw_tissue(
    rng: np.random.Generator, geometry: BreastGeometry, shape: tuple[int, int], spacing_mm: float, density: str | None
) -> Tissue:
    """Fill a breast with tissue.

    Parameters
    ----------
    shape
        (rows, columns) of the image.
    density
        BI-RADS class; by :data:`DENSITY_SHARES` when None.
    """
    if density is None:
        density = str(rng.choice(list(DENSITY_SHARES), p=list(DENSITY_SHARES.values())))
    pitch = FINE * spacing_mm
    grid = (int(np.ceil(shape[0] / FINE)) + 1, int(np.ceil(shape[1] / FINE)) + 1)
    factor = COARSE / FINE
    depth = upsample(geometry.depth_mm, grid, factor)
    thickness = upsample(geometry.thickness_mm, grid, factor)
    flow = _Flow(rng, geometry, grid, pitch)
    gland = _gland(rng, geometry, depth, flow, density, pitch)
    muscle = upsample(geometry.muscle, grid, factor)
    gland = gland * (1 - muscle) + muscle * _muscle_texture(rng, geometry, grid, pitch)
    fibrous_mm = gland * thickness + _vessels(rng, geometry, depth, grid, pitch)
    np.minimum(fibrous_mm, thickness, out=fibrous_mm)
    skin = upsample(geometry.skin_mm, grid, factor)
    difference = GLAND_PER_MM - FAT_PER_MM
    total = FAT_PER_MM * thickness + difference * np.maximum(fibrous_mm, np.minimum(fibrous_mm + skin, thickness))
    return Tissue(upsample(total.astype(np.float32), shape, FINE), gland.astype(np.float32), density)


class _Flow:
    """Coordinates along and across the ducts, which fan out from the nipple, bent by smooth noise."""

    def __init__(
        self, rng: np.random.Generator, geometry: BreastGeometry, grid: tuple[int, int], pitch_mm: float
    ) -> None:
        row = (np.arange(grid[0], dtype=np.float32) * pitch_mm)[:, None]
        column = (np.arange(grid[1], dtype=np.float32) * pitch_mm)[None, :]
        self.row_mm = row - np.float32(geometry.nipple_mm[0])
        # The fan's origin lies well in front of the nipple: behind it ducts run side by side, not from one point.
        self.column_mm = np.float32(geometry.nipple_mm[1] + 12) - column
        cells = 14 / pitch_mm
        bend = np.float32(4.0)
        y = self.row_mm + bend * smooth_noise(rng, grid, cells)
        x = self.column_mm + bend * smooth_noise(rng, grid, cells)
        fine = np.float32(0.9)
        y += fine * smooth_noise(rng, grid, 3.5 / pitch_mm)
        x += fine * smooth_noise(rng, grid, 3.5 / pitch_mm)
        self.radius_mm = np.hypot(y, x)
        self.angle = np.arctan2(y, x)
        self.across_mm = self.angle * np.float32(55.0)


def _gland(
    rng: np.random.Generator,
    geometry: BreastGeometry,
    depth: FloatImage,
    flow: _Flow,
    density: str,
    pitch: float,
) -> FloatImage:
    """Share of the path that is glandular or fibrous tissue, muscle apart."""
    grid = (depth.shape[0], depth.shape[1])
    scale = geometry.compressed_mm / 52
    fat_layer = scale * rng.uniform(6, 13) * (1 + 0.35 * smooth_noise(rng, grid, 28 / pitch))
    # Toward the nipple the layer of fat thins out and gland reaches the skin.
    fat_layer *= 1 - 0.8 * np.exp(-((flow.row_mm / np.float32(14 * scale)) ** 2)) * (flow.column_mm < 60 * scale)
    body = np.tanh((depth - fat_layer) / np.float32(5 * scale))
    centre = scale * rng.normal(-8, 12)
    spread = np.float32(scale * rng.uniform(38, 65))
    body += 0.9 * np.exp(-(((flow.row_mm - centre) / spread) ** 2)) - 0.9
    body -= np.float32(rng.uniform(0, 1.2)) * np.clip(flow.column_mm / np.float32(75 * scale) - 0.75, 0, 1)
    # Wide, soft differences decide where gland lies; layers above each other leave no sharp outlines in projection.
    wide = power_law_noise(rng, grid, pitch, 4.2, 45.0)
    lobules = np.minimum(smooth_noise(rng, grid, rng.uniform(5, 9) / pitch), 0.5)
    threads = (
        0.50 * strands(rng, flow.radius_mm, flow.across_mm, 26, 6.0, 1.5)
        + 0.45 * strands(rng, flow.radius_mm, flow.across_mm, 15, 3.2, 0.8)
        + 0.40 * strands(rng, flow.radius_mm, flow.across_mm, 8, 1.8, 0.5)
        + 0.35 * strands(rng, flow.across_mm, flow.radius_mm, 10, 3.0, 0.5)
    )
    field = 1.6 * body + 0.85 * wide + 0.45 * lobules + 0.5 * threads
    inside = depth > fat_layer * 0.5
    area, fraction = rng.uniform(*_GLAND_AREA[density]), rng.uniform(*_GLAND_FRACTION[density])
    threshold = np.quantile(field[inside][::17], 1 - area) if inside.any() else 0.0
    softness = np.float32(rng.uniform(0.28, 0.48))
    gland = 1 / (1 + np.exp(np.clip((threshold - field) / softness, -30, 30)))
    clouds = power_law_noise(rng, grid, pitch, 3.1, 20.0)
    fibrils = power_law_noise(rng, grid, pitch, 2.2, 2.5)
    texture = np.exp(0.42 * clouds + 0.10 * fibrils + 0.35 * lobules + 0.85 * (threads - 0.4))
    ligaments = _ligaments(rng, geometry, depth, flow, pitch)
    fat = 0.05 + 0.022 * clouds + 0.007 * fibrils + 0.10 * threads + ligaments
    share = np.float32(fraction) * gland * texture + (1 - 0.6 * gland) * fat
    # Fibrous tissue never fills the whole path: the brightest places saturate softly.
    return np.asarray(np.tanh(np.clip(share, 0.0, None)), dtype=np.float32)


def _ligaments(
    rng: np.random.Generator, geometry: BreastGeometry, depth: FloatImage, flow: _Flow, pitch: float
) -> FloatImage:
    """Cooper's ligaments: thin septa that arch between the gland and the skin; most lie in the subcutaneous fat."""
    arched = flow.across_mm + np.float32(0.7) * depth
    net = strands(rng, flow.radius_mm, arched, 24, 6.0, 0.42)
    along_skin = strands(rng, flow.across_mm * np.float32(1.2), depth, 20, 4.0, 0.35)
    canvas = np.zeros(depth.shape, dtype=np.float32)
    candidates = np.argwhere((depth[::16, ::16] > 2) & (depth[::16, ::16] < 22)) * 16.0
    count = min(len(candidates), int(rng.integers(25, 60)))
    for start in candidates[rng.permutation(len(candidates))[:count]]:
        length = int(rng.uniform(8, 34) / pitch)
        path = start + wandering_path(rng, length, rng.uniform(0, 2 * np.pi), 0.9)
        taper = np.sin(np.pi * np.linspace(0.05, 0.95, len(path)))
        width = rng.uniform(0.12, 0.30) / pitch
        stamp_path(canvas, path, np.full(len(path), width), taper * rng.uniform(0.05, 0.16))
    near_skin = np.exp(-np.clip(depth - 6, 0, None) / np.float32(14))
    return near_skin * (0.13 * net + 0.10 * along_skin) + canvas


def _vessels(
    rng: np.random.Generator, geometry: BreastGeometry, depth: FloatImage, grid: tuple[int, int], pitch: float
) -> FloatImage:
    """Veins and arteries as round tubes (mm of blood along the beam), with branches."""
    canvas = np.zeros(grid, dtype=np.float32)
    candidates = np.argwhere((depth[::16, ::16] > 5) & (depth[::16, ::16] < 30)) * 16.0
    if len(candidates) == 0:
        return canvas
    nipple = np.array(geometry.nipple_mm) / pitch
    for start in candidates[rng.integers(0, len(candidates), int(rng.integers(4, 10)))]:
        calibre = rng.uniform(0.7, 2.0)
        length = int(rng.uniform(25, 75) / pitch)
        away = np.arctan2(start[0] - nipple[0], start[1] - nipple[1]) + rng.normal(0, 0.5)
        path = start + wandering_path(rng, length, away, 0.8)
        widths = calibre * np.linspace(0.6, 1.0, len(path))
        stamp_path(canvas, path, 0.5 * widths / pitch, widths)
        fork = path[int(rng.uniform(0.2, 0.8) * len(path))]
        branch = fork + wandering_path(rng, length // 2, away + rng.choice([-1, 1]) * rng.uniform(0.4, 0.9), 0.8)
        stamp_path(canvas, branch, np.full(len(branch), 0.3 * calibre / pitch), np.full(len(branch), 0.6 * calibre))
    return canvas * np.clip(depth / np.float32(4), 0, 1)


def _muscle_texture(
    rng: np.random.Generator, geometry: BreastGeometry, grid: tuple[int, int], pitch: float
) -> npt.NDArray[np.float32]:
    """Bundles of fibres along the muscle's edge, about 1."""
    if not geometry.muscle.any():
        return np.zeros(grid, dtype=np.float32)
    row = (np.arange(grid[0], dtype=np.float32) * pitch)[:, None]
    column = (np.arange(grid[1], dtype=np.float32) * pitch)[None, :]
    cosine, sine = np.float32(np.cos(geometry.muscle_direction)), np.float32(np.sin(geometry.muscle_direction))
    along = cosine * column + sine * row + 3 * smooth_noise(rng, grid, 20 / pitch)
    across = cosine * row - sine * column + 2 * smooth_noise(rng, grid, 20 / pitch)
    fibres = strands(rng, along, across, 30, 3.0, 1.0)
    return 0.55 + 0.10 * fibres + 0.06 * power_law_noise(rng, grid, pitch, 2.8, 15.0)
