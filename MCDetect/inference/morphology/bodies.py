"""The body of a calcification in the picture: what is connected to it above half its height over the background.

The network marks pixels that look like a calcification at its own scale. A rod or a coarse calcification is larger than
that and may be marked twice, at its ends. Its body at half height (full width at half maximum, the usual measure of a
bright object) is one, with a sharp edge; a strand or an island of gland is not, for it spreads as the level falls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import ConvexHull

from MCDetect.findings import Calcification

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]

_REACHES_MM = (2.0, 6.0)
"""Half sides of the window that is looked at; the larger one where a body leaves the smaller."""

_RING_MM = (0.5, 1.8)  # beyond the mark: what lies there is background
_LEAST_HEIGHT = 2.0  # of a body over the deviation of what lies round it
_EDGE_MM = 0.05  # standard deviation of the filter that measures the steepness of an edge
_LEAST_STEEPNESS = 2.6, 2.2  # of a body's edge, in heights a mm: median and lower quartile along it
_LEAST_SOLIDITY = 0.65  # share of its convex hull that a body fills; flakes of grain and strands fill half
_ROUNDS = 2  # of height and mask, each of which needs the other
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.bool_)


@dataclass(frozen=True)
class Body:
    """A calcification in a window of the picture.

    Attributes
    ----------
    top, left
        Row and column of the picture where the window begins.
    values
        float32 window of the picture.
    mask
        Pixels of the body, without holes.
    background, height, noise
        Median and robust deviation of what lies round it, and how much it rises over that; in units of the picture.
    spacing_mm
        (between rows, between columns).
    is_sharp
        Whether it has an edge. If not, ``mask`` is the mark itself.
    """

    top: int
    left: int
    values: FloatImage
    mask: BoolImage
    background: float
    height: float
    noise: float
    spacing_mm: tuple[float, float]
    is_sharp: bool

    @property
    def pixels(self) -> npt.NDArray[np.intp]:
        """(n, 2) rows and columns in the picture, sorted."""
        pixels: npt.NDArray[np.intp] = np.argwhere(self.mask) + np.array([self.top, self.left])
        return pixels

    @property
    def relative(self) -> FloatImage:
        """The window as a fraction of the height: 0 is background, 1 the body's own level."""
        scaled: FloatImage = (self.values - np.float32(self.background)) / np.float32(max(self.height, 1e-9))
        return scaled


def find_body(picture: FloatImage, mark: Calcification, spacing_mm: tuple[float, float]) -> Body:
    """Return the body of a marked calcification.

    Parameters
    ----------
    picture
        float32 (rows, columns), bright is attenuating; any linear scale of grey values gives the same body.
    mark
        What the network marked.
    spacing_mm
        (between rows, between columns).
    """
    body = _body_within(picture, mark, spacing_mm, _REACHES_MM[0])
    if body is None:
        body = _body_within(picture, mark, spacing_mm, _REACHES_MM[1])
    return body if body is not None else _mark_itself(picture, mark, spacing_mm)


def _body_within(
    picture: FloatImage, mark: Calcification, spacing_mm: tuple[float, float], reach_mm: float
) -> Body | None:
    """Return the body if it ends within the window, the mark if it has no sharp one, None if it leaves the window."""
    window = _Window(picture, mark, spacing_mm, reach_mm)
    inside = window.seed
    for _ in range(_ROUNDS):
        window.measure_height(inside)
        if window.height < _LEAST_HEIGHT * window.noise:
            return window.body(window.seed, is_sharp=False)
        inside = _connected(window.relative > 0.5, window.seed)
        if _touches_border(inside):
            return None
    whole = ndimage.binary_fill_holes(inside)
    if not inside.any() or not window.has_edge(inside) or solidity(whole) < _LEAST_SOLIDITY:
        return window.body(window.seed, is_sharp=False)
    return window.body(whole, is_sharp=True)


def _mark_itself(picture: FloatImage, mark: Calcification, spacing_mm: tuple[float, float]) -> Body:
    window = _Window(picture, mark, spacing_mm, _REACHES_MM[0])
    return window.body(window.seed, is_sharp=False)


