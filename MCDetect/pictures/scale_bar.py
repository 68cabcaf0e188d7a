"""A bar of a round number of millimetres."""

from __future__ import annotations

from PIL import Image, ImageDraw

from MCDetect.pictures import style

_LENGTHS_MM = (100, 50, 20, 10, 5, 2, 1)


def scale_bar_length(width_px: float, pixel_mm: float) -> int:
    """Return the longest round length in millimetres that takes at most ``width_px`` pixels (1 mm if none does)."""
    return next((length for length in _LENGTHS_MM if length / pixel_mm <= width_px), _LENGTHS_MM[-1])


def draw_scale_bar(picture: Image.Image, corner: tuple[float, float], width: float, pixel_mm: float, text: int) -> None:
    """Draw a scale bar with its length written over it, white with a dark border.

    Parameters
    ----------
    picture
        RGB; drawn on in place.
    corner
        (x, y) of the left lower corner of the bar.
    width
        Pixels the bar may take.
    pixel_mm
        Millimetres that one pixel of the picture is wide.
    text
        Height of the text in pixels.
    """
    left, bottom = corner
    length = scale_bar_length(width, pixel_mm)
    right = left + length / pixel_mm
    tick = max(3, text // 3)
    canvas = ImageDraw.Draw(picture)
    for ink, line in ((style.CASING, max(4, text // 5)), (style.TEXT, max(2, text // 10))):
        canvas.line([(left, bottom - tick), (left, bottom), (right, bottom), (right, bottom - tick)], ink, line)
    canvas.text(
        (0.5 * (left + right), bottom - tick),
        f"{length} mm",
        style.TEXT,
        style.font(text),
        anchor="ms",
        stroke_width=max(1, text // 12),
        stroke_fill=style.CASING,
    )
