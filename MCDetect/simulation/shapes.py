"""Shapes of single calcifications as maps of calcium thickness along the beam, in millimetres, on a fine grid.

Each function draws one morphology of the ACR BI-RADS Atlas (5th edition, mammography, calcifications). The grid is
square with an odd number of cells and the calcification about its middle; ``step_mm`` is the side of a cell. The
thickness of a compact body is taken as a fraction of its width, as for an ellipsoid seen from a random side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.polygons import inside
from MCDetect.simulation.fields import stamp_path, wandering_path

ThicknessMap = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]


def ellipsoid(rng: np.random.Generator, diameter_mm: float, step_mm: float) -> ThicknessMap:
    """Punctate: a round or oval body with a smooth, slightly uneven outline; ``diameter_mm`` is its long axis."""
    row, column, _ = _grid(0.5 * diameter_mm * 1.25, step_mm)
    ratio = rng.uniform(0.7, 1.0)
    radius = _radius_in_outline(row, column, 0.5 * diameter_mm, ratio, _lobes(rng, 4, 0.06))
    thickness = diameter_mm * ratio * rng.uniform(0.6, 1.0)
    return np.asarray(thickness * np.sqrt(np.clip(1 - radius**2, 0, None)), dtype=np.float32)


def shard(rng: np.random.Generator, diameter_mm: float, step_mm: float) -> ThicknessMap:
    """Fine pleomorphic: an angular fragment, a polygon of 4 to 8 uneven corners with a flat, tilted top."""
    row, column, half = _grid(0.5 * diameter_mm * 1.15, step_mm)
    corners = int(rng.integers(4, 9))
    angles = np.sort((np.arange(corners) + rng.uniform(-0.38, 0.38, corners)) * 2 * np.pi / corners)
    radii = 0.5 * diameter_mm * rng.uniform(0.5, 1.0, corners)
    radii[rng.integers(corners)] = 0.5 * diameter_mm
    ratio, turn = rng.uniform(0.45, 1.0), rng.uniform(0, np.pi)
    y, x = radii * np.sin(angles) * ratio, radii * np.cos(angles)
    y, x = np.cos(turn) * y + np.sin(turn) * x, np.cos(turn) * x - np.sin(turn) * y
    body = inside(np.stack([row, column], axis=-1), np.stack([y, x], axis=-1))
    depth = ndimage.distance_transform_edt(body) * step_mm
    width = max(float(depth.max()), step_mm)
    bevel = np.clip(depth / (rng.uniform(0.35, 0.9) * width), 0, 1)
    tilt = 1 + rng.uniform(-0.35, 0.35) * row / half + rng.uniform(-0.35, 0.35) * column / half
    thickness = 2 * width * rng.uniform(0.7, 1.4)
    return np.asarray(thickness * bevel**0.6 * tilt, dtype=np.float32)


def haze(rng: np.random.Generator, diameter_mm: float, step_mm: float) -> ThicknessMap:
    """Amorphous: specks too small to have a form, thin and without a clear edge."""
    radius_mm = 0.5 * diameter_mm
    row, column, _ = _grid(radius_mm * 1.5, step_mm)
    cloud = np.zeros(row.shape)
    for _ in range(int(rng.integers(3, 10))):
        y, x = rng.normal(0, 0.38 * radius_mm, 2)
        spread = radius_mm * rng.uniform(0.18, 0.45)
        cloud += rng.uniform(0.3, 1.0) * np.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * spread**2))
    edge = np.clip(2.2 - 1.6 * np.hypot(row, column) / radius_mm, 0, 1)
    cloud *= edge / cloud.max()
    return (diameter_mm * rng.uniform(0.25, 0.6) * cloud).astype(np.float32)


def conglomerate(rng: np.random.Generator, diameter_mm: float, step_mm: float) -> ThicknessMap:
    """Coarse heterogeneous: irregular, conspicuous lumps grown together, of uneven density."""
    return _lumps(rng, diameter_mm, step_mm, int(rng.integers(4, 10)), roughness=0.35, flatness=0.55)


def popcorn(rng: np.random.Generator, diameter_mm: float, step_mm: float) -> ThicknessMap:
    """Popcorn of an involuting fibroadenoma: large, dense, many lobes with scalloped edges and gaps."""
    return _lumps(rng, diameter_mm, step_mm, int(rng.integers(10, 24)), roughness=0.25, flatness=0.4)


def rod(rng: np.random.Generator, length_mm: float, width_mm: float, step_mm: float, angle: float) -> ThicknessMap:
    """Fine linear or branching: a thin, irregular, interrupted cast of a duct, at times with branches.

    Parameters
    ----------
    length_mm, width_mm
        Of the main stem; a branch has half to all of its width.
    angle
        Direction of the stem, radians from the column axis toward growing rows.
    """
    size = _cells(0.62 * length_mm + width_mm, step_mm)
    canvas = np.zeros((size, size), dtype=np.float32)
    path = _centred_path(rng, length_mm, step_mm, angle, bend=0.35)
    stems = [(path, width_mm)]
    for _ in range(int(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))):
        start = path[int(rng.integers(len(path) // 4, max(len(path) // 4 + 1, 3 * len(path) // 4)))]
        turn = angle + rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
        branch = _centred_path(rng, length_mm * rng.uniform(0.2, 0.45), step_mm, turn, bend=0.3)
        stems.append((branch - branch[0] + start, width_mm * rng.uniform(0.5, 1.0)))
    density = rng.uniform(0.6, 1.1)
    for points, width in stems:
        beads = ndimage.gaussian_filter1d(rng.standard_normal(len(points)), max(1.0, 0.5 * width / step_mm))
        beads /= max(float(np.abs(beads).max()), 1e-9)
        kept = beads > rng.uniform(-1.0, -0.45)
        stamp_path(
            canvas,
            points[kept] + size // 2,
            0.5 * width * (1 + 0.4 * beads[kept]) / step_mm,
            density * width * (1 + 0.3 * beads[kept]),
        )
    return canvas


def shell(rng: np.random.Generator, diameter_mm: float, step_mm: float, wall: float) -> ThicknessMap:
    """Rim or skin: calcium in the wall of a round body, lucent within.

    Parameters
    ----------
    wall
        Thickness of the wall as a fraction of the radius; the projection is that of a hollow ellipsoid
        (difference of two chord lengths).
    """
    row, column, _ = _grid(0.5 * diameter_mm * 1.3, step_mm)
    ratio = rng.uniform(0.75, 1.0)
    radius = _radius_in_outline(row, column, 0.5 * diameter_mm, ratio, _lobes(rng, 5, 0.05))
    angle = np.arctan2(row, column)
    # The unevenness grows from the middle, where every direction meets.
    uneven = 1 + np.clip(radius, 0, 1) * (
        rng.uniform(0.1, 0.5) * np.cos(angle - rng.uniform(0, 2 * np.pi))
        + 0.15 * np.cos(3 * angle + rng.uniform(0, 2 * np.pi))
    )
    chord = np.sqrt(np.clip(1 - radius**2, 0, None)) - np.sqrt(np.clip((1 - wall) ** 2 - radius**2, 0, None))
    # Eggshell walls are flattened by compression, so their chord is shorter than a sphere's.
    return (0.5 * diameter_mm * rng.uniform(0.5, 0.9) * chord * np.clip(uneven, 0.1, None)).astype(np.float32)


def tram_track(rng: np.random.Generator, length_mm: float, step_mm: float, angle: float) -> ThicknessMap:
    """Vascular: two parallel, interrupted lines of plaque along a curved artery of 0.6 to 1.6 mm."""
    size = _cells(0.6 * length_mm + 1.5, step_mm)
    canvas = np.zeros((size, size), dtype=np.float32)
    calibre, plaque = rng.uniform(0.6, 1.6), rng.uniform(0.1, 0.22)
    path = _centred_path(rng, length_mm, step_mm, angle, bend=0.5)
    tangent = np.gradient(ndimage.gaussian_filter1d(path, 8, axis=0), axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    for side in (-1, 1):
        amount = ndimage.gaussian_filter1d(rng.standard_normal(len(path)), 0.35 / step_mm)
        amount = amount / max(float(amount.std()), 1e-9) + rng.uniform(-0.2, 1.0)
        wall = path + side * 0.5 * calibre / step_mm * normal
        # Every second cell of the path is enough: a plaque is several cells wide.
        kept = np.flatnonzero(amount > 0)[::2]
        strength = np.minimum(1.0, 0.35 + 0.5 * amount[kept])
        radius = 0.5 * plaque * (0.6 + 0.4 * strength) / step_mm
        stamp_path(canvas, wall[kept] + size // 2, radius, plaque * strength)
    return canvas


def _cells(half_extent_mm: float, step_mm: float) -> int:
    return 2 * int(np.ceil(half_extent_mm / step_mm)) + 1


def _grid(half_extent_mm: float, step_mm: float) -> tuple[FloatArray, FloatArray, float]:
    """Row and column coordinates in mm from the middle of an odd square grid, and its half side."""
    half = _cells(half_extent_mm, step_mm) // 2
    axis = np.arange(-half, half + 1) * step_mm
    row, column = np.meshgrid(axis, axis, indexing="ij")
    return row, column, max(half, 1) * step_mm


def _lobes(rng: np.random.Generator, orders: int, strength: float) -> FloatArray:
    """Amplitude and phase of the outline's harmonics 2, 3, ...; higher ones are weaker."""
    order = np.arange(2, 2 + orders)
    return np.stack([order, strength * rng.normal(0, 1, orders) * (2 / order), rng.uniform(0, 2 * np.pi, orders)])


