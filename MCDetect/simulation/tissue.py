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
        density = draw_density(rng)
    pitch = FINE * spacing_mm
    grid = (int(np.ceil(shape[0] / FINE)) + 1, int(np.ceil(shape[1] / FINE)) + 1)
    factor = COARSE / FINE
    depth = upsample(geometry.depth_mm, grid, factor)
    thickness = upsample(geometry.thickness_mm, grid, factor)
    flow = _Flow(rng, geometry, grid, pitch)
    gland = _gland(rng, geometry, depth, flow, density=density, pitch=pitch)
    muscle = upsample(geometry.muscle, grid, factor)
    # What lies in front of the muscle is mostly fat: gland hardly reaches over it.
    gland *= (1 - muscle) * (1 - np.float32(0.75) * np.clip(muscle / np.float32(0.45), 0, 1))
    gland += muscle * _muscle_texture(rng, geometry, grid, pitch)
    fibrous_mm = gland * thickness + _vessels(rng, geometry, depth, grid, pitch)
    np.minimum(fibrous_mm, thickness, out=fibrous_mm)
    skin = upsample(geometry.skin_mm, grid, factor)
    difference = GLAND_PER_MM - FAT_PER_MM
    total = FAT_PER_MM * thickness + difference * np.minimum(fibrous_mm + np.float32(1.25) * skin, thickness)
    return Tissue(upsample(total.astype(np.float32), shape, FINE), gland.astype(np.float32), density)


def draw_density(rng: np.random.Generator) -> str:
    """Return a density class of BI-RADS, ``"a"`` to ``"d"``, by :data:`DENSITY_SHARES`."""
    return str(rng.choice(list(DENSITY_SHARES), p=list(DENSITY_SHARES.values())))


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
        self.radius_mm: FloatImage = np.hypot(y, x)
        self.across_mm: FloatImage = np.arctan2(y, x) * np.float32(55.0)


