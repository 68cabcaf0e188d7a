"""PNG and TIFF pictures of mammograms: grey values without a header, so the user gives the spacing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from MCDetect.dicom.failures import without_warnings
from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.pixels import LARGEST_COUNT, LARGEST_SIDE, finish
from MCDetect.dicom.spacing import spacing_given
from MCDetect.errors import InputError

PICTURE_SUFFIXES = frozenset({".png", ".tif", ".tiff"})
"""Suffixes looked for in folders; a file given by name is recognised by its first bytes."""

_GREY_MODES = frozenset({"L", "I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
_WARNINGS = (
    "This is a picture without a DICOM header: laterality and view are unknown, its spacing is the user's.",
    "If it is a scan of a film, scratches, dust and the film's edges may be marked: the model was made for digital "
    "mammography.",
)


def read_picture(path: Path, spacing_mm: float | None) -> Mammogram:
    """Read a PNG or TIFF picture of a mammogram.

    Bright must be attenuating, as in every For Presentation image. 8 and 16 bits, grey, or colour with three equal
    channels; transparency is ignored where everything is opaque. TIFF's "white is zero" is mirrored by Pillow for
    8 bits and here for the others.

    Raises
    ------
    InputError
        ``no-spacing``, ``truncated``, ``cannot-decode``, ``colour-image``, ``multi-frame`` or ``empty-image``.
    """
    if spacing_mm is None:
        raise InputError(
            "no-spacing",
            f"{path} is a picture and does not say how many millimetres a pixel measures.",
            "Give the pixel spacing with --spacing (millimetres, for example --spacing 0.07).",
        )
    spacing = spacing_given(spacing_mm)
    pixels = _grey_values(path)
    valid = np.ones(pixels.shape, dtype=bool)
    return Mammogram(
        pixels=finish(pixels, valid, str(path)),
        valid=valid,
        spacing=spacing,
        laterality="",
        view="",
        source=str(path),
        header=None,
        warnings=_WARNINGS,
    )


def _grey_values(path: Path) -> npt.NDArray[np.float32]:
    try:
        with without_warnings(), Image.open(path, formats=("PNG", "TIFF")) as picture:
            if max(picture.size) > LARGEST_SIDE or picture.width * picture.height > LARGEST_COUNT:
                raise InputError("cannot-decode", f"{path} is too large: {picture.width} x {picture.height} pixels.")
            if getattr(picture, "n_frames", 1) > 1:
                raise InputError("multi-frame", f"{path} holds several pictures.", "Give one picture a file.")
            mode = picture.mode
            white_is_zero = picture.format == "TIFF" and _white_is_zero(picture)
            picture.load()
            values = np.asarray(picture if mode in _GREY_MODES else picture.convert("RGBA"))
    except Image.DecompressionBombError as error:
        raise InputError("cannot-decode", f"{path} is too large for a mammogram.") from error
    except UnidentifiedImageError as error:
        raise InputError("cannot-decode", f"{path} is a damaged PNG or TIFF picture.", "Export it again.") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        RuntimeError,
        OverflowError,
        MemoryError,
    ) as error:
        is_cut = "truncated" in str(error) or "broken data stream" in str(error)
        code, what = ("truncated", "is cut short") if is_cut else ("cannot-decode", "cannot be decoded")
        raise InputError(code, f"The picture {path} {what}.", "Export it again.") from error
    if mode not in _GREY_MODES:
        values = _only_channel(values, path)
    elif white_is_zero and mode != "L":
        values = _mirrored(values)
    pixels = values.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise InputError("cannot-decode", f"The picture {path} holds values that are not numbers.", "Export it again.")
    return pixels


def _mirrored(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return grey values mirrored in their range; floating-point ones have none, so their largest becomes black."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite then is refused by the caller
        white = values.max() if np.issubdtype(values.dtype, np.floating) else np.iinfo(values.dtype).max
        return np.asarray(white - values)


def _only_channel(channels: npt.NDArray[np.uint8], path: Path) -> npt.NDArray[np.uint8]:
    red, green, blue, opacity = (channels[..., i] for i in range(4))
    if not (np.array_equal(red, green) and np.array_equal(red, blue)):
        raise InputError("colour-image", f"{path} is a colour picture, and a mammogram is grey.", "Give the original.")
    if not (opacity == opacity.flat[0]).all():
        raise InputError("colour-image", f"{path} has transparent parts.", "Export it without transparency.")
    return red


def _white_is_zero(picture: Image.Image) -> bool:
    photometric_interpretation = 262
    tags = getattr(picture, "tag_v2", {})
    return bool(tags.get(photometric_interpretation) == 0)