def _radius_in_outline(
    row: FloatArray, column: FloatArray, radius_mm: float, ratio: float, lobes: FloatArray
) -> FloatArray:
    """Distance from the middle in units of an uneven oval outline: 1 on the outline."""
    turn = lobes[2, 0]
    u = np.cos(turn) * column + np.sin(turn) * row
    v = (np.cos(turn) * row - np.sin(turn) * column) / ratio
    angle = np.arctan2(v, u)
    outline = np.ones_like(angle)
    for order, amplitude, phase in lobes.T:
        outline += amplitude * np.cos(order * angle + phase)
    distance: FloatArray = np.hypot(u, v) / (radius_mm * outline)
    return distance


def _lumps(
    rng: np.random.Generator, diameter_mm: float, step_mm: float, count: int, *, roughness: float, flatness: float
) -> ThicknessMap:
    """Ellipsoids grown together about the middle, with an uneven surface."""
    row, column, _ = _grid(0.5 * diameter_mm * 1.2, step_mm)
    body = np.zeros(row.shape)
    elongation = rng.uniform(0.6, 1.0)
    for _ in range(count):
        radius = 0.5 * diameter_mm * rng.uniform(0.22, 0.5)
        reach = 0.5 * diameter_mm - radius
        angle, distance = rng.uniform(0, 2 * np.pi), reach * np.sqrt(rng.uniform(0, 1))
        y, x = distance * np.sin(angle) * elongation, distance * np.cos(angle)
        square = 1 - ((row - y) ** 2 + (column - x) ** 2) / radius**2
        body = np.maximum(body, radius * rng.uniform(0.5, 1.0) * np.sqrt(np.clip(square, 0, None)))
    texture = ndimage.gaussian_filter(rng.standard_normal(row.shape), max(1.0, 0.06 * diameter_mm / step_mm))
    texture /= max(float(texture.std()), 1e-9)
    surface = np.clip(1 + roughness * texture, 0.05, None)
    return np.asarray(2 * flatness * body * surface, dtype=np.float32)


def _centred_path(rng: np.random.Generator, length_mm: float, step_mm: float, angle: float, bend: float) -> FloatArray:
    """Points (row, column) one cell apart along a gently curved line about the middle of the grid, in cells."""
    path = wandering_path(rng, round(length_mm / step_mm), angle, bend)
    return np.asarray(path - 0.5 * (path.min(axis=0) + path.max(axis=0)), dtype=np.float64)
