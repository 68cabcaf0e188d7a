"""The same cluster in the craniocaudal and the mediolateral oblique view of a breast.

The distance of a finding from the nipple is nearly the same in both views: compression rolls the breast round the
nipple (Kopans, Breast Imaging, on triangulation; Paquerault et al., Medical Physics 29:238, 2002, search an annulus).
The nipple is not marked in mammograms; the most anterior point of the breast stands for it. Along the chest wall that
point is uncertain, so the distance is half the straight one and half that behind the nipple. The score is the product
of agreements, each 0 to 1:

- distance from the nipple: exp(-(difference / 12 mm)² / 2);
- number of calcifications: fourth root of smaller over larger;
- extent: fourth root of smaller over larger diameter, at least 1 mm each;
- mean size of the calcifications: square root of smaller over larger;
- morphology: what the two lists of probabilities share (Bhattacharyya coefficient).

What is not known of one of the two (a cluster without descriptors) is left out. Two clusters are proposed when each is
the other's best and the score is at least 0.35. ``python -m MCDetect.training.morphology.correspondence`` measures how
often the right pair has the best score. A proposal is never more than that: only a reader confirms it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from MCDetect.descriptors import Descriptors
from MCDetect.findings import Cluster, Correspondence, ImageFindings

DISTANCE_SIGMA_MM = 12.0
LEAST_SCORE = 0.35

Point = tuple[float, float]


def agreement(
    first: tuple[ImageFindings, Cluster], second: tuple[ImageFindings, Cluster], nipples: Mapping[str, Point]
) -> float:
    """Return how well two clusters agree, 0 to 1; 0 where a nipple is not known."""
    places = [_from_nipple(image, cluster, nipples) for image, cluster in (first, second)]
    return _agreement((places[0], first[1]), (places[1], second[1]))


def _agreement(first: tuple[Point | None, Cluster], second: tuple[Point | None, Cluster]) -> float:
    """Return how well two clusters agree, each given with what :func:`_from_nipple` says of it."""
    places = first[0], second[0]
    if places[0] is None or places[1] is None:
        return 0.0
    straight, behind = (abs(one - other) for one, other in zip(places[0], places[1], strict=True))
    difference = 0.5 * (straight + behind) / DISTANCE_SIGMA_MM
    counts = sorted(cluster.count or 1 for _, cluster in (first, second))
    extents = sorted(max(cluster.diameter_mm, 1.0) for _, cluster in (first, second))
    alike: float = ((counts[0] / counts[1]) * (extents[0] / extents[1])) ** 0.25
    return math.exp(-(difference**2) / 2) * alike * _likeness(first[1].descriptors, second[1].descriptors)


def _likeness(first: Descriptors | None, second: Descriptors | None) -> float:
    if first is None or second is None:
        return 1.0
    sizes = sorted(max(one.size_mm.mean, 0.05) for one in (first, second))
    others = {one.morphology: one.probability for one in second.morphologies}
    shared = sum(math.sqrt(one.probability * others.get(one.morphology, 0.0)) for one in first.morphologies)
    return math.sqrt(sizes[0] / sizes[1]) * min(1.0, shared)


def propose(
    images: Sequence[ImageFindings],
    shown: Collection[str] | None = None,
    nipples: Mapping[str, Point] | None = None,
    declined: Collection[tuple[str, str]] = (),
) -> tuple[Correspondence, ...]:
    """Return the pairs of clusters that are likely the same, best first.

    Parameters
    ----------
    images
        Findings of all views.
    shown
        Tracking UIDs of the clusters to look at; all when None.
    nipples
        (row, column) by SOP Instance UID, where the findings do not say it; views without are left out.
    declined
        Pairs that a reader has declined.
    """
    pairs: list[tuple[float, str, str]] = []
    for first in images:
        for second in images:
            if not _are_two_views_of_a_breast(first, second):
                continue
            # Where a cluster lies is found once for it, and not once for each pair: a viewer waits for this.
            mine, theirs = (
                [
                    (_from_nipple(image, cluster, nipples or {}), cluster)
                    for cluster in image.clusters
                    if shown is None or cluster.tracking_uid in shown
                ]
                for image in (first, second)
            )
            pairs += [
                (_agreement(one, other), one[1].tracking_uid, other[1].tracking_uid)
                for one in mine
                for other in theirs
                if ordered(one[1].tracking_uid, other[1].tracking_uid) not in declined
            ]
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


def ordered(first: str, second: str) -> tuple[str, str]:
    """Return a pair of tracking UIDs in the one order in which pairs are kept."""
    return (first, second) if first <= second else (second, first)


def _are_two_views_of_a_breast(first: ImageFindings, second: ImageFindings) -> bool:
    return (
        (first.view, second.view) == ("CC", "MLO")
        and first.laterality == second.laterality != ""
        and first.study_instance_uid == second.study_instance_uid
    )


def _from_nipple(image: ImageFindings, cluster: Cluster, nipples: Mapping[str, Point]) -> tuple[float, float] | None:
    """Return the straight distance from the nipple, and that behind it (across the columns), in mm."""
    nipple = image.nipple or nipples.get(image.sop_instance_uid)
    if nipple is None:
        return None
    members = image.members(cluster)
    points = [(c.row, c.column) for c in members] or list(cluster.outline)
    row, column = (fmean(along) for along in zip(*points, strict=True))
    row_mm, column_mm = image.spacing_mm
    behind = abs(column - nipple[1]) * column_mm
    return math.hypot((row - nipple[0]) * row_mm, behind), behind
