"""Calcifications of an image from the segments and the points that its objects tell.

A report of ours numbers its calcifications. The pixels of each are the part of its segment that lies nearest to its
centre, or those that the report tells. Where no report numbers them, they are numbered anew from 1: each part of a
segment takes the nearest point, if there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from MCDetect.dicom.parts import Places
from MCDetect.dicom.results.pieces import ImagePiece, MaskPiece, PointPiece
from MCDetect.dicom.results.shapes import centre_of, longest_extent
from MCDetect.findings import Calcification, Origin
from MCDetect.runs import Runs

Members = Mapping[str, Sequence[int]]
"""The numbers of the calcifications of each cluster, by tracking UID."""


def calcifications_of(
    piece: ImagePiece, spacing_mm: tuple[float, float], shape: tuple[int, int]
) -> tuple[tuple[Calcification, ...], Members]:
    """Return all calcifications in the order of their numbers, and the members of each cluster."""
    gathered = _Gathered(spacing_mm)
    if any(point.number is not None for point in piece.points):
        _take_numbered(gathered, piece, shape)
    else:
        _take_unnumbered(gathered, piece, shape)
    return tuple(sorted(gathered.calcifications.values(), key=lambda one: one.id)), gathered.members


class _Gathered:
    """Calcifications by number, and members, while they are put together."""

    def __init__(self, spacing_mm: tuple[float, float]) -> None:
        self.spacing_mm = spacing_mm
        self.calcifications: dict[int, Calcification] = {}
        self.members: dict[str, list[int]] = {}

    def add(self, number: int, runs: Runs, point: PointPiece | None, origin: Origin) -> None:
        told = None if point is None else point.score
        centre = centre_of(runs) if point is None else (point.row, point.column)
        self.calcifications[number] = Calcification(
            id=number,
            row=centre[0],
            column=centre[1],
            area_mm2=sum(length for _, _, length in runs) * self.spacing_mm[0] * self.spacing_mm[1],
            diameter_mm=longest_extent(runs, self.spacing_mm),
            score=told if told is not None else (1.0 if origin is Origin.READER else 0.0),
            runs=runs,
            origin=origin,
            benign_type=None if point is None else point.benign_type,
        )

    def join(self, number: int, cluster: str | None) -> None:
        members = self.members.setdefault(cluster, []) if cluster is not None else []
        if number not in members:
            members.append(number)

    def next_number(self) -> int:
        return max(self.calcifications, default=0) + 1


def _take_numbered(gathered: _Gathered, piece: ImagePiece, shape: tuple[int, int]) -> None:
    places = {mask.cluster: Places(mask.parts) for mask in piece.masks if mask.parts}
    numbered = [(point.number, point) for point in piece.points if point.number is not None]
    runs_of = {number: point.runs for number, point in numbered if point.runs is not None}
    for number, point in numbered:
        if number not in runs_of and point.cluster in places:
            place = places[point.cluster]
            runs_of[number] = place.parts[place.nearest(point.row, point.column)]
    for number, point in numbered:
        if number not in gathered.calcifications:
            gathered.add(number, runs_of.get(number) or _pixel(point, shape), point, point.origin)
        gathered.join(number, point.cluster)
    told = {pixel for runs in runs_of.values() for pixel in _pixels(runs)}
    for mask in piece.masks:
        for runs in mask.parts:
            if told.isdisjoint(_pixels(runs)):
                # The segmentation has more than the report: another program has drawn in it.
                number = gathered.next_number()
                gathered.add(number, runs, None, mask.origin)
                gathered.join(number, mask.cluster)


def _take_unnumbered(gathered: _Gathered, piece: ImagePiece, shape: tuple[int, int]) -> None:
    numbers: dict[Runs, int] = {}

    def add(runs: Runs, point: PointPiece | None, owner: MaskPiece | PointPiece) -> None:
        # A calcification of two clusters is in the segments of both.
        if runs not in numbers:
            numbers[runs] = gathered.next_number()
            gathered.add(numbers[runs], runs, point, owner.origin)
        gathered.join(numbers[runs], owner.cluster)

    segmented = {mask.cluster for mask in piece.masks}
    for mask in piece.masks:
        points = [point for point in piece.points if point.cluster == mask.cluster]
        for runs in mask.parts:
            point = _nearest(points, centre_of(runs))
            add(runs, point, point or mask)
    for point in piece.points:
        if point.cluster not in segmented:
            add(_pixel(point, shape), point, point)


def _pixel(point: PointPiece, shape: tuple[int, int]) -> Runs:
    """Return the pixel at a point; one on the right or lower border rounds to the pixel behind it."""
    row = round(point.row) - (round(point.row) == shape[0])
    column = round(point.column) - (round(point.column) == shape[1])
    return ((max(0, row), max(0, column), 1),)


def _nearest(points: list[PointPiece], middle: tuple[float, float]) -> PointPiece | None:
    """Take the point nearest to ``middle`` out of ``points``."""
    if not points:
        return None
    nearest = min(points, key=lambda point: (point.row - middle[0]) ** 2 + (point.column - middle[1]) ** 2)
    points.remove(nearest)
    return nearest


def _pixels(runs: Runs) -> set[tuple[int, int]]:
    return {(row, column) for row, first, length in runs for column in range(first, first + length)}
