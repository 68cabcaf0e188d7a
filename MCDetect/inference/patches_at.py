"""The shallow CNN of Luna-Lozoya 2023 on chosen patches: those round the calcifications that were found.

The score of a cluster asks for the patches round its members and for no other (see ``cluster_score``), so nothing else
is computed. Members lie close together and their patches overlap: patches whose common rectangle costs less than they
would one by one are computed in one piece, and each takes its maximum from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from MCDetect.inference.backends.interface import RunNetwork

FloatImage = npt.NDArray[np.float32]
Corner = tuple[int, int]


@dataclass
class _Rectangle:
    """A rectangle of the image, and the first pixels of the patches in it."""

    top: int
    left: int
    bottom: int
    right: int
    corners: list[Corner]

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    def with_patch(self, corner: Corner, size: int) -> _Rectangle:
        row, column = corner
        return _Rectangle(
            min(self.top, row),
            min(self.left, column),
            max(self.bottom, row + size),
            max(self.right, column + size),
            [*self.corners, corner],
        )


def patch_maxima(
    features: RunNetwork,
    normalised: FloatImage,
    corners: Sequence[Corner],
    patch_size: int,
    *,
    largest: int = 1 << 20,
    report: Callable[[float], None] | None = None,
) -> npt.NDArray[np.float32]:
    """Return the maximum of each feature map over each patch.

    Parameters
    ----------
    features
        Turns float32 (rows, columns) into maps (channels, rows - border, columns - border): convolutions without
        padding, so that a map's value depends on the pixels of its own patch alone.
    normalised
        float32 (rows, columns), at least ``patch_size`` each way.
    corners
        First (row, column) of each patch.
    patch_size
        Side of a patch in pixels.
    largest
        Pixels computed in one piece at most; bounds the memory (64 MiB for 16 maps), does not change the result.
    report
        Called with the fraction done.

    Returns
    -------
    float32 array
        (patches, channels), in the order of ``corners``.

    Raises
    ------
    ValueError
        If a patch does not lie in the image.
    """
    last = [size - patch_size for size in normalised.shape]
    if any(not (0 <= row <= last[0] and 0 <= column <= last[1]) for row, column in corners):
        raise ValueError(f"a patch of {patch_size} does not lie in an image of {normalised.shape}")
    maxima: dict[Corner, npt.NDArray[np.float32]] = {}
    rectangles = _rectangles(sorted(set(corners)), patch_size, largest)
    for number, rectangle in enumerate(rectangles, start=1):
        pixels = normalised[rectangle.top : rectangle.bottom, rectangle.left : rectangle.right]
        inside = [(row - rectangle.top, column - rectangle.left) for row, column in rectangle.corners]
        found = _maxima(features, np.ascontiguousarray(pixels), inside, patch_size)
        maxima.update(zip(rectangle.corners, found, strict=True))
        if report is not None:
            report(number / len(rectangles))
    return np.stack([maxima[corner] for corner in corners])


def _maxima(
    features: RunNetwork, pixels: FloatImage, corners: Sequence[Corner], size: int
) -> Sequence[npt.NDArray[np.float32]]:
    """Return the maxima of the maps of each patch of ``pixels``; a network on a GPU has a method that does it there."""
    there = getattr(features, "maxima", None)
    if there is not None:
        found: Sequence[npt.NDArray[np.float32]] = there(pixels, corners, size)
        return found
    maps = features(pixels)
    window = size - (pixels.shape[0] - maps.shape[1])
    return [maps[:, row : row + window, column : column + window].max(axis=(1, 2)) for row, column in corners]


def _rectangles(corners: Sequence[Corner], size: int, largest: int) -> list[_Rectangle]:
    """Gather patches into rectangles: each joins the one that it enlarges least, if by less than its own area."""
    rectangles: list[_Rectangle] = []
    for corner in corners:
        best, least = None, size * size
        for index, rectangle in enumerate(rectangles):
            joined = rectangle.with_patch(corner, size).area
            if joined <= largest and joined - rectangle.area < least:
                best, least = index, joined - rectangle.area
        if best is None:
            rectangles.append(_Rectangle(*corner, corner[0] + size, corner[1] + size, [corner]))
        else:
            rectangles[best] = rectangles[best].with_patch(corner, size)
    return rectangles
