"""What is seen in a viewport: an image, whole and in the middle of it, with coloured things over it.

A screen is (rows, columns, 3); positions on it and in the image are (row, column).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Picture = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Shape = tuple[int, int]


def place_on(screen: Picture, image: Picture) -> Picture:
    """Return an image as it is to be seen on the screen."""
    rows, columns = image.shape
    scale = min(screen.shape[0] / rows, screen.shape[1] / columns)
    row, column = np.indices(screen.shape[:2])
    row = (row + 0.5 - screen.shape[0] / 2) / scale + rows / 2 - 0.5
    column = (column + 0.5 - screen.shape[1] / 2) / scale + columns / 2 - 0.5
    return ndimage.map_coordinates(image, [row, column], order=1)


def points_on(screen: Picture, shape: Shape, points: Sequence[Sequence[float]]) -> Picture:
    """Return where points of an image of ``shape`` are to be seen on the screen."""
    rows, columns = shape
    scale = min(screen.shape[0] / rows, screen.shape[1] / columns)
    middle = np.array([rows, columns]) / 2 - 0.5
    return (np.array(points) - middle) * scale + np.array(screen.shape[:2]) / 2 - 0.5


def coloured(screen: Picture, shape: Shape) -> Mask:
    """Return where the screen is not grey, inside an image of ``shape`` and off the viewport's own frame."""
    is_image = place_on(screen, np.ones(shape)) > 0.5
    is_image[:6], is_image[-6:] = False, False
    return is_image & (screen.max(axis=2) - screen.min(axis=2) > 25)


def similarity(screen: Picture, image: Picture) -> float:
    """Return the correlation of what is on the screen with an image, beside everything coloured."""
    plain = ~ndimage.binary_dilation(coloured(screen, image.shape), iterations=8)
    seen, wanted = (ndimage.gaussian_filter(picture, 3.0) for picture in (screen.mean(axis=2), place_on(screen, image)))
    inside = plain & (place_on(screen, np.ones(image.shape)) > 0.5)
    return float(np.corrcoef(seen[inside], wanted[inside])[0, 1])


def outline_on(screen: Picture, shape: Shape, corners: Sequence[Sequence[float]]) -> tuple[npt.NDArray[np.intp], ...]:
    """Return the rows and columns of the screen's pixels on the closed outline between ``corners``."""
    places = points_on(screen, shape, [*corners, corners[0]])
    steps = np.linspace(0, 1, 100)[:, None]
    along = np.concatenate([first + steps * (second - first) for first, second in pairwise(places)])
    return tuple(np.rint(along).astype(np.intp).T)
