"""Magnified details of the clusters: plain and with marks, side by side."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from MCDetect.findings import Cluster, ImageFindings
from MCDetect.pictures import style
from MCDetect.pictures.marks import Placement, draw_findings
from MCDetect.pictures.scale_bar import draw_scale_bar
from MCDetect.pictures.text import draw_lines, wrap

MOST_DETAILS = 4
_MAGNIFICATION = 3.0
_MARGIN_MM = 2.0


def draw_details(
    picture: npt.NDArray[np.uint8], image: ImageFindings, height: int, sizes: style.Sizes
) -> Image.Image | None:
    """Return a panel with the clusters of the highest scores magnified.

    Each cluster is shown twice at the same place: as it is, so that marks hide nothing, and with its marks. The grey
    values of a detail are stretched to what occurs in it, as a radiologist narrows the window over a finding.

    Parameters
    ----------
    picture
        uint8, (rows, columns): the view as it is shown.
    image
        The findings in it.
    height
        Height of the panel in pixels.
    sizes
        Sizes of text and lines.

    Returns
    -------
    PIL.Image.Image or None
        RGB, or None when there is no cluster.
    """
    clusters = sorted(image.clusters, key=lambda cluster: -cluster.score)[:MOST_DETAILS]
    if not clusters:
        return None
    caption = round(2.9 * sizes.text)
    side = _side(clusters, image, height, caption + sizes.gap, sizes)
    panel = Image.new("RGB", (2 * side + 3 * sizes.gap, height), style.BAND)
    canvas = ImageDraw.Draw(panel)
    top = sizes.gap
    for cluster in clusters:
        plain, marked, magnification = _detail(picture, image, cluster, side, sizes)
        caption_text = (
            f"Cluster {cluster.id}   score {cluster.score:.2f}   {magnification:.1f} x\n"
            f"{cluster.count} calcifications   {cluster.diameter_mm:.1f} mm   {cluster.distribution.value}"
        )
        lines = [line for part in caption_text.split("\n") for line in wrap(part, sizes.text, 2 * side)]
        draw_lines(canvas, (sizes.gap, top), lines[:2], sizes.text, style.TEXT)
        panel.paste(plain, (sizes.gap, top + caption))
        panel.paste(marked, (side + 2 * sizes.gap, top + caption))
        top += side + caption + sizes.gap
    return panel


def _side(clusters: list[Cluster], image: ImageFindings, height: int, spent: int, sizes: style.Sizes) -> int:
    """Return the side of a detail: a quarter of the panel, more where a large cluster needs it and there is room."""
    usual, most = ((height - sizes.gap) // count - spent for count in (MOST_DETAILS, len(clusters)))
    needed = math.ceil(_MAGNIFICATION * max(_needed(cluster, image) for cluster in clusters))
    return max(8 * sizes.text, min(most, max(usual, needed)))


def _needed(cluster: Cluster, image: ImageFindings) -> float:
    """Return the side, in image pixels, of the square that holds a cluster and some tissue round it."""
    rows, columns = [row for row, _ in cluster.outline], [column for _, column in cluster.outline]
    return max(max(rows) - min(rows), max(columns) - min(columns)) + 2 * _MARGIN_MM / min(image.spacing_mm)


def _detail(
    picture: npt.NDArray[np.uint8], image: ImageFindings, cluster: Cluster, side: int, sizes: style.Sizes
) -> tuple[Image.Image, Image.Image, float]:
    """Return the plain and the marked detail (both ``side`` by ``side`` pixels) and how much they are magnified."""
    rows, columns = [row for row, _ in cluster.outline], [column for _, column in cluster.outline]
    extent = max(math.ceil(side / _MAGNIFICATION), math.ceil(_needed(cluster, image)))
    magnification = side / extent
    first_row = _first(0.5 * (min(rows) + max(rows)), extent, image.rows)
    first_column = _first(0.5 * (min(columns) + max(columns)), extent, image.columns)
    detail = picture[first_row : first_row + extent, first_column : first_column + extent]
    size = round(detail.shape[1] * magnification), round(detail.shape[0] * magnification)
    magnified = Image.fromarray(_stretched(detail)).resize(size, Image.Resampling.BICUBIC)
    plain = Image.new("RGB", (side, side), style.CASING)
    plain.paste(magnified.convert("RGB"))
    marked = plain.copy()
    draw_findings(marked, image, Placement(first_row, first_column, magnification), max(1.5, 0.7 * sizes.line))
    pixel_mm = image.spacing_mm[1] / magnification
    draw_scale_bar(plain, (sizes.gap, side - sizes.gap), side / 3, pixel_mm, max(12, round(0.7 * sizes.text)))
    return plain, marked, magnification


def _first(centre: float, extent: int, length: int) -> int:
    """Return the first of ``extent`` pixels round ``centre`` that all lie in the image, as far as they fit."""
    return max(0, min(round(centre - 0.5 * extent), length - extent))


def _stretched(detail: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    low, high = np.percentile(detail, (0.5, 99.95))
    scaled = (detail.astype(np.float32) - low) / max(1.0, float(high - low))
    stretched: npt.NDArray[np.uint8] = (np.clip(scaled, 0.0, 1.0) * 255).astype(np.uint8)
    return stretched
