"""Large calcifications are marked once and whole: marks on one body become that body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from MCDetect.findings import Calcification
from MCDetect.inference.calcifications import measure_calcification
from MCDetect.inference.morphology.bodies import Body

LARGE_MM = 0.8
"""A body of this extent is taken whole. Smaller ones are about as large as their mark, and stay as they are marked."""

_NEAR_PIXELS = 1
"""A mark this near to a large body, mask to mask, is part of it: its edge, or one of its lobes."""


def marked_whole(
    marks: Sequence[Calcification], bodies: Mapping[int, Body], spacing_mm: tuple[float, float]
) -> tuple[Calcification, ...]:
    """Return the marks with those on one large body replaced by it, best score first, numbered from 1.

    Parameters
    ----------
    marks
        Calcifications as the network marks them.
    bodies
        The body of each, by id.
    spacing_mm
        (between rows, between columns).
    """
    large = {m.id: _measured(m, bodies[m.id], spacing_mm) for m in marks if bodies[m.id].is_sharp}
    large = {number: body for number, body in large.items() if body.diameter_mm >= LARGE_MM}
    if not large:
        return tuple(marks)
    pixels = {m.id: _pixels(large.get(m.id, m)) for m in marks}
    owner: dict[int, int] = {}
    # The largest body first: what lies on it belongs to it.
    for number in sorted(large, key=lambda n: -large[n].area_mm2):
        if number in owner:
            continue
        near = _grown(pixels[number])
        for mark in marks:
            if mark.id not in owner and not near.isdisjoint(pixels[mark.id]):
                owner[mark.id] = number
    merged = [m for m in marks if m.id not in owner]
    for number in set(owner.values()):
        score = max(m.score for m in marks if owner.get(m.id) == number)
        merged.append(replace(large[number], score=score))
    merged.sort(key=lambda m: (-m.score, m.runs[0]))
    return tuple(replace(m, id=number) for number, m in enumerate(merged, start=1))


def _measured(mark: Calcification, body: Body, spacing_mm: tuple[float, float]) -> Calcification:
    pixels = body.pixels
    weights = np.maximum(body.values[body.mask] - body.background, 1e-6)
    return measure_calcification(mark.id, pixels, weights.astype(np.float64), spacing_mm, mark.score)


def _pixels(calcification: Calcification) -> set[tuple[int, int]]:
    return {(row, first + i) for row, first, count in calcification.runs for i in range(count)}


def _grown(pixels: set[tuple[int, int]]) -> set[tuple[int, int]]:
    steps = range(-_NEAR_PIXELS, _NEAR_PIXELS + 1)
    return {(row + down, column + right) for row, column in pixels for down in steps for right in steps}
