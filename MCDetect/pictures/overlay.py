"""The overlay: a whole view with everything that was found in it, for people to look at.

The view is shown at full size and as it is stored, never turned or mirrored. Text and the scale bar stand in bands
above and below it, magnified details of the clusters on the right, so that nothing but the marks lies over the breast.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from MCDetect.files import write_atomically
from MCDetect.findings import Algorithm, Cluster, ImageFindings
from MCDetect.pictures import style
from MCDetect.pictures.details import MOST_DETAILS, draw_details
from MCDetect.pictures.labels import Box, place_label
from MCDetect.pictures.marks import (
    Placement,
    draw_circle,
    draw_findings,
    draw_outline,
    draw_square,
    isolated_radius,
    mark_radius,
)
from MCDetect.pictures.png import write_png
from MCDetect.pictures.scale_bar import draw_scale_bar
from MCDetect.pictures.text import LINE_HEIGHT, draw_lines, wrap
from MCDetect.score_text import MEANING, cluster_score_text, threshold_text


def save_overlay(path: Path, overlay: Image.Image) -> None:
    """Write an overlay as a PNG file.

    Raises
    ------
    OutputError
        ``cannot-write`` when the file cannot be written.
    """
    write_atomically(path, lambda temporary: write_png(temporary, overlay))


def draw_overlay(picture: npt.NDArray[np.uint8], image: ImageFindings, algorithm: Algorithm) -> Image.Image:
    """Draw the findings of one image on it.

    Parameters
    ----------
    picture
        uint8, (rows, columns): the view as it is shown, bright is attenuating
        (:func:`MCDetect.dicom.display.presentation_image`).
    image
        The findings in this view.
    algorithm
        What found them; named in the band below.

    Returns
    -------
    PIL.Image.Image
        RGB, larger than the view by the bands and the details.

    Raises
    ------
    ValueError
        If ``picture`` is not of the shape that ``image`` says.
    """
    if picture.shape != (image.rows, image.columns):
        raise ValueError(f"the picture has shape {picture.shape}, the findings are for {(image.rows, image.columns)}")
    sizes = style.Sizes.for_view(image.rows, image.columns)
    view = Image.fromarray(picture).convert("RGB")
    draw_findings(view, image, Placement(), sizes.line)
    _draw_labels(view, image, sizes)
    details = draw_details(picture, image, image.rows, sizes)
    width = view.width + (details.width if details else 0)
    title, key = _title(image, width, sizes), _key(image, algorithm, width, sizes)
    overlay = Image.new("RGB", (width, title.height + view.height + key.height), None)  # all of it is pasted over
    overlay.paste(title, (0, 0))
    overlay.paste(view, (0, title.height))
    if details:
        overlay.paste(details, (view.width, title.height))
    overlay.paste(key, (0, title.height + view.height))
    return overlay


def _draw_labels(view: Image.Image, image: ImageFindings, sizes: style.Sizes) -> None:
    """Write number and score beside each cluster, with a line to it where the label had to go further away."""
    canvas = ImageDraw.Draw(view)
    font = style.font(sizes.text)
    place = Placement()
    taken = [
        Box.around([place.point(mark.row, mark.column)], max(mark_radius(mark, image), isolated_radius(sizes.line)))
        for mark in image.calcifications
    ]
    for cluster in image.clusters:
        colour = style.BENIGN if cluster.is_typically_benign else style.CLUSTER
        text = f"{cluster.id}  {cluster_score_text(cluster)}"
        if cluster.benign_type is not None and cluster.is_typically_benign:
            text += f"  {cluster.benign_type.value}"
        padding = max(2, sizes.text // 6)
        size = font.getlength(text) + 2 * padding, 1.15 * sizes.text + 2 * padding
        # A label close to the outline of another cluster would be taken for that one's.
        others = [_outline_box(other, sizes.line + 2 * sizes.gap) for other in image.clusters if other.id != cluster.id]
        target = _outline_box(cluster, sizes.line)
        box = place_label(target, size, Box(0, 0, *view.size), forbidden=taken, undesired=others, gap=sizes.gap)
        if box is None:
            continue
        taken.append(box)
        if not Box.around([(target.left, target.top), (target.right, target.bottom)], 2 * sizes.gap).overlaps(box):
            corners = [place.point(row, column) for row, column in cluster.outline]
            end = min(corners, key=lambda corner: math.dist(corner, box.centre))
            canvas.line([_nearest(box, end), end], colour, round(sizes.line))
        canvas.rectangle((box.left, box.top, box.right, box.bottom), style.CASING, colour, max(1, padding // 3))
        canvas.text(box.centre, text, colour, font, anchor="mm")


def _outline_box(cluster: Cluster, margin: float) -> Box:
    return Box.around([Placement().point(row, column) for row, column in cluster.outline], margin)


def _nearest(box: Box, point: tuple[float, float]) -> tuple[float, float]:
    """Return the point of a box that is nearest to a point outside of it."""
    x, y = point
    return min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)


def _title(image: ImageFindings, width: int, sizes: style.Sizes) -> Image.Image:
    """Return the band above the view: which view it is and what was found."""
    large = round(1.6 * sizes.text)
    name = " ".join(part for part in (image.laterality, image.view) if part) or "View not known"
    isolated = len(image.isolated_calcifications)
    benign = sum(cluster.is_typically_benign for cluster in image.clusters)
    typed = Counter(c.benign_type.value for c in image.calcifications if c.benign_type is not None)
    suspicious = len(image.clusters) - benign
    clusters = _number(len(image.clusters), "cluster") + (
        "" if not benign else f" ({benign} typically benign)" if suspicious else " (typically benign)"
    )
    summary = (
        f"{clusters}, {_number(len(image.calcifications), 'calcification')}, {isolated} of them isolated"
        + ("; typically benign: " if typed else "")
        + ", ".join(f"{count} {kind}" for kind, count in typed.most_common())
        if image.calcifications or image.clusters
        else "No calcifications found"
    )
    if len(image.clusters) > MOST_DETAILS:
        summary += f"; the {MOST_DETAILS} clusters of the highest scores are magnified"
    start = sizes.gap + style.font(large).getlength(name) + 2 * sizes.gap
    lines = wrap(summary, sizes.text, width - start - sizes.gap)
    height = sizes.gap + max(LINE_HEIGHT * large, len(lines) * LINE_HEIGHT * sizes.text + 0.5 * sizes.text)
    band = Image.new("RGB", (width, round(height)), style.BAND)
    canvas = ImageDraw.Draw(band)
    canvas.text((sizes.gap, sizes.gap / 2), name, style.TEXT, style.font(large))
    draw_lines(canvas, (start, sizes.gap / 2 + 0.6 * sizes.text), lines, sizes.text, style.TEXT)
    return band


def _key(image: ImageFindings, algorithm: Algorithm, width: int, sizes: style.Sizes) -> Image.Image:
    """Return the band below the view: scale bar, meaning of the marks, origin of the findings."""
    gap, text = sizes.gap, sizes.text
    sources = (
        f"{algorithm.name} {algorithm.version}, bundle {algorithm.bundle} {algorithm.bundle_sha256[:8]}, operating "
        f"point {algorithm.operating_point} (cluster score from {threshold_text(algorithm.threshold)}). {MEANING} "
        f"{_spacing(image)}. Research use only; not a medical device."
    )
    origin = wrap(sources, text, width - 2 * gap)
    entries = [
        ("cluster: number, score 0 to 1", "cluster"),
        ("calcification in a cluster", "member"),
        ("isolated calcification", "isolated"),
    ]
    if any(c.benign_type is not None for c in image.calcifications):
        entries.append(("typically benign", "benign"))
    bar_width = 0.25 * image.columns
    rows: list[list[tuple[float, str, str]]] = [[]]
    x = bar_width + 4 * gap
    for label, kind in entries:
        needed = 3 * text + style.font(text).getlength(label) + 3 * gap
        if x + needed > width and rows[-1]:
            rows.append([])
            x = bar_width + 4 * gap
        rows[-1].append((x, label, kind))
        x += needed
    key_height = max(2.2 * text, len(rows) * 1.6 * text)
    band = Image.new("RGB", (width, round(3 * gap + key_height + len(origin) * LINE_HEIGHT * text)), style.BAND)
    canvas = ImageDraw.Draw(band)
    draw_scale_bar(band, (gap, gap + 2.0 * text), bar_width, image.spacing_mm[1], text)
    for number, row in enumerate(rows):
        middle = gap + (number + 0.5) * key_height / len(rows)
        for left, label, kind in row:
            _draw_symbol(band, (left, middle), kind, sizes)
            canvas.text((left + 2.2 * text, middle), label, style.TEXT, style.font(text), anchor="lm")
    draw_lines(canvas, (gap, 2 * gap + key_height), origin, text, style.QUIET_TEXT)
    return band


def _spacing(image: ImageFindings) -> str:
    """Return the pixel spacing and its source; if pixels are not square, both spacings and what scale bars measure."""
    row_mm, column_mm = (f"{spacing:.4g} mm" for spacing in image.spacing_mm)
    source = image.spacing_source.value
    if row_mm == column_mm:
        return f"Spacing {column_mm} {source}"
    return f"Spacing {row_mm} between rows, {column_mm} between columns, {source}; scale bars hold across, not down"


def _draw_symbol(band: Image.Image, position: tuple[float, float], kind: str, sizes: style.Sizes) -> None:
    """Draw one of the marks into the key, the left end of it at ``position``."""
    x, y = position
    radius = 0.45 * sizes.text
    if kind == "cluster":
        corners = [(0.0, -0.5), (1.0, -1.0), (1.9, -0.3), (1.6, 0.8), (0.4, 0.7)]
        draw_outline(band, [(x + radius * 2 * a, y + radius * 1.2 * b) for a, b in corners], sizes.line)
    elif kind == "benign":
        draw_square(band, (x + sizes.text, y), radius, 0.7 * sizes.line)
    else:
        draw_circle(band, (x + sizes.text, y), radius, 0.7 * sizes.line, isolated=kind == "isolated")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
