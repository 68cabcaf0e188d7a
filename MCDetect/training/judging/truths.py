"""The truth of a view of a data set: clusters and single calcifications, as the benchmark of detection has them.

Of simulated examinations everything is known. Other data sets mark groups, single calcifications or both, and some do
not say which. A mask of several pieces marks single calcifications; a mark that is wider than 5 mm is of a group,
whatever the data set calls it. Three and more single ones within 5 mm of one another that lie in no marked group are a
group too, as a detector must take them for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from MCDetect.errors import InputError
from MCDetect.findings import Calcification
from MCDetect.inference.clusters import describe_cluster, group_calcifications
from MCDetect.polygons import contains
from MCDetect.simulation.truth_file import TruthOfView, read_truth
from MCDetect.training.datasets.pixels import PlacedMask, mask_of
from MCDetect.training.datasets.record import LARGEST_SINGLE_MM, ImageRecord, Region
from MCDetect.training.detection.truths import TrueCalcification, TrueCluster, ViewTruth

NOT_KNOWN = "not known"
_POINT_MM = 0.3  # of a calcification that is marked by its place alone
_UNKNOWN = float("nan")

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class JudgedView(ViewTruth):
    """A view with its truth.

    Attributes
    ----------
    name
        Of the image in its data set.
    is_annotated
        False where calcifications may be there that are not marked: no mark is called false on such a view.
    """

    name: str
    is_annotated: bool

    @property
    def is_normal(self) -> bool:
        """True without clusters, marked or maybe there."""
        return self.is_annotated and not self.clusters


def truth_of(record: ImageRecord, name: str, number: int, shape: tuple[int, int], *, simulated: bool) -> JudgedView:
    """Return the truth of an image.

    Parameters
    ----------
    record, name, number
        The image in its data set.
    shape
        (rows, columns) of its pixels.
    simulated
        Whether a truth file lies beside it.

    Raises
    ------
    InputError
        ``not-truth`` when the truth file is not that of the image; ``no-place`` when the data set says that there are
        calcifications, and not where; ``no-spacing`` when nothing says how large a pixel is; those of
        ``datasets.pixels``.
    """
    if simulated:
        beside = _truth_beside(record.image)
        if (beside.rows, beside.columns) != shape:
            raise InputError(
                "not-truth", f"{record.image} has another size than its truth.json says.", "Simulate again."
            )
        return _simulated(beside, record, name, number)
    if record.spacing_mm is None:
        raise InputError("no-spacing", f"{record.image} does not say how large a pixel is.", "Give --spacing.")
    if any(region.is_whole_breast for region in record.calcifications):
        raise InputError(
            "no-place", f"{record.image} has calcifications whose place is not marked.", "Leave this image out."
        )
    spacing = (record.spacing_mm, record.spacing_mm)
    groups: list[tuple[Outline, str]] = []
    single: list[Calcification] = []
    for region in record.calcifications:
        pieces = _pieces(region, shape)
        for placed in pieces:
            one = _calcification(len(single), region, placed, record.spacing_mm)
            if (region.is_cluster and len(pieces) == 1) or one.diameter_mm > LARGEST_SINGLE_MM:
                groups.append((_outline(region, placed), region.pathology or NOT_KNOWN))
            else:
                single.append(one)
    for members in group_calcifications([c for c in single if not _is_in_any(c, groups)], spacing):
        groups.append((describe_cluster(members, spacing, shape).outline, _kind_of(record)))
    return JudgedView(
        seed=number,
        examination=record.patient,
        spacing_mm=record.spacing_mm,
        density=record.groups.get("density", ""),
        sha256="",
        calcifications=tuple(
            TrueCalcification(c.row, c.column, c.diameter_mm, _UNKNOWN, None, NOT_KNOWN) for c in single
        ),
        clusters=tuple(TrueCluster(outline, kind, _UNKNOWN, ()) for outline, kind in groups),
        name=name,
        is_annotated=record.is_annotated,
    )


def _simulated(truth: TruthOfView, record: ImageRecord, name: str, number: int) -> JudgedView:
    index_of = {c.id: index for index, c in enumerate(truth.calcifications)}
    ratio_of = {c.id: c.signal_to_noise for c in truth.calcifications}
    return JudgedView(
        seed=number,
        examination=record.patient,
        spacing_mm=truth.spacing_mm,
        density=truth.density,
        sha256="",
        calcifications=tuple(
            TrueCalcification(c.row, c.column, c.diameter_mm, c.signal_to_noise, c.detectability, c.kind.value)
            for c in truth.calcifications
        ),
        clusters=tuple(
            TrueCluster(
                cluster.outline,
                cluster.kind.value,
                float(np.median([ratio_of[member] for member in cluster.member_ids])),
                tuple(index_of[member] for member in cluster.member_ids),
            )
            for cluster in truth.clusters
        ),
        name=name,
        # A given mammogram into which calcifications were put may have some of its own.
        is_annotated=truth.compressed_mm is not None,
    )


def _truth_beside(image: Path) -> TruthOfView:
    for view in _truth_file(image.parent / "truth.json"):
        if view.file == image.name:
            return view
    raise InputError("not-truth", f"{image} is not named in the truth.json beside it.", "Simulate again.")


@lru_cache(maxsize=8)
def _truth_file(path: Path) -> tuple[TruthOfView, ...]:
    return tuple(read_truth(path).values())


def _pieces(region: Region, shape: tuple[int, int]) -> list[PlacedMask]:
    """Return the connected parts of a mask; what an outline holds is one."""
    try:
        whole = mask_of(region, shape)
    except InputError as error:
        if region.may_be_empty and error.code == "empty-region":
            return []
        raise
    if region.outline:
        return [whole]
    labels, _ = ndimage.label(whole.mask, structure=np.ones((3, 3)))
    return [
        PlacedMask(whole.top + box[0].start, whole.left + box[1].start, labels[box] == number)
        for number, box in enumerate(ndimage.find_objects(labels), 1)
    ]


def _outline(region: Region, placed: PlacedMask) -> Outline:
    if len(region.outline) > 2:
        return region.outline
    return tuple((float(row), float(column)) for row, column in _hull(placed))


def _hull(placed: PlacedMask) -> Iterator[tuple[float, float]]:
    """Yield the corners of the convex hull of a mask's pixels."""
    pixels = np.argwhere(placed.mask) + np.array([placed.top, placed.left])
    # The corners of the pixels, so that a row of them has an area.
    corners = np.concatenate([pixels + offset for offset in ((-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5))])
    try:
        chosen = corners[ConvexHull(corners).vertices]
    except QhullError:
        low, high = corners.min(axis=0), corners.max(axis=0)
        chosen = np.array([low, (low[0], high[1]), high, (high[0], low[1])])
    yield from ((float(row), float(column)) for row, column in chosen)


def _calcification(number: int, region: Region, placed: PlacedMask, spacing_mm: float) -> Calcification:
    pixels = np.argwhere(placed.mask) + np.array([placed.top, placed.left])
    row, column = np.mean(region.outline, axis=0) if 0 < len(region.outline) < 3 else pixels.mean(axis=0)
    extent = float((pixels.max(axis=0) - pixels.min(axis=0) + 1).max()) * spacing_mm
    return Calcification(number, float(row), float(column), 0.0, max(extent, _POINT_MM), 1.0, ())


def _is_in_any(one: Calcification, groups: Sequence[tuple[Outline, str]]) -> bool:
    return any(contains(outline, (one.row, one.column)) for outline, _ in groups)


def _kind_of(record: ImageRecord) -> str:
    known = {region.pathology for region in record.calcifications if region.pathology}
    return known.pop() if len(known) == 1 else NOT_KNOWN
