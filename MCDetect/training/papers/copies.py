"""The fixed transformations by which the papers multiply their examples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import map_coordinates

Grey = npt.NDArray[np.uint8]


INTERPOLATIONS = ("cubic", "linear")


def resized(image: Grey, rows: int, columns: int, interpolation: str = "cubic") -> Grey:
    """Return the image in another size.

    ``"cubic"`` has antialiasing when the image shrinks. ``"linear"`` is OpenCV's ``INTER_LINEAR``: between the four
    pixels around each place, which passes over the others when the image shrinks.
    """
    if image.shape == (rows, columns):
        return image
    if interpolation == "linear":
        sizes = zip((rows, columns), image.shape, strict=True)
        places = np.meshgrid(*[(np.arange(new) + 0.5) * old / new - 0.5 for new, old in sizes], indexing="ij")
        between: Grey = np.rint(map_coordinates(image.astype(np.float32), places, order=1, mode="nearest")).astype(
            np.uint8
        )
        return between
    return np.asarray(Image.fromarray(image).resize((columns, rows), Image.Resampling.BICUBIC))


def _turned(quarters: int) -> Callable[[Grey], Grey]:
    return lambda image: resized(np.ascontiguousarray(np.rot90(image, quarters)), *image.shape)


def _tilted(image: Grey) -> Grey:
    """Return the image turned by 45 degrees and made small enough to fit its frame, black beyond its corners."""
    return resized(np.asarray(Image.fromarray(image).rotate(45, Image.Resampling.BICUBIC, expand=True)), *image.shape)


COPIES: dict[str, Callable[[Grey], Grey]] = {
    "identity": lambda image: image,
    "reflection": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "reflection-rotation-180": lambda image: np.ascontiguousarray(image[::-1]),
    "rotation-45": _tilted,
    "rotation-90": _turned(1),
    "rotation-180": _turned(2),
    "rotation-270": _turned(3),
}
"""By name. A rotation by 360 degrees is the identity."""
