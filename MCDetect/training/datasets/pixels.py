"""The pixels of any file of a data set, bright where tissue attenuates; and outlines as masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, UnidentifiedImageError

from MCDetect.errors import InputError
from MCDetect.training.datasets.record import Region

DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ""})
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})

_SPACING_MM = 0.07  # only sets how coarse the mask of the breast is
_COLOURED = 80  # grey values between the strongest and the weakest colour of a mark; JPEG blurs colours
_BLACK, _WHITE, _NEARLY_ALL = 40, 215, 0.999  # what a picture in black and white alone consists of
_SIMILAR = 0.1  # how far the sides of a mask may stretch apart when it is fitted to its image


def read_pixels_of(path: Path) -> npt.NDArray[np.float32]:
    """Return the grey values of a DICOM file, of a picture (PNG, TIFF, JPEG, PGM) or of an image of DDSM (LJPEG).

    What makes a file a mammogram for detection (its SOP class, its spacing) is not asked: data sets were converted in
    many ways, and CBIS-DDSM's files say that they are secondary captures.

    Raises
    ------
    InputError
        When it is missing, damaged or no grey image.
    """
    if path.suffix.lower() in DICOM_SUFFIXES:
        from MCDetect.dicom.opening import open_dataset, readable_header
        from MCDetect.dicom.pixels import read_pixels

        dataset = open_dataset(path)
        pixels, _ = read_pixels(dataset, readable_header(dataset)[0], str(path))
        return pixels
    if path.suffix.lower() == ".ljpeg":
        from MCDetect.training.datasets.ljpeg import read_ljpeg

        return read_ljpeg(path)
    with _opened(path) as picture:
        grey = picture if picture.mode in ("L", "I", "I;16", "I;16B", "F") else picture.convert("L")
        return np.asarray(grey, dtype=np.float32)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as picture:
            yield picture
    except FileNotFoundError as error:
        raise InputError("no-such-file", f"{path} is missing.", "Copy the data set again.") from error
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
        raise InputError("cannot-decode", f"{path} is a damaged picture.", "Copy the data set again.") from error


def to_8_bit(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return the grey values stretched to 0 to 255, as exporting DICOM to PNG or JPEG does."""
    from MCDetect.preprocessing.intensity import scale_to_unit_range

    stretched: npt.NDArray[np.uint8] = np.rint(255 * scale_to_unit_range(pixels)[0]).astype(np.uint8)
    return stretched


@dataclass(frozen=True)
class PlacedMask:
    """The pixels of a region in its bounding box, whose first pixel is (top, left) of the image."""

    top: int
    left: int
    mask: npt.NDArray[np.bool_]

    def covered(self, top: int, left: int, rows: int, columns: int) -> int:
        """Return how many pixels of the region lie in a rectangle."""
        start = max(0, top - self.top), max(0, left - self.left)
        stop = max(0, top + rows - self.top), max(0, left + columns - self.left)
        return int(self.mask[start[0] : stop[0], start[1] : stop[1]].sum())


def masks_of(
    regions: Iterable[Region], pixels: npt.NDArray[np.float32] | npt.NDArray[np.uint8]
) -> list[tuple[Region, PlacedMask]]:
    """Return regions with their pixels; marks that may be empty are left out where they are.

    The whole breast is no mark: such regions are left out too.

    Raises
    ------
    InputError
        See :func:`mask_of`.
    """
    shape = (pixels.shape[0], pixels.shape[1])
    found = []
    for region in regions:
        if region.is_whole_breast:
            continue
        try:
            found.append((region, mask_of(region, shape)))
        except InputError as error:
            if not (region.may_be_empty and error.code == "empty-region"):
                raise
    return found


def breast_of(pixels: npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> PlacedMask:
    """Return the breast, for data sets that say what a breast has and not where."""
    from MCDetect.preprocessing.breast_mask import breast_mask

    mask = breast_mask(pixels.astype(np.float32), (_SPACING_MM, _SPACING_MM))
    return _placed(mask if mask.any() else np.ones(pixels.shape[:2], dtype=np.bool_), 0, 0)


def mask_of(region: Region, shape: tuple[int, int]) -> PlacedMask:
    """Return the pixels of a region inside an image.

    Raises
    ------
    InputError
        ``bad-mask`` when its mask cannot be read or has another shape, ``empty-region`` when nothing is marked.
    """
    if region.outline:
        placed = _filled(np.asarray(region.outline), shape)
    elif region.mask is not None:
        placed = _placed(_read_mask(region.mask, shape), 0, 0)
    else:
        placed = _placed(np.zeros((0, 0), dtype=np.bool_), 0, 0)
    if not placed.mask.any():
        raise InputError(
            "empty-region",
            f"{region.mask or 'An outline'} marks nothing inside its image.",
            "Leave the image out, or copy the data set again.",
        )
    return placed


def _read_mask(path: Path, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return the marks of a file in the shape of its image.

    Marks are what is not black; in a picture what is coloured, or white where the picture is black and white alone.
    """
    if path.suffix.lower() in PICTURES:
        with _opened(path) as picture:
            colours = np.asarray(picture.convert("RGB"), dtype=np.int16)
        darkest, brightest = colours.min(axis=2), colours.max(axis=2)
        whole: npt.NDArray[np.bool_] = brightest - darkest > _COLOURED
        if not whole.any() and ((brightest < _BLACK) | (darkest > _WHITE)).mean() > _NEARLY_ALL:
            whole = darkest > _WHITE
    else:
        whole = read_pixels_of(path) > 0
    if whole.shape == shape:
        return whole
    stretch = shape[0] / whole.shape[0], shape[1] / whole.shape[1]
    if abs(stretch[0] - stretch[1]) > _SIMILAR * max(stretch):
        raise InputError("bad-mask", f"{path} has another shape than its image.", "Copy the data set again.")
    return np.array(Image.fromarray(whole).resize((shape[1], shape[0]), Image.Resampling.NEAREST), dtype=np.bool_)


def _placed(whole: npt.NDArray[np.bool_], top: int, left: int) -> PlacedMask:
    """Return a mask in its bounding box."""
    rows, columns = np.nonzero(whole.any(axis=1))[0], np.nonzero(whole.any(axis=0))[0]
    if not rows.size:
        return PlacedMask(top, left, np.zeros((0, 0), dtype=np.bool_))
    inside = whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return PlacedMask(top + int(rows[0]), left + int(columns[0]), inside)


def _filled(outline: npt.NDArray[np.float64], shape: tuple[int, int]) -> PlacedMask:
    low = np.clip(np.floor(outline.min(axis=0)), 0, shape).astype(int)
    high = np.clip(np.ceil(outline.max(axis=0)) + 1, 0, shape).astype(int)
    rows, columns = np.maximum(high - low, 0)
    if not rows or not columns:
        return PlacedMask(int(low[0]), int(low[1]), np.zeros((0, 0), dtype=np.bool_))
    canvas = Image.new("1", (int(columns), int(rows)))
    points = [(float(column - low[1]), float(row - low[0])) for row, column in outline]
    if len(points) > 2:
        ImageDraw.Draw(canvas).polygon(points, fill=1, outline=1)
    else:
        ImageDraw.Draw(canvas).line([*points, points[0]], fill=1)
    return _placed(np.array(canvas, dtype=np.bool_), int(low[0]), int(low[1]))
