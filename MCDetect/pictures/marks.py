"""Marks on an image: outlines of clusters, circles round calcifications.

All marks are drawn smooth (three times enlarged and averaged down) and on a dark casing, because a line that is
visible on dark fat vanishes on bright glandular tissue.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from MCDetect.findings import Calcification, Cluster, Decision, ImageFindings
from MCDetect.pictures import style

_SMOOTH = 3
_HALF = [round(0.55 * value) for value in range(256)]  # the casing lets the tissue through
_MINIMUM_RADIUS = 6.0
_CLEARANCE = 4.0
_ISOLATED_MINIMUM_RADIUS = 9.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Placement:
    """Where the pixels of an image lie on a picture.

    The centre of image pixel (``first_row``, ``first_column``) is drawn half a magnified pixel right of and below the
    picture's corner.
    """

    first_row: int = 0
    first_column: int = 0
    magnification: float = 1.0

    def point(self, row: float, column: float) -> Point:
        """Return (x, y) on the picture for a position in the image, both in pixels."""
        return (
            (column - self.first_column + 0.5) * self.magnification,
            (row - self.first_row + 0.5) * self.magnification,
        )


def draw_findings(picture: Image.Image, image: ImageFindings, placement: Placement, line: float) -> None:
    """Draw the outlines of all clusters and the marks of all calcifications.

    Parameters
    ----------
    picture
        RGB; drawn on in place. Marks outside of it are cut off.
    image
        The findings.
    placement
        Where the image lies on the picture.
    line
        Width of a cluster's outline in pixels; circles are finer.
    """
    for cluster in image.clusters:
        draw_cluster(picture, cluster, placement, line)
    isolated = {calcification.id for calcification in image.isolated_calcifications}
    for calcification in image.calcifications:
        centre = placement.point(calcification.row, calcification.column)
        radius = mark_radius(calcification, image, placement.magnification)
        if calcification.benign_type is not None:
            # A square: what a reader may pass over has another shape, not only another colour.
            draw_square(picture, centre, max(radius, 0.8 * isolated_radius(line)), 0.6 * line)
        elif calcification.id in isolated:
            # No outline leads the eye to it, so it needs a mark that is seen by itself.
            radius = max(radius, isolated_radius(line))
            draw_circle(picture, centre, radius, 0.7 * line, isolated=True)
        else:
            draw_circle(picture, centre, radius, max(1.0, 0.45 * line), isolated=False)


def draw_cluster(picture: Image.Image, cluster: Cluster, placement: Placement, line: float) -> None:
    """Draw the outline of a cluster: dashed where a reader rejected it or it is typically benign."""
    points = [placement.point(row, column) for row, column in cluster.outline]
    if cluster.decision is Decision.REJECTED:
        draw_outline(picture, points, line, dashed=True, colour=style.REJECTED)
    elif cluster.is_typically_benign:
        draw_outline(picture, points, line, dashed=True, colour=style.BENIGN)
    else:
        draw_outline(picture, points, line)


def mark_radius(calcification: Calcification, image: ImageFindings, magnification: float = 1.0) -> float:
    """Return the radius, in pixels of the picture, of a circle round a calcification that does not touch it."""
    spacing = math.sqrt(image.spacing_mm[0] * image.spacing_mm[1])
    return max(_MINIMUM_RADIUS, 0.5 * calcification.diameter_mm / spacing * magnification + _CLEARANCE)


def isolated_radius(line: float) -> float:
    """Return the least radius of the mark of an isolated calcification, for the width of an outline."""
    return _ISOLATED_MINIMUM_RADIUS * line / 2


def draw_outline(
    picture: Image.Image,
    points: Sequence[Point],
    width: float,
    *,
    dashed: bool = False,
    colour: style.Colour = style.CLUSTER,
) -> None:
    """Draw a closed polygon."""
    left, top = min(x for x, _ in points), min(y for _, y in points)
    right, bottom = max(x for x, _ in points), max(y for _, y in points)

    def draw(canvas: ImageDraw.ImageDraw, place: Callable[[Point], Point], line: float) -> None:
        placed = [place(point) for point in points]
        if dashed:
            around = sum(math.dist(one, other) for one, other in zip(placed, [*placed[1:], placed[0]], strict=True))
            # A small outline keeps its shape: it has at least eight dashes.
            for dash in _dashes(placed, min(4 * line, around / 16)):
                canvas.line(dash, fill=255, width=round(0.8 * line))
        else:
            canvas.line([*placed, *placed[:2]], fill=255, width=round(line), joint="curve")

    _draw_cased(picture, (left, top, right, bottom), colour, width, draw)


def draw_square(picture: Image.Image, centre: Point, radius: float, width: float) -> None:
    """Draw the mark of a typically benign calcification."""
    x, y = centre
    box = (x - radius, y - radius, x + radius, y + radius)

    def draw(canvas: ImageDraw.ImageDraw, place: Callable[[Point], Point], line: float) -> None:
        canvas.rectangle([place((box[0], box[1])), place((box[2], box[3]))], outline=255, width=round(line))

    _draw_cased(picture, box, style.BENIGN, width, draw)


def _dashes(points: Sequence[Point], length: float) -> list[list[Point]]:
    """Return dashes of a length, with gaps as long, along a closed polygon."""
    dashes: list[list[Point]] = []
    begin = 0.0
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        side = math.dist(start, end)
        # Dashes and gaps are counted along the whole polygon: every second number is a dash.
        for number in range(int(begin / length), int((begin + side) / length) + 1):
            low, high = max(begin, number * length) - begin, min(begin + side, (number + 1) * length) - begin
            if number % 2 == 0 and high > low:
                dashes.append(
                    [
                        (start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1]))
                        for t in (low / side, high / side)
                    ]
                )
        begin += side
    return dashes


def draw_circle(picture: Image.Image, centre: Point, radius: float, width: float, *, isolated: bool) -> None:
    """Draw the mark of one calcification: a circle, of four arcs with gaps between them if it is isolated."""
    x, y = centre

    def draw(canvas: ImageDraw.ImageDraw, place: Callable[[Point], Point], line: float) -> None:
        box = [place((x - radius, y - radius)), place((x + radius, y + radius))]
        arcs = [(start, start + 50) for start in (20, 110, 200, 290)] if isolated else [(0, 360)]
        for start, end in arcs:
            canvas.arc(box, start, end, fill=255, width=round(line))

    colour = style.ISOLATED if isolated else style.CALCIFICATION
    _draw_cased(picture, (x - radius, y - radius, x + radius, y + radius), colour, width, draw)


def _draw_cased(
    picture: Image.Image,
    box: tuple[float, float, float, float],
    colour: style.Colour,
    width: float,
    draw: Callable[[ImageDraw.ImageDraw, Callable[[Point], Point], float], None],
) -> None:
    """Draw a shape smoothly on the part of the picture that it touches, first its dark casing, then itself."""
    margin = math.ceil(2 * width) + 2
    left, top = max(0, math.floor(box[0]) - margin), max(0, math.floor(box[1]) - margin)
    right = min(picture.width, math.ceil(box[2]) + margin)
    bottom = min(picture.height, math.ceil(box[3]) + margin)
    if left >= right or top >= bottom:
        return

    def place(point: Point) -> Point:
        return (point[0] - left) * _SMOOTH, (point[1] - top) * _SMOOTH

    for ink, line, opacities in ((style.CASING, 2.0 * width, _HALF), (colour, width, None)):
        shape = Image.new("L", ((right - left) * _SMOOTH, (bottom - top) * _SMOOTH))
        draw(ImageDraw.Draw(shape), place, line * _SMOOTH)
        mask = shape.reduce(_SMOOTH)
        if opacities is not None:
            mask = mask.point(opacities)
        picture.paste(ink, (left, top), mask)
