"""The fixed transformations by which the papers multiply their examples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

Grey = npt.NDArray[np.uint8]


def resized(image: Grey, rows: int, columns: int) -> Grey:
    """Return the image in another size: cubic when it grows, with antialiasing when it shrinks."""
    if image.shape == (rows, columns):
        return image
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
