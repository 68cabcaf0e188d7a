"""Colours, fonts and sizes of every picture.

The colours are four of the palette of Okabe and Ito (2008), which people with any of the common colour vision
deficiencies tell apart. Kinds of marks differ in shape as well, so no meaning rests on colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageFont

Colour = tuple[int, int, int]

CLUSTER: Colour = (230, 159, 0)
CALCIFICATION: Colour = (86, 180, 233)
ISOLATED: Colour = (240, 228, 66)
BENIGN: Colour = (0, 200, 150)
REJECTED: Colour = (204, 121, 167)
TEXT: Colour = (235, 235, 235)
QUIET_TEXT: Colour = (170, 170, 170)
BAND: Colour = (24, 24, 24)
CASING: Colour = (0, 0, 0)


@dataclass(frozen=True)
class Sizes:
    """Sizes in pixels of the things drawn on a picture.

    ``line`` is the width of outlines, ``text`` the height of ordinary text, ``gap`` the space between things.
    """

    line: float
    text: int
    gap: int

    @classmethod
    def for_view(cls, rows: int, columns: int) -> Sizes:
        """Return sizes that are legible at full size and when the picture is shown about 1,000 pixels high."""
        edge = max(rows, columns)
        text = max(14, round(edge / 72))
        return cls(line=max(1.5, edge / 1100), text=text, gap=max(6, text // 2))


@lru_cache(maxsize=16)
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font that Pillow carries with it, so that pictures are the same on every computer."""
    return ImageFont.load_default(size)
