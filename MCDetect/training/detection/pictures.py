"""Crops of simulated views for ``docs/detection.md``: one of each morphology, and whole views of each density."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from MCDetect.files import write_atomically
from MCDetect.training.detection.truths import ViewTruth

_SIDE_MM = 18.0
_PIXELS = 220
_VIEW_ROWS = 420


def draw_crops(views: Sequence[Path], truths: Sequence[ViewTruth], path: Path) -> Path:
    """Draw the most conspicuous cluster or calcification of each morphology, 18 mm wide, titled."""
    from PIL import Image, ImageDraw

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
        tile = Image.fromarray(_crop(np.load(views[index], mmap_mode="r"), row, column, truths[index].spacing_mm))
        ImageDraw.Draw(tile).text((5, 3), kind, fill=255)
        tiles.append(np.asarray(tile))
    columns = max(1, -(-len(tiles) // 2))
    tiles += [np.zeros((_PIXELS, _PIXELS), np.uint8)] * (2 * columns - len(tiles))
    sheet = np.vstack([np.hstack(tiles[:columns]), np.hstack(tiles[columns:])])
    write_atomically(path, partial(Image.fromarray(sheet).save, format="png", optimize=True))
    return path


def draw_views(views: Sequence[Path], truths: Sequence[ViewTruth], path: Path) -> Path:
    """Draw the first view of each density class, CC and MLO by turns, side by side."""
    from PIL import Image

    shown = []
    for number, density in enumerate(("a", "b", "c", "d")):
        wanted = [v for v, t in zip(views, truths, strict=True) if t.density == density]
        if wanted:
            pixels = np.load(wanted[min(2 * (number % 2), len(wanted) - 1)], mmap_mode="r")
            picture = Image.fromarray((np.asarray(pixels) >> 4).astype(np.uint8))
            size = (round(_VIEW_ROWS * pixels.shape[1] / pixels.shape[0]), _VIEW_ROWS)
            shown.append(np.asarray(picture.resize(size, Image.Resampling.LANCZOS)))
    write_atomically(path, partial(Image.fromarray(np.hstack(shown)).save, format="png", optimize=True))
    return path


def _crop(pixels: npt.NDArray[np.uint16], row: float, column: float, spacing_mm: float) -> npt.NDArray[np.uint8]:
    from PIL import Image

    half = round(0.5 * _SIDE_MM / spacing_mm)
    top = int(np.clip(round(row) - half, 0, pixels.shape[0] - 2 * half))
    left = int(np.clip(round(column) - half, 0, pixels.shape[1] - 2 * half))
    part = np.asarray(pixels[top : top + 2 * half, left : left + 2 * half], dtype=np.float32)
    low, high = np.percentile(part, [1, 99.9])
    grey = np.clip((part - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(grey).resize((_PIXELS, _PIXELS), Image.Resampling.LANCZOS))
