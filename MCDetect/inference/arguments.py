"""What a caller of the Python interface may pass for an image and for its pixel spacing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from MCDetect.errors import UsageError


def checked_image(pixels: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Return ``pixels`` as float32 (rows, columns).

    Raises
    ------
    UsageError
        ``not-an-image`` unless they are a non-empty, finite 2D array of real numbers.
    """
    image = np.asarray(pixels)
    if image.ndim == 2 and image.size > 0 and image.dtype.kind in "biuf":
        with np.errstate(over="ignore"):
            single = image.astype(np.float32)
        if np.isfinite(single).all():
            return single
    raise UsageError("not-an-image", "The pixels must be a two-dimensional array of finite real numbers.")


def checked_spacing(spacing_mm: npt.ArrayLike) -> tuple[float, float]:
    """Return (between rows, between columns) of one or two numbers in mm.

    Raises
    ------
    UsageError
        ``not-an-image`` unless they are positive.
    """
    try:
        row_mm, column_mm = np.broadcast_to(np.asarray(spacing_mm, dtype=np.float64), (2,)).tolist()
    except (TypeError, ValueError) as error:
        raise UsageError("not-an-image", "The pixel spacing must be one or two numbers in millimetres.") from error
    if not (np.isfinite([row_mm, column_mm]).all() and min(row_mm, column_mm) > 0):
        raise UsageError("not-an-image", "The pixel spacing must be positive millimetres.")
    return row_mm, column_mm