class _Window:
    """The surroundings of a mark: its pixels, the background round it, and how high it rises."""

    def __init__(
        self, picture: FloatImage, mark: Calcification, spacing_mm: tuple[float, float], reach_mm: float
    ) -> None:
        rows, first, length = (np.array(part) for part in zip(*mark.runs, strict=True))
        spacing = np.asarray(spacing_mm)
        reach = np.ceil(reach_mm / spacing).astype(int)
        low = np.maximum(np.array([rows.min(), first.min()]) - reach, 0)
        high = np.minimum(np.array([rows.max(), (first + length).max() - 1]) + reach + 1, picture.shape)
        self.top, self.left = int(low[0]), int(low[1])
        self.values = picture[low[0] : high[0], low[1] : high[1]]
        self.spacing_mm = spacing_mm
        self.seed = np.zeros(self.values.shape, dtype=np.bool_)
        for row, column, count in mark.runs:
            self.seed[row - low[0], column - low[1] : column - low[1] + count] = True
        distance = _distance_from(self.seed, spacing_mm)
        ring = self.values[(distance > _RING_MM[0]) & (distance <= _RING_MM[1])]
        around = ring if ring.size >= 8 else self.values.ravel()
        self.background = float(np.median(around))
        self.noise = max(1.4826 * float(np.median(np.abs(around - self.background))), 1e-6)
        self.measure_height(self.seed)

    def measure_height(self, inside: BoolImage) -> None:
        """Take the height from these pixels."""
        self.height = float(np.percentile(self.values[inside], 75)) - self.background if inside.any() else 0.0
        self.relative = (self.values - np.float32(self.background)) / np.float32(max(self.height, 1e-9))

    def has_edge(self, mask: BoolImage) -> bool:
        """Say whether the picture falls steeply all round ``mask``."""
        sigma = [_EDGE_MM / spacing for spacing in self.spacing_mm]
        near = bounding(mask, 5)
        part, inside = self.relative[near], mask[near]
        down, right = (ndimage.gaussian_filter(part, sigma, order=order) for order in ((1, 0), (0, 1)))
        steepness = np.hypot(down / self.spacing_mm[0], right / self.spacing_mm[1])
        along = steepness[inside & ~ndimage.binary_erosion(inside)]
        quartile, median = np.percentile(along, (25, 50))
        return bool(median >= _LEAST_STEEPNESS[0] and quartile >= _LEAST_STEEPNESS[1])

    def body(self, mask: BoolImage, *, is_sharp: bool) -> Body:
        return Body(
            self.top,
            self.left,
            self.values,
            mask,
            self.background,
            self.height,
            self.noise,
            self.spacing_mm,
            is_sharp,
        )


def bounding(mask: BoolImage, margin: int) -> tuple[slice, slice]:
    """Return the window of a mask with at least one pixel, and a margin."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def solidity(mask: BoolImage) -> float:
    """Return the share of its convex hull that a mask with at least one pixel fills, 0 to 1."""
    pixels = np.argwhere(mask)
    corners = np.concatenate([pixels + offset for offset in ((0, 0), (0, 1), (1, 0), (1, 1))])
    return len(pixels) / float(ConvexHull(corners).volume)


def _distance_from(seed: BoolImage, spacing_mm: tuple[float, float]) -> npt.NDArray[np.float64]:
    distance: npt.NDArray[np.float64] = ndimage.distance_transform_edt(~seed, sampling=spacing_mm)
    return distance


def _connected(above: BoolImage, seed: BoolImage) -> BoolImage:
    """Return the parts of ``above`` that hold a pixel of ``seed``."""
    labels, count = ndimage.label(above, structure=_EIGHT_NEIGHBOURS)
    held = np.zeros(count + 1, dtype=np.bool_)
    held[labels[seed]] = True
    held[0] = False
    connected: BoolImage = held[labels]
    return connected


def _touches_border(mask: BoolImage) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())
