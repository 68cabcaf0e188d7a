"""Lines of text that stay inside their width."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import ImageDraw

from MCDetect.pictures import style

LINE_HEIGHT = 1.35
"""Distance from one line of text to the next, in heights of the text."""


def wrap(text: str, size: int, width: float) -> list[str]:
    """Return the words of ``text`` in lines of at most ``width`` pixels; a longer word stays whole on its own line."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and style.font(size).getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return lines


def draw_lines(
    canvas: ImageDraw.ImageDraw, corner: tuple[float, float], lines: Sequence[str], size: int, colour: style.Colour
) -> float:
    """Draw lines of text one below the other from their upper left corner; return where the next line would start."""
    x, y = corner
    for line in lines:
        canvas.text((x, y), line, colour, style.font(size))
        y += LINE_HEIGHT * size
    return y
