"""Where the nipple of a view is, for the proposals of :mod:`MCDetect.correspondence`."""

from __future__ import annotations

from MCDetect import correspondence
from MCDetect.correspondence import Point
from MCDetect.review.examination import View


def nipple_of(view: View) -> Point | None:
    """Return (row, column) of the most anterior point of the breast; None where the header does not say which side.

    Reads the pixels of the view if they are not in memory.
    """
    return correspondence.nipple_of(view.mammogram())
