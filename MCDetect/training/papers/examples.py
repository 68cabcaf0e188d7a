"""Cut the examples of a recipe out of one image of a data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.training.datasets.pixels import PlacedMask, breast_of, masks_of, read_pixels_of, to_8_bit
from MCDetect.training.datasets.record import ImageRecord, Region
from MCDetect.training.papers.copies import resized
from MCDetect.training.papers.filters import STEPS
from MCDetect.training.papers.recipe import ExampleSettings

Grey = npt.NDArray[np.uint8]
Place = tuple[int, int, int, int]
"""First row, first column, rows, columns in the stored image."""

NOT_AN_EXAMPLE = -1
"""Label of a tile that is neither positive nor negative; kept for what is looked at on whole images."""

_MOSTLY_BREAST = 0.5


@dataclass(frozen=True)
class Example:
    """One example: uint8 (rows, columns), number of its class, where it lies, whether it is a tile of the grid."""

    pixels: Grey
    label: int
    place: Place
    is_tile: bool


def cut_examples(record: ImageRecord, settings: ExampleSettings) -> list[Example]:
    """Return the examples of an image. Marks that lie in the air beside the breast are not used.

    Raises
    ------
    InputError
        When a file is missing or damaged.
    """
    if settings.task == "regions":
        return list(_regions(record, settings))
    return list(_grid(record, settings))


def _regions(record: ImageRecord, settings: ExampleSettings) -> Iterator[Example]:
    whole: Grey | None = None
    for region in record.calcifications:
        pathology = settings.merged.get(region.pathology, region.pathology)
        if pathology not in settings.classes:
            continue
        if region.crop is not None:
            pixels = to_8_bit(read_pixels_of(region.crop))
            place = (0, 0, *pixels.shape)
        else:
            if whole is None:
                whole = to_8_bit(read_pixels_of(record.image))
            found = [breast_of(whole)] if region.is_whole_breast else [m for _, m in masks_of([region], whole)]
            if not found or not (region.is_whole_breast or _touches(found[0], breast_of(whole))):
                continue
            mask = found[0]
            place = (mask.top, mask.left, *mask.mask.shape)
            pixels = _cut(whole, place)
        shaped = resized(pixels, settings.rows, settings.columns, settings.interpolation)
        for step in settings.steps:
            shaped = STEPS[step](shaped)
        yield Example(shaped, settings.classes.index(pathology), place, False)


def _grid(record: ImageRecord, settings: ExampleSettings) -> Iterator[Example]:
    pixels = read_pixels_of(record.image)
    scale = 1.0
    if settings.spacing_mm is not None and record.spacing_mm is not None:
        scale = settings.spacing_mm / record.spacing_mm
    rows, columns = round(settings.rows * scale), round(settings.columns * scale)
    spacing = record.spacing_mm or 0.07
    breast = breast_mask(pixels, (spacing, spacing))
    grey = to_8_bit(pixels)
    for step in settings.steps:
        grey = STEPS[step](grey)
    marked = masks_of(record.calcifications, grey)
    regions = [(region, mask) for region, mask in marked if _touches(mask, PlacedMask(0, 0, breast))]
    # Where a mark lies in the air, what it was meant for is somewhere else.
    is_annotated = record.is_annotated and len(regions) == len(marked)
    corners = [
        (top, left, True)
        for top in range(0, grey.shape[0] - rows + 1, rows)
        for left in range(0, grey.shape[1] - columns + 1, columns)
    ]
    if settings.centred:
        corners += [
            (*_corner_around(mask, grey.shape, rows, columns), False)
            for region, mask in regions
            if region.is_cluster or not settings.clusters_only
        ]
    for top, left, is_tile in corners:
        place = (top, left, rows, columns)
        inside = np.s_[top : top + rows, left : left + columns]
        label = _label(place, regions, settings)
        is_air = breast[inside].mean() < _MOSTLY_BREAST
        if is_air and label != 1:
            continue
        if label == 0 and not is_annotated:
            label = NOT_AN_EXAMPLE
        shaped = resized(_cut(grey, place), settings.rows, settings.columns, settings.interpolation)
        yield Example(shaped, label, place, is_tile)


def _touches(mask: PlacedMask, breast: PlacedMask) -> bool:
    """Tell whether a region has a pixel in the breast; a breast that was not found has them all."""
    if not breast.mask.any():
        return True
    rows, columns = np.nonzero(mask.mask)
    rows, columns = rows + mask.top - breast.top, columns + mask.left - breast.left
    inside = (rows >= 0) & (columns >= 0) & (rows < breast.mask.shape[0]) & (columns < breast.mask.shape[1])
    return bool(breast.mask[rows[inside], columns[inside]].any())


def _label(place: Place, regions: list[tuple[Region, PlacedMask]], settings: ExampleSettings) -> int:
    label = 0
    for region, mask in regions:
        covered = mask.covered(*place)
        if not covered:
            continue
        counts = region.is_cluster or not settings.clusters_only
        if counts and covered >= settings.minimum_overlap * min(place[2] * place[3], int(mask.mask.sum())):
            return 1
        label = NOT_AN_EXAMPLE
    return label


def _corner_around(mask: PlacedMask, shape: tuple[int, ...], rows: int, columns: int) -> tuple[int, int]:
    """Return the corner of a patch whose middle is that of the region, moved inside of the image."""
    top = mask.top + (mask.mask.shape[0] - rows) // 2
    left = mask.left + (mask.mask.shape[1] - columns) // 2
    return max(0, min(top, shape[0] - rows)), max(0, min(left, shape[1] - columns))


def _cut(image: Grey, place: Place) -> Grey:
    top, left, rows, columns = place
    return np.ascontiguousarray(image[top : top + rows, left : left + columns])
