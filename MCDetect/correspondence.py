"""The same cluster in the craniocaudal and the mediolateral oblique view of a breast: proposals for the reader.

The distance of a finding from the nipple is nearly the same in both views: compression rolls the breast round the
nipple (Kopans, Breast Imaging, on triangulation; Paquerault et al., Medical Physics 29:238, 2002, search an annulus).
The nipple is not marked in mammograms; the most anterior point of the breast stands for it, by header (which side the
chest wall is on) and breast mask. The score is the product of three agreements, each 0 to 1:

- distance from the nipple: exp(-(difference / 15 mm)² / 2);
- number of calcifications: square root of smaller over larger;
- extent: square root of smaller over larger diameter, at least 1 mm each.

Two clusters are proposed when each is the other's best and the score is at least 0.35. A proposal is never more than
that: only a reader confirms it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydicom.multival import MultiValue

from MCDetect.findings import Cluster, Correspondence, ImageFindings
from MCDetect.preprocessing.breast_mask import breast_mask

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram

DISTANCE_SIGMA_MM = 15.0
LEAST_SCORE = 0.35
_COARSE_MM = 0.8

Point = tuple[float, float]


def nipple_of(mammogram: Mammogram) -> Point | None:
    """Return (row, column) of the most anterior point of the breast; None where the header does not say which side."""
    orientation = None if mammogram.header is None else mammogram.header.get("PatientOrientation")
    along_rows = str(orientation[0]).strip().upper() if isinstance(orientation, MultiValue) and orientation else ""
    towards = [letter for letter in along_rows if letter in "AP"]
    if not towards or not mammogram.laterality:
        return None
    spacing = mammogram.spacing.millimetres
    step = max(1, round(_COARSE_MM / max(spacing)))
    mask = breast_mask(
        mammogram.pixels[::step, ::step], (spacing[0] * step, spacing[1] * step), mammogram.valid[::step, ::step]
    )
    columns = np.flatnonzero(mask.any(axis=0))
    if columns.size == 0:
        return None
    column = columns[-1] if towards[0] == "A" else columns[0]
    row = float(np.flatnonzero(mask[:, column]).mean())
    return row * step, float(column * step)


def agreement(
    first: tuple[ImageFindings, Cluster], second: tuple[ImageFindings, Cluster], nipples: Mapping[str, Point]
) -> float:
    """Return how well two clusters agree, 0 to 1."""
    distances = [_from_nipple(image, cluster, nipples) for image, cluster in (first, second)]
    if distances[0] is None or distances[1] is None:
        return 0.0
    difference = (distances[0] - distances[1]) / DISTANCE_SIGMA_MM
    counts = sorted(max(cluster.count, 1) for _, cluster in (first, second))
    extents = sorted(max(cluster.diameter_mm, 1.0) for _, cluster in (first, second))
    return math.exp(-(difference**2) / 2) * math.sqrt(counts[0] / counts[1]) * math.sqrt(extents[0] / extents[1])


def propose(
    images: Sequence[ImageFindings],
    shown: Collection[str],
    nipples: Mapping[str, Point],
    settled: Collection[tuple[str, str]] = (),
) -> tuple[Correspondence, ...]:
    """Return the pairs of clusters that are likely the same, best first.

    Parameters
    ----------
    images
        Findings of all views.
    shown
        Tracking UIDs of the clusters to look at.
    nipples
        (row, column) by SOP Instance UID; views without are left out.
    settled
        Pairs that a reader has confirmed or declined; a confirmed cluster gets no other partner in the same image.
    """
    pairs: list[tuple[float, str, str]] = []
    for first in images:
        for second in images:
            if not _are_two_views_of_a_breast(first, second):
                continue
            pairs += [
                (agreement((first, mine), (second, theirs), nipples), mine.tracking_uid, theirs.tracking_uid)
                for mine in first.clusters
                for theirs in second.clusters
                if mine.tracking_uid in shown and theirs.tracking_uid in shown
                and ordered(mine.tracking_uid, theirs.tracking_uid) not in settled
            ]  # fmt: skip
    best: dict[str, float] = {}
    for score, one, other in pairs:
        best[one] = max(best.get(one, 0.0), score)
        best[other] = max(best.get(other, 0.0), score)
    mutual = [
        Correspondence(ordered(one, other), score)
        for score, one, other in sorted(pairs, reverse=True)
        if score >= LEAST_SCORE and best[one] == score == best[other]
    ]
    return tuple(mutual)


def propose_all(images: Sequence[ImageFindings], nipples: Mapping[str, Point]) -> tuple[Correspondence, ...]:
    """Return the proposals for all clusters of ``images``; see :func:`propose`."""
    return propose(images, {cluster.tracking_uid for image in images for cluster in image.clusters}, nipples)


def ordered(first: str, second: str) -> tuple[str, str]:
    """Return a pair of tracking UIDs in the one order in which pairs are kept."""
    return (first, second) if first <= second else (second, first)


def _are_two_views_of_a_breast(first: ImageFindings, second: ImageFindings) -> bool:
    return (
        (first.view, second.view) == ("CC", "MLO")
        and first.laterality == second.laterality != ""
        and first.study_instance_uid == second.study_instance_uid
    )


def _from_nipple(image: ImageFindings, cluster: Cluster, nipples: Mapping[str, Point]) -> float | None:
    nipple = nipples.get(image.sop_instance_uid)
    if nipple is None:
        return None
    members = image.members(cluster)
    points = [(c.row, c.column) for c in members] or list(cluster.outline)
    row, column = np.mean(points, axis=0)
    row_mm, column_mm = image.spacing_mm
    return math.hypot((row - nipple[0]) * row_mm, (column - nipple[1]) * column_mm)
