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
from MCDetect.pictures.text import draw_lines
from MCDetect.score_text import cluster_score_text

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
    clusters = sorted(image.clusters, key=lambda c: (c.is_typically_benign, -c.score))[:MOST_DETAILS]
    if not clusters:
        return None
    gap, caption = sizes.gap, round(4.2 * sizes.text)
    usual = max(8 * sizes.text, (height - gap) // MOST_DETAILS - caption - gap)
    # One cluster alone gets the whole panel, the marked detail below the plain one.
    alone = len(clusters) == 1
    width = 2 * usual + gap
    side = max(usual, min(width, (height - caption - 3 * gap) // 2)) if alone else usual
    panel = Image.new("RGB", (width + 2 * gap, height), style.BAND)
    canvas = ImageDraw.Draw(panel)
    top = gap
    for cluster in clusters:
        extent = max(math.ceil(usual / _MAGNIFICATION), math.ceil(_needed(cluster, image)))
        plain, marked = _detail(picture, image, cluster, sizes, side=side, extent=extent)
        lines = [
            f"Cluster {cluster.id}   score {cluster_score_text(cluster)}   {side / extent:.1f} x",
            f"{cluster.count_text} calcifications   {cluster.diameter_mm:.1f} mm   {cluster.distribution.value}",
            cluster.type_text,
        ]
        draw_lines(canvas, (gap, top), lines, sizes.text, style.TEXT)
        top += caption
        panel.paste(plain, (gap, top))
        panel.paste(marked, (gap, top + side + gap) if alone else (side + 2 * gap, top))
        top += side + gap
    return panel


def _needed(cluster: Cluster, image: ImageFindings) -> float:
    """Return the side, in image pixels, of the square that holds a cluster and some tissue round it."""
    rows, columns = [row for row, _ in cluster.outline], [column for _, column in cluster.outline]
    return max(max(rows) - min(rows), max(columns) - min(columns)) + 2 * _MARGIN_MM / min(image.spacing_mm)


def _detail(
    picture: npt.NDArray[np.uint8],
    image: ImageFindings,
    cluster: Cluster,
    sizes: style.Sizes,
    *,
    side: int,
    extent: int,
) -> tuple[Image.Image, Image.Image]:
    """Return ``extent`` by ``extent`` image pixels round a cluster as ``side`` by ``side``, plain and marked."""
    rows, columns = [row for row, _ in cluster.outline], [column for _, column in cluster.outline]
    magnification = side / extent
    first_row = _first(0.5 * (min(rows) + max(rows)), extent, image.rows)
    first_column = _first(0.5 * (min(columns) + max(columns)), extent, image.columns)
    detail = picture[first_row : first_row + extent, first_column : first_column + extent]
    size = round(detail.shape[1] * magnification), round(detail.shape[0] * magnification)
    magnified = Image.fromarray(_stretched(detail)).resize(size, Image.Resampling.BICUBIC)
    plain = Image.new("RGB", (side, side), style.CASING)
    plain.paste(magnified.convert("RGB"))
    marked = plain.copy()
    line = max(1.5, 0.7 * sizes.line * max(1.0, magnification / _MAGNIFICATION))
    draw_findings(marked, image, Placement(first_row, first_column, magnification), line)
    pixel_mm = image.spacing_mm[1] / magnification
    draw_scale_bar(plain, (sizes.gap, side - sizes.gap), side / 3, pixel_mm, max(12, round(0.7 * sizes.text)))
    return plain, marked


def _first(centre: float, extent: int, length: int) -> int:
    """Return the first of ``extent`` pixels round ``centre`` that all lie in the image, as far as they fit."""
    return max(0, min(round(centre - 0.5 * extent), length - extent))


def _stretched(detail: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    low, high = np.percentile(detail, (0.5, 99.95))
    scaled = (detail.astype(np.float32) - low) / max(1.0, float(high - low))
    stretched: npt.NDArray[np.uint8] = (np.clip(scaled, 0.0, 1.0) * 255).astype(np.uint8)
    return stretched
