"""Parts of the picture report: magnified places, what is said of a finding, where its number stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from MCDetect.findings import Cluster, ImageFindings, Origin
from MCDetect.review.hanging import Flips

GAP = 8.0
CAPTION = 24.0
PIXELS_PER_POINT = 2.5
_NUMBER_HEIGHT = 8.0

Place = tuple[float, float]
Box = tuple[float, float, float, float]
"""x, y, width and height in points; y goes up."""


def place_of_number(number: str, corners: Sequence[Place], box: Box, taken: Sequence[Place]) -> Box:
    """Return where the number of a finding stands: beside its outline and inside of the view.

    It covers no number at a place that is ``taken`` where that can be avoided.
    """
    width, height = 4.0 * len(number) + 3.0, _NUMBER_HEIGHT
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    low, high = min(y for _, y in corners), max(y for _, y in corners)
    above_or_below = (high + 1, low - height - 1, high + height + 1, low - 2 * height - 1)
    wanted = [(x, y) for y in above_or_below for x in (left, right - width)]
    wanted += [(right + 1, high - height), (left - width - 1, high - height)]
    places = [
        (min(max(x, box[0]), box[0] + box[2] - width), min(max(y, box[1]), box[1] + box[3] - height)) for x, y in wanted
    ]
    free = (p for p in places if all(abs(p[0] - x) >= width + 1 or abs(p[1] - y) >= height for x, y in taken))
    x, y = next(free, places[0])
    return x, y, width, height


def side_of_pictures(count: int, columns: int, width: float, height: float) -> float:
    """Return how large the pictures of ``count`` findings can be in so many columns."""
    rows = math.ceil(count / columns)
    across = ((width + GAP) / columns - GAP - 2) / 2
    return min(across, (height + GAP) / rows - CAPTION - GAP)


def magnified(
    picture: npt.NDArray[np.uint8], middle: tuple[float, float], extent_mm: float, spacing_mm: float, side: float
) -> tuple[Image.Image, float, tuple[int, int]]:
    """Return the place magnified, how much, and its first row and column; beyond the image it is black."""
    extent = max(8, round(extent_mm / spacing_mm))
    row, column = round(middle[0]) - extent // 2, round(middle[1]) - extent // 2
    rows, columns = picture.shape
    part = np.zeros((extent, extent), dtype=np.uint8)
    top, left = max(0, row), max(0, column)
    bottom, right = min(rows, row + extent), min(columns, column + extent)
    inside = picture[top:bottom, left:right].astype(np.float32)
    low, high = np.percentile(inside, (0.5, 99.95))
    stretched = np.clip((inside - low) / max(1.0, float(high - low)), 0, 1) * 255
    part[top - row : bottom - row, left - column : right - column] = stretched
    pixels = round(side * PIXELS_PER_POINT)
    magnified = Image.fromarray(part).resize((pixels, pixels), Image.Resampling.BICUBIC).convert("RGB")
    return magnified, pixels / extent, (row, column)


def without_isolated(image: ImageFindings) -> ImageFindings:
    """Return the findings without marks of the algorithm that no finding holds; the screen shows none either."""
    left_out = {c.id for c in image.isolated_calcifications if c.origin is Origin.ALGORITHM}
    return replace(image, calcifications=tuple(c for c in image.calcifications if c.id not in left_out))


def kind_of(cluster: Cluster) -> str:
    """Return what a finding is; that it is typically benign is said in words, as a colour is not enough."""
    if not cluster.is_typically_benign:
        return cluster.type_text
    kind = cluster.morphology or cluster.benign_type
    return f"typically benign: {kind.value}" if kind is not None else "typically benign"


def on_page(point: Place, size: tuple[int, int], flips: Flips, box: Box) -> Place:
    """Return where a point of the picture of a view, turned as it hangs, lies on the page, whose y goes up."""
    across, down = point[0] / size[0], point[1] / size[1]
    across = 1 - across if flips.horizontal else across
    down = 1 - down if flips.vertical else down
    return box[0] + across * box[2], box[1] + (1 - down) * box[3]


def flipped(picture: Image.Image, flips: Flips) -> Image.Image:
    """Return a picture turned as its view hangs."""
    picture = ImageOps.mirror(picture) if flips.horizontal else picture
    return ImageOps.flip(picture) if flips.vertical else picture


def cut_to_width(text: str, width: float) -> str:
    """Return as much of a text of 7 points as fits in a width."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    if stringWidth(text, "Helvetica", 7) <= width:
        return text
    while text and stringWidth(f"{text}...", "Helvetica", 7) > width:
        text = text[:-1]
    return f"{text}..."
