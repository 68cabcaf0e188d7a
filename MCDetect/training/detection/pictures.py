"""Crops of simulated views for ``docs/detection.md``: each morphology, failures, and whole views of each density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.dicom.reading import read_mammogram
from MCDetect.files import write_atomically
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.training.detection.truths import ViewTruth, read_view_truth

_SIDE_MM = 18.0
_PIXELS = 220
_VIEW_ROWS = 420


def draw_crops(views: Sequence[Path], truths: Sequence[ViewTruth], path: Path) -> Path:
    """Draw the most conspicuous cluster or calcification of each morphology, 18 mm wide, titled."""
    best: dict[str, tuple[float, int, float, float]] = {}
    for index, truth in enumerate(truths):
        for cluster in truth.clusters:
            row, column = np.mean(cluster.outline, axis=0)
            entry = (cluster.signal_to_noise, index, float(row), float(column))
            best[cluster.kind] = max(best.get(cluster.kind, entry), entry)
        clustered = {member for cluster in truth.clusters for member in cluster.members}
        for number, one in enumerate(truth.calcifications):
            if one.kind in ("vascular", "skin") and number not in clustered:
                entry = (one.signal_to_noise, index, one.row, one.column)
                best[one.kind] = max(best.get(one.kind, entry), entry)
    tiles = []
    for kind in sorted(best):
        _, index, row, column = best[kind]
        tiles.append(_tile(np.load(views[index], mmap_mode="r"), row, column, truths[index].spacing_mm, kind))
    return _save(tiles, path)


def draw_failures(
    views: Sequence[Path], missed: Sequence[Mapping[str, Any]], wrong: Sequence[Mapping[str, Any]], path: Path
) -> Path:
    """Draw missed clusters and the false ones of the highest scores, each 18 mm wide with what it is.

    Parameters
    ----------
    views
        All views; the name of each is its number.
    missed, wrong
        Of :mod:`MCDetect.training.detection.sorting`, with view, row and column.
    path
        The picture.
    """
    told = [(one, f"missed: {one['morphology']}") for one in missed]
    told += [(one, f"false: {one['score']:.2f}") for one in wrong]
    of_number = {int(view.stem): view for view in views}
    tiles = []
    for one, text in told:
        view = of_number[one["view"]]
        spacing_mm = read_view_truth(view).spacing_mm
        tiles.append(_tile(np.load(view, mmap_mode="r"), one["row"], one["column"], spacing_mm, text))
    return _save(tiles, path)


def _tile(pixels: npt.NDArray[Any], row: float, column: float, spacing_mm: float, text: str) -> npt.NDArray[np.uint8]:
    return _titled(_crop(pixels, row, column, spacing_mm), text)


def _titled(picture: npt.NDArray[np.uint8], text: str) -> npt.NDArray[np.uint8]:
    """Write a title on a black strip in the upper left corner: tissue may be as bright as letters."""
    from PIL import Image, ImageDraw

    titled = Image.fromarray(picture)
    draw = ImageDraw.Draw(titled)
    left, top, right, bottom = draw.textbbox((6, 4), text)
    draw.rectangle((left - 4, top - 3, right + 4, bottom + 3), fill=0)
    draw.text((6, 4), text, fill=255)
    return np.asarray(titled)


def _save(tiles: list[npt.NDArray[np.uint8]], path: Path) -> Path:
    """Write the tiles in two rows, or in three where only these leave no gap."""
    from PIL import Image

    rows = 3 if len(tiles) % 2 and not len(tiles) % 3 else 2
    columns = max(1, -(-len(tiles) // rows))
    tiles = tiles + [np.zeros((_PIXELS, _PIXELS), np.uint8)] * (rows * columns - len(tiles))
    sheet = np.vstack([np.hstack(tiles[row * columns : (row + 1) * columns]) for row in range(rows)])
    write_atomically(path, partial(Image.fromarray(sheet).save, format="png", optimize=True))
    return path


def draw_side_by_side(real: Sequence[Path], simulated: Sequence[Path], path: Path, most: int = 6) -> Path:
    """Draw crops of real mammograms above crops of simulated views, at random places in the breast, 18 mm wide.

    For the eye alone: where the real ones may not be passed on, neither may the picture.

    Parameters
    ----------
    real
        DICOM files.
    simulated
        Views with their truths beside them.
    path
        The picture.
    most
        Crops of either.
    """
    rng = np.random.default_rng(0)
    tiles = []
    for number in range(most):
        mammogram = read_mammogram(real[number % len(real)])
        spacing = mammogram.spacing.millimetres
        row, column = _place(breast_mask(mammogram.pixels, spacing, mammogram.valid), spacing[0], rng)
        tiles.append(_tile(mammogram.pixels, row, column, spacing[0], "real"))
    for number in range(most):
        view = simulated[number * len(simulated) // most]
        pixels, spacing_mm = np.load(view), read_view_truth(view).spacing_mm
        mask = breast_mask(pixels.astype(np.float32), (spacing_mm, spacing_mm))
        tiles.append(_tile(pixels, *_place(mask, spacing_mm, rng), spacing_mm, "simulated"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return _save(tiles, path)


def _place(breast: npt.NDArray[np.bool_], spacing_mm: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return a random place, deep in the breast if it is large enough."""
    step = max(1, round(1.0 / spacing_mm))  # a millimetre
    deep = ndimage.distance_transform_edt(breast[::step, ::step]) > _SIDE_MM / 2
    places = np.argwhere(deep if deep.any() else breast[::step, ::step])
    row, column = places[rng.integers(len(places))] * step
    return float(row), float(column)


def draw_views(views: Sequence[Path], truths: Sequence[ViewTruth], path: Path) -> Path:
    """Draw the first view of each density class, CC and MLO by turns, side by side with its class."""
    from PIL import Image

    shown = []
    for number, density in enumerate(("a", "b", "c", "d")):
        wanted = [v for v, t in zip(views, truths, strict=True) if t.density == density]
        if wanted:
            pixels = np.load(wanted[min(2 * (number % 2), len(wanted) - 1)], mmap_mode="r")
            picture = Image.fromarray((np.asarray(pixels) >> 4).astype(np.uint8))
            size = (round(_VIEW_ROWS * pixels.shape[1] / pixels.shape[0]), _VIEW_ROWS)
            shown.append(_titled(np.asarray(picture.resize(size, Image.Resampling.LANCZOS)), f"density {density}"))
    write_atomically(path, partial(Image.fromarray(np.hstack(shown)).save, format="png", optimize=True))
    return path


def _crop(pixels: npt.NDArray[Any], row: float, column: float, spacing_mm: float) -> npt.NDArray[np.uint8]:
    from PIL import Image

    half = round(0.5 * _SIDE_MM / spacing_mm)
    top = int(np.clip(round(row) - half, 0, pixels.shape[0] - 2 * half))
    left = int(np.clip(round(column) - half, 0, pixels.shape[1] - 2 * half))
    part = np.asarray(pixels[top : top + 2 * half, left : left + 2 * half], dtype=np.float32)
    low, high = np.percentile(part, [1, 99.9])
    grey = np.clip((part - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(grey).resize((_PIXELS, _PIXELS), Image.Resampling.LANCZOS))
