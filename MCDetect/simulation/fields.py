"""Random fields on image grids: power-law noise, strands along a flow, smooth upsampling.

Wide structure is made on a coarse grid and interpolated, which costs a sixteenth and looks the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage, sparse

FloatImage = npt.NDArray[np.float32]


def power_law_noise(
    rng: np.random.Generator, shape: tuple[int, int], pitch_mm: float, exponent: float, outer_scale_mm: float
) -> FloatImage:
    """Return Gaussian noise with a power spectrum of 1 / (f² + f0²)^(exponent / 2), mean 0 and deviation 1.

    Parameters
    ----------
    pitch_mm
        Distance between grid points.
    exponent
        About 3 for mammographic tissue (Burgess, Jacobson and Judy, Medical Physics 28, 2001, p. 419).
    outer_scale_mm
        1 / f0: no structure grows beyond it.
    """
    rows, columns = (fft.next_fast_len(n + 8, real=True) for n in shape)
    white = rng.standard_normal((rows, columns), dtype=np.float32)
    spectrum = fft.rfft2(white, workers=1)
    vertical = fft.fftfreq(rows, pitch_mm).astype(np.float32)[:, None]
    horizontal = fft.rfftfreq(columns, pitch_mm).astype(np.float32)[None, :]
    spectrum *= (vertical**2 + horizontal**2 + np.float32(outer_scale_mm**-2)) ** np.float32(-exponent / 4)
    spectrum[0, 0] = 0
    noise = fft.irfft2(spectrum, s=(rows, columns), workers=1)[: shape[0], : shape[1]]
    noise /= noise.std()
    return np.ascontiguousarray(noise, dtype=np.float32)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cells: float) -> FloatImage:
    """Return Gaussian noise of deviation about 1 whose features are about ``cells`` grid points wide."""
    coarse = tuple(max(4, int(np.ceil(n / cells)) + 3) for n in shape)
    noise = rng.standard_normal(coarse, dtype=np.float32)
    return upsample(noise, shape, cells) * np.float32(1.5)


def upsample(field: FloatImage, shape: tuple[int, int], factor: float) -> FloatImage:
    """Interpolate by cubic B-splines used as smoothing kernels (no ringing, twice differentiable).

    Grid point (i, j) of ``field`` lies at (i * factor, j * factor) of the result; beyond the last point the field is
    constant.
    """
    rows = _spline_matrix(field.shape[0], shape[0], factor)
    columns = _spline_matrix(field.shape[1], shape[1], factor)
    # The transposed product keeps both sparse products row-wise, which is twice as fast as column-wise.
    across = np.ascontiguousarray((columns @ np.ascontiguousarray(field.T)).T)
    return np.asarray(rows @ across, dtype=np.float32)


def value_at(field: FloatImage, row: float, column: float, cell: int) -> float:
    """Return the value of a field on a grid of ``cell`` pixels at a place in pixels; minus infinity outside."""
    i, j = int(row // cell), int(column // cell)
    if not (0 <= i < field.shape[0] and 0 <= j < field.shape[1]):
        return -np.inf
    return float(field[i, j])


def strands(
    rng: np.random.Generator, along: FloatImage, across: FloatImage, *, length: float, spacing: float, width: float
) -> FloatImage:
    """Return thin, interrupted, meandering lines along a flow, 0 to 1.

    The lines are the zero crossings of smooth noise that is stretched along the flow.

    Parameters
    ----------
    along, across
        Coordinates of every pixel along and across the flow, in mm.
    length, spacing
        Typical length of a line and distance between lines, in mm.
    width
        Full width of a line at half its height, in mm.
    """
    lattice = 5.0  # lattice points in a feature: enough for linear sampling to leave no kinks
    u, v = along * np.float32(lattice / length), across * np.float32(lattice / spacing)
    u -= u.min()
    v -= v.min()
    size = (int(u.max()) + 3, int(v.max()) + 3)
    level = smooth_noise(rng, size, lattice)
    height = smooth_noise(rng, size, 2 * lattice)
    points = np.stack([u, v])
    level = ndimage.map_coordinates(level, points, order=1, mode="nearest", output=np.float32)
    height = ndimage.map_coordinates(height, points, order=1, mode="nearest", output=np.float32)
    # Near a zero crossing the noise changes by about 1.5 in one spacing.
    lines = np.exp(-0.5 * (level * np.float32(spacing / (1.5 * width / 2.355))) ** 2)
    return np.asarray(lines * np.clip(0.45 + 0.55 * height, 0, None), dtype=np.float32)


def stamp_path(
    canvas: FloatImage,
    path: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    thickness: npt.NDArray[np.float64],
) -> None:
    """Raise the canvas, in place, to a string of half ellipsoids.

    Parameters
    ----------
    canvas
        float32 (rows, columns).
    path
        (points, 2) rows and columns; points outside the canvas are clipped.
    radius, thickness
        Of each point: in pixels, and in the unit of the canvas.
    """
    for (y, x), reach, height in zip(path, np.maximum(radius, 0.7), thickness, strict=True):
        top, left = max(0, int(np.floor(y - reach))), max(0, int(np.floor(x - reach)))
        bottom, right = int(np.ceil(y + reach)) + 1, int(np.ceil(x + reach)) + 1
        if bottom <= 0 or right <= 0:
            continue
        window = canvas[top:bottom, left:right]
        if window.size == 0:
            continue
        row = np.arange(top, top + window.shape[0])[:, None] - y
        column = np.arange(left, left + window.shape[1])[None, :] - x
        body = height * np.sqrt(np.clip(1 - (row**2 + column**2) / reach**2, 0, None))
        np.maximum(window, body.astype(np.float32), out=window)


def wandering_path(rng: np.random.Generator, length: int, direction: float, bend: float) -> npt.NDArray[np.float64]:
    """Return (length, 2) rows and columns, one pixel apart, of a gently curved line from (0, 0).

    Parameters
    ----------
    direction
        Radians from the column axis toward growing rows.
    bend
        Typical change of direction over the whole line, in radians.
    """
    t = np.linspace(0, 1, max(4, length))
    heading = direction + bend * (
        rng.normal() * (t - 0.5) + 0.5 * rng.normal() * np.sin(2 * np.pi * t + rng.uniform(0, 2 * np.pi))
    )
    return np.stack([np.cumsum(np.sin(heading)), np.cumsum(np.cos(heading))], axis=1)


def _spline_matrix(coarse: int, fine: int, factor: float) -> sparse.csr_array:
    position = np.minimum(np.arange(fine) / factor, coarse - 1)
    cell = np.floor(position).astype(int)
    t = position - cell
    weights = np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1, dtype=np.float32
    ) / np.float32(6)
    columns = np.clip(cell[:, None] + np.arange(-1, 3)[None, :], 0, coarse - 1)
    rows = np.repeat(np.arange(fine), 4)
    return sparse.csr_array((weights.ravel(), (rows, columns.ravel())), shape=(fine, coarse), dtype=np.float32)
