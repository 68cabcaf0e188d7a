"""The same cluster in two views: where the nipple is in a view that no algorithm has searched yet.

The pairs are proposed in :mod:`MCDetect.inference.correspondence`, for detection and review alike.
"""

from __future__ import annotations

from collections.abc import Iterable

from MCDetect.dicom.orientation import points_to_last_column
from MCDetect.inference.correspondence import Point
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.nipple import most_anterior_point
from MCDetect.preprocessing.whole_breast import shows_whole_breast
from MCDetect.review.examination import View

_COARSE_MM = 0.8


def nipples_of(views: Iterable[View]) -> dict[str, Point]:
    """Return (row, column) of the nipples by the key of the view, as far as they are found; for a thread."""
    found = {view.key: nipple_of(view) for view in views}
    return {key: place for key, place in found.items() if place is not None}


def nipple_of(view: View) -> Point | None:
    """Return (row, column) of the most anterior point of the breast.

    None where the header does not say which side, and where the view does not show the whole breast.

    Reads the pixels of the view if they are not in memory.
    """
    toward_last = points_to_last_column(view.header)
    if toward_last is None or not view.laterality:
        return None
    mammogram = view.mammogram()
    spacing = mammogram.spacing.millimetres
    step = max(1, round(_COARSE_MM / max(spacing)))
    coarse = spacing[0] * step, spacing[1] * step
    mask = breast_mask(mammogram.pixels[::step, ::step], coarse, mammogram.valid[::step, ::step])
    if not shows_whole_breast(view.header, mask, mammogram.valid[::step, ::step]):
        return None
    found = most_anterior_point(mask, coarse, points_to_last_column=toward_last)
    return None if found is None else (found[0] * step, found[1] * step)
