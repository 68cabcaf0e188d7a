"""Where the labels of clusters stand, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

from MCDetect.review.hanging import Flips

Place = tuple[float, float]

WIDTH_MM, HEIGHT_MM = 24.0, 7.0
"""Of a label where the whole image is seen on an ordinary screen; magnified, a label covers less of the breast."""


def placed(
    labels: Sequence[tuple[str, Sequence[Place]]], flips: Flips, spacing_mm: tuple[float, float]
) -> list[tuple[str, Place]]:
    """Return the place (row, column) of each label, of which the text runs to the right and stands above.

    A label stands above the upper left corner of its cluster as it is seen, or below its lower left corner, or further
    up or down: wherever it covers no label before it. So the first, which have the highest scores, stand best.

    Parameters
    ----------
    labels
        Texts and outlines (row, column) of clusters.
    flips
        How the view is turned.
    spacing_mm
        (between rows, between columns).
    """
    up, right = (1.0 if flips.vertical else -1.0), (-1.0 if flips.horizontal else 1.0)
    taken: list[tuple[float, float]] = []
    places: list[tuple[str, Place]] = []
    for text, outline in labels:
        rows, columns = zip(*outline, strict=True)
        top, bottom = (max(rows), min(rows)) if up > 0 else (min(rows), max(rows))
        left = min(columns) if right > 0 else max(columns)
        step = HEIGHT_MM / spacing_mm[0] * up
        candidates = (top, bottom - step, top + step, bottom - 2 * step)
        row = next((place for place in candidates if _is_free(place, left, taken, spacing_mm)), top)
        taken.append((row, left))
        places.append((text, (row, left)))
    return places


def _is_free(row: float, column: float, taken: Sequence[Place], spacing_mm: tuple[float, float]) -> bool:
    return all(
        abs(row - other[0]) * spacing_mm[0] >= HEIGHT_MM or abs(column - other[1]) * spacing_mm[1] >= WIDTH_MM
        for other in taken
    )