def _gland(
    rng: np.random.Generator,
    geometry: BreastGeometry,
    depth: FloatImage,
    flow: _Flow,
    *,
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
    along, across = flow.radius_mm, flow.across_mm
    slope = np.float32(0.7)
    rising: FloatImage = across - slope * along
    falling: FloatImage = across + slope * along
    wide_threads = 0.5 * _wide_strands(rng, along, across, length=26, spacing=6.0, width=1.6) + 0.35 * _wide_strands(
        rng, along + slope * across, rising, length=16, spacing=4.5, width=1.1
    )
    fine_threads = (
        0.45 * strands(rng, along, across, length=12, spacing=2.4, width=0.6)
        + 0.40 * strands(rng, along - slope * across, falling, length=9, spacing=2.2, width=0.45)
        + 0.30 * strands(rng, along, across, length=6, spacing=1.3, width=0.35)
    )
    # Trabeculae around lobules of fat: loops, hardly longer than wide.
    net = _wide_strands(rng, across, along, length=13, spacing=9.0, width=2.6)
    field = 1.7 * body + 0.65 * wide + 0.40 * lobules + 0.35 * net + 0.45 * wide_threads
    inside = depth > fat_layer * 0.5
    area, fraction = rng.uniform(*_GLAND_AREA[density]), rng.uniform(*_GLAND_FRACTION[density])
    threshold = np.quantile(field[inside][::17], 1 - area) if inside.any() else 0.0
    softness = np.float32(rng.uniform(0.35, 0.6))
    gland = 1 / (1 + np.exp(np.clip((threshold - field) / softness, -30, 30)))
    clouds = power_law_noise(rng, grid, pitch, 3.6, 14.0)
    fibrils = power_law_noise(rng, grid, pitch, 2.2, 1.6)
    texture = np.exp(
        0.52 * clouds
        + 0.17 * fibrils
        + 0.25 * lobules
        + 0.35 * (net - 0.3)
        + 0.66 * (wide_threads - 0.25)
        + 1.15 * (fine_threads - 0.3)
    )
    ligaments = _ligaments(rng, depth, flow, pitch)
    fat = 0.06 + 0.068 * clouds + 0.019 * fibrils + 0.08 * wide_threads + 0.16 * fine_threads + ligaments
    # The nipple and the tissue just behind it are fibrous.
    row, column = flow.row_mm, flow.column_mm - 12
    nipple = np.exp(-((row / np.float32(6)) ** 2) - ((column + 1) / np.float32(7)) ** 2)
    fat = fat + np.float32(0.35) * nipple
    share = np.float32(fraction) * gland * texture + (1 - 0.6 * gland) * fat
    # Fibrous tissue never fills the whole path: the brightest places saturate softly.
    return np.asarray(np.tanh(np.clip(np.float32(1.3) * share, 0.0, None)) / np.float32(1.3), dtype=np.float32)


def _wide_strands(
    rng: np.random.Generator, along: FloatImage, across: FloatImage, *, length: float, spacing: float, width: float
) -> FloatImage:
    """:func:`strands` of a millimetre and more, made on every second point."""
    thin = strands(rng, along[::2, ::2], across[::2, ::2], length=length, spacing=spacing, width=width)
    return upsample(thin, (along.shape[0], along.shape[1]), 2)


def _ligaments(rng: np.random.Generator, depth: FloatImage, flow: _Flow, pitch: float) -> FloatImage:
    """Cooper's ligaments: thin septa that arch between the gland and the skin; most lie in the subcutaneous fat."""
    arched = flow.across_mm + np.float32(0.7) * depth
    net = strands(rng, flow.radius_mm, arched, length=24, spacing=6.0, width=0.42)
    along_skin = strands(rng, flow.across_mm * np.float32(1.2), depth, length=20, spacing=4.0, width=0.35)
    canvas = np.zeros(depth.shape, dtype=np.float32)
    candidates = np.argwhere((depth[::16, ::16] > 2) & (depth[::16, ::16] < 22)) * 16.0
    count = min(len(candidates), int(rng.integers(25, 60)))
    for start in candidates[rng.permutation(len(candidates))[:count]]:
        length = int(rng.uniform(8, 34) / pitch)
        path = start + wandering_path(rng, length, rng.uniform(0, 2 * np.pi), 0.5)
        taper = np.sin(np.pi * np.linspace(0.05, 0.95, len(path)))
        width = rng.uniform(0.12, 0.30) / pitch
        stamp_path(canvas, path, np.full(len(path), width), taper * rng.uniform(0.05, 0.16))
    near_skin = np.exp(-np.clip(depth - 6, 0, None) / np.float32(14))
    return np.asarray(near_skin * (0.20 * net + 0.15 * along_skin) + canvas, dtype=np.float32)


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
        calibre = rng.uniform(0.5, 1.5)
        length = int(rng.uniform(25, 75) / pitch)
        away = np.arctan2(start[0] - nipple[0], start[1] - nipple[1]) + rng.normal(0, 0.5)
        path = start + wandering_path(rng, length, away, 0.35)
        widths = calibre * np.linspace(0.6, 1.0, len(path))
        stamp_path(canvas, path, 0.5 * widths / pitch, widths)
        fork = path[int(rng.uniform(0.2, 0.8) * len(path))]
        branch = fork + wandering_path(rng, length // 2, away + rng.choice([-1, 1]) * rng.uniform(0.3, 0.7), 0.35)
        stamp_path(canvas, branch, np.full(len(branch), 0.3 * calibre / pitch), np.full(len(branch), 0.6 * calibre))
    return np.asarray(canvas * np.clip(depth / np.float32(4), 0, 1), dtype=np.float32)


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
    fibres = strands(rng, along, across, length=30, spacing=3.0, width=1.0)
    return 0.36 + 0.06 * fibres + 0.015 * power_law_noise(rng, grid, pitch, 3.0, 15.0)
