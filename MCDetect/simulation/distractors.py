"""Things in a mammogram that look like calcifications to a filter and are none.

Each function returns a contrast map of peak 1 (bright is positive). :func:`draw_distractors` draws some of them and
scales them by the noise, exactly as :mod:`MCDetect.simulation.injection` scales calcifications: a network that learned
the trace of the insertion instead of the calcification would mark these, and is punished for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]
Shape = tuple[int, int]

PROBABILITIES: Mapping[str, float] = MappingProxyType(
    {"pixel defects": 0.30, "strand": 0.40, "tram track": 0.15, "edge": 0.15, "lump": 0.20}
)
"""Probability that a tile holds distractors of each kind."""


def pixel_defects(shape: Shape, random: np.random.Generator) -> FloatImage:
    """Return 1 to 12 hot or dark detector elements: one or two pixels, sharper than any optical image could be."""
    contrast = np.zeros(shape, dtype=np.float32)
    count = int(random.integers(1, 13))
    rows, columns = random.integers(0, shape[0], count), random.integers(0, shape[1], count)
    signs = random.choice([-1.0, 1.0], count) if random.random() < 0.5 else np.ones(count)
    contrast[rows, columns] = signs * random.uniform(0.3, 1.0, count)
    if random.random() < 0.3:
        contrast[np.minimum(rows + 1, shape[0] - 1), columns] = contrast[rows, columns]
    return _peak_one(contrast)


def strand(shape: Shape, random: np.random.Generator) -> FloatImage:
    """Return a curved strand of 14 to 100 pixels: a fibre, a ligament, a vessel, a scratch or a skin fold.

    The strand is a quadratic Bezier curve with a Gaussian profile whose brightness changes slowly along its length.
    """
    return _along(shape, _bezier(shape, random), float(random.uniform(0.5, 2.5)), random)


def tram_track(shape: Shape, random: np.random.Generator) -> FloatImage:
    """Return two parallel strands, 5 to 14 pixels apart: the walls of a vessel, continuous rather than calcified."""
    middle = _bezier(shape, random)
    tangent = np.gradient(middle, axis=0)
    normal = np.stack((-tangent[:, 1], tangent[:, 0]), axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    half_width, sigma = random.uniform(2.5, 7.0), float(random.uniform(0.5, 1.4))
    sides = [_along(shape, middle + side * half_width * normal, sigma, random) for side in (-1, 1)]
    return _peak_one(np.maximum(sides[0], sides[1]))


def edge(shape: Shape, random: np.random.Generator) -> FloatImage:
    """Return a sigmoid step across a straight line that fades with distance: a fold, a clip, the rim of a label."""
    rows, columns = _grid(shape)
    angle = random.uniform(0, 2 * np.pi)
    centre = random.uniform(0.2, 0.8, 2) * shape
    across = (rows - centre[0]) * np.cos(angle) + (columns - centre[1]) * np.sin(angle)
    along = (columns - centre[1]) * np.cos(angle) - (rows - centre[0]) * np.sin(angle)
    step = 1 / (1 + np.exp(-np.clip(across / random.uniform(0.3, 2.5), -30, 30)))
    fade = np.exp(-0.5 * (across / random.uniform(10, 60)) ** 2 - 0.5 * (along / random.uniform(15, 80)) ** 2)
    return _peak_one((step * fade).astype(np.float32))


def lump(shape: Shape, random: np.random.Generator) -> FloatImage:
    """Return 1 to 4 soft elliptical lumps of 4.5 to 9 pixels (standard deviation): lobules, lymph nodes, glands."""
    rows, columns = _grid(shape)
    contrast = np.zeros(shape, dtype=np.float32)
    for _ in range(int(random.integers(1, 5))):
        centre = random.uniform(0, 1, 2) * shape
        sigma, angle = random.uniform(4.5, 9.0), random.uniform(0, np.pi)
        ratio = random.uniform(0.6, 1.0)
        first = (rows - centre[0]) * np.cos(angle) + (columns - centre[1]) * np.sin(angle)
        second = (columns - centre[1]) * np.cos(angle) - (rows - centre[0]) * np.sin(angle)
        weight = np.float32(random.uniform(0.4, 1.0))
        contrast += weight * np.exp(-0.5 * ((first / sigma) ** 2 + (second / (sigma * ratio)) ** 2))
    return _peak_one(contrast)


_MAKERS: Mapping[str, tuple[Callable[[Shape, np.random.Generator], FloatImage], tuple[float, float]]] = (
    MappingProxyType(
        # The second entry is the range of the peak contrast in standard deviations of the pixel noise.
        {
            "pixel defects": (pixel_defects, (3.0, 25.0)),
            "strand": (strand, (1.0, 8.0)),
            "tram track": (tram_track, (1.0, 7.0)),
            "edge": (edge, (2.0, 25.0)),
            "lump": (lump, (1.5, 10.0)),
        }
    )
)


def draw_distractors(
    shape: Shape,
    noise: float,
    random: np.random.Generator,
    probabilities: Mapping[str, float] = PROBABILITIES,
    blur: float = 0.0,
) -> FloatImage:
    """Return the sum of randomly chosen distractors, to be added to an image.

    Parameters
    ----------
    shape
        (rows, columns) of the image.
    noise
        Standard deviation of the image's noise in a difference of Gaussians of 1 and 2 pixels, in image units.
    random
        Every choice is drawn from it.
    probabilities
        Probability of each kind (:data:`PROBABILITIES`).
    blur
        Standard deviation in pixels of the optical blur; detector defects are not blurred.

    Returns
    -------
    float32 array
        (rows, columns), in image units.
    """
    # The noise of a difference of Gaussians is about a quarter of white noise; peaks are set against the pixel noise.
    pixel_noise = 4.0 * noise
    total = np.zeros(shape, dtype=np.float32)
    for name, (make, (low, high)) in _MAKERS.items():
        if random.random() >= probabilities.get(name, 0.0):
            continue
        repeats = 1 if name == "pixel defects" else int(random.integers(1, 4))
        for _ in range(repeats):
            contrast = make(shape, random)
            if blur > 0 and name != "pixel defects":
                contrast = ndimage.gaussian_filter(contrast, blur, truncate=3.0)
            gain = pixel_noise * np.exp(random.uniform(np.log(low), np.log(high)))
            # A dark line or lump is as much a distractor as a bright one, and rarer in a breast.
            sign = -1.0 if name != "pixel defects" and random.random() < 0.2 else 1.0
            total += np.float32(sign * gain) * contrast
    return total


def _grid(shape: Shape) -> tuple[FloatImage, FloatImage]:
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    columns = np.arange(shape[1], dtype=np.float32)[None, :]
    return rows, columns


def _peak_one(contrast: FloatImage) -> FloatImage:
    peak = float(np.abs(contrast).max())
    return contrast / np.float32(peak) if peak > 0 else contrast


def _bezier(shape: Shape, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return points (n, 2) half a pixel apart or closer along a random quadratic curve."""
    length, angle = random.uniform(14, 100), random.uniform(0, 2 * np.pi)
    direction = np.array([np.sin(angle), np.cos(angle)])
    start = random.uniform(0, 1, 2) * shape - 0.5 * length * direction
    end = start + length * direction
    bend = 0.5 * (start + end) + random.normal(0, 0.25 * length) * np.array([direction[1], -direction[0]])
    t = np.linspace(0, 1, int(3 * length))[:, None]
    points: npt.NDArray[np.float64] = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
    return points


def _along(shape: Shape, points: npt.NDArray[np.float64], sigma: float, random: np.random.Generator) -> FloatImage:
    """Draw ``points`` with slowly varying brightness and a Gaussian profile of standard deviation ``sigma``."""
    knots = random.uniform(0.4, 1.0, 5)
    brightness = np.interp(np.linspace(0, 1, len(points)), np.linspace(0, 1, 5), knots)
    # Taper both ends: a strand that ends abruptly would be a rod, which is a calcification.
    brightness *= np.clip(np.minimum(np.arange(len(points)), np.arange(len(points))[::-1]) / 12.0, 0, 1)
    pixels = np.rint(points).astype(int)
    inside = np.all((pixels >= 0) & (pixels < np.array(shape)), axis=1)
    contrast = np.zeros(shape, dtype=np.float32)
    np.maximum.at(contrast, (pixels[inside, 0], pixels[inside, 1]), brightness[inside].astype(np.float32))
    return _peak_one(ndimage.gaussian_filter(contrast, sigma, truncate=3.0))
