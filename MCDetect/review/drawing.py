"""What a reader draws: outlines, calcifications and clusters. Each action makes a new state from an old one.

What a reader draws is of the origin READER; a calcification belongs to one cluster at most, so what one cluster gains
another one loses. Measures are always those of ``MCDetect.inference.clusters``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from pydicom.uid import generate_uid

from MCDetect.errors import UsageError
from MCDetect.findings import Calcification, Cluster, ImageFindings, Origin
from MCDetect.inference.clusters import ClusterGeometry, describe_cluster, measure_outline
from MCDetect.polygons import contains, inside
from MCDetect.review.polygons import Outline, usable_outline
from MCDetect.review.state import ReviewState

NEAR_MM = 5.0
"""A calcification this near to a member of the selected cluster joins it: the distance that links calcifications."""


def is_drawn_cluster(cluster: Cluster) -> bool:
    """Say whether a reader drew a cluster; one of the algorithm that a reader outlined anew keeps its score."""
    return cluster.origin is Origin.READER and cluster.score >= 1.0


def with_outline(
    state: ReviewState, tracking_uid: str, vertices: Sequence[tuple[float, float]], visible: Collection[str]
) -> ReviewState:
    """Return the state with another outline of a cluster; its members are the calcifications inside.

    Calcifications of other ``visible`` clusters stay with them.
    """
    image, cluster = state.find(tracking_uid)
    outline = usable_outline(vertices, (image.rows, image.columns))
    others = {m for other in image.clusters if _is_other(other, cluster, visible) for m in other.member_ids}
    members = tuple(c for c in _enclosed(image, outline) if c.id not in others)
    state = _taken(state, image, members, keep=tracking_uid)
    return state.with_cluster(_measured(image, cluster, members, outline))


def with_drawn_cluster(
    state: ReviewState, image: ImageFindings, vertices: Sequence[tuple[float, float]]
) -> tuple[ReviewState, str]:
    """Return the state with a new cluster, and its tracking UID; its members are all calcifications inside.

    Clusters that they belonged to lose them, and vanish with the last one. So a line round two clusters joins them,
    and a line round a part of one splits it.
    """
    outline = usable_outline(vertices, (image.rows, image.columns))
    members = _enclosed(image, outline)
    return _with_new_cluster(state, image, members, outline)


def with_merged_clusters(state: ReviewState, tracking_uids: Sequence[str]) -> tuple[ReviewState, str]:
    """Return the state with one cluster in place of several of one image, and its tracking UID.

    Raises
    ------
    UsageError
        ``nothing-to-merge`` when there are fewer than two, they lie in different images or have no calcifications.
    """
    found = [state.find(uid) for uid in dict.fromkeys(tracking_uids)]
    image = found[0][0] if found else None
    wanted = {member for _, cluster in found for member in cluster.member_ids}
    if image is None or len(found) < 2 or not wanted or any(other is not image for other, _ in found):
        raise UsageError(
            "nothing-to-merge", "Only clusters with calcifications in one image can be joined.", "Choose two of them."
        )
    members = tuple(c for c in image.calcifications if c.id in wanted)
    state = state.without_clusters(*(cluster.tracking_uid for _, cluster in found))
    outline = _describe(image, members).outline
    return _with_new_cluster(state, state.image(image.sop_instance_uid) or image, members, outline)


def with_calcification(
    state: ReviewState,
    image: ImageFindings,
    calcification: Calcification,
    visible: Collection[str],
    selected: str | None = None,
) -> tuple[ReviewState, int]:
    """Return the state with one more calcification, and its id.

    It joins the visible cluster whose outline it lies in (the selected one first, else the smallest), or the selected
    one when it is within 5 mm of a member; else it is isolated. One of the algorithm at the same pixels that belongs to
    no cluster or a hidden one is taken in its place.

    Raises
    ------
    UsageError
        ``already-marked`` when a visible calcification is there.
    """
    home = _home(image, calcification, visible, selected)
    shown = {m for c in image.clusters if c.tracking_uid in visible for m in c.member_ids}
    same = next((old for old in image.calcifications if overlap(old, calcification)), None)
    if same is not None and (same.id in shown or same.origin is Origin.READER):
        raise UsageError("already-marked", "This calcification is marked already.", "Click on another one.")
    if same is None:
        added = calcification = replace(calcification, id=_next_id([c.id for c in image.calcifications]))
        state = state.with_image(replace(image, calcifications=(*image.calcifications, added)))
    else:
        calcification = replace(same, origin=Origin.READER)
        state = state.with_image(
            replace(image, calcifications=tuple(calcification if c is same else c for c in image.calcifications))
        )
    now = state.image(image.sop_instance_uid)
    if now is None or home is None:
        return state, calcification.id
    state = _taken(state, now, (calcification,), keep=home.tracking_uid)
    now, home = state.find(home.tracking_uid)
    ids = {*home.member_ids, calcification.id}
    members = tuple(c for c in now.calcifications if c.id in ids)
    is_inside = contains(home.outline, (calcification.row, calcification.column))
    outline = home.outline if is_inside else _describe(now, members).outline
    return state.with_cluster(_measured(now, home, members, outline)), calcification.id


def without_calcification(state: ReviewState, image: ImageFindings, identifier: int) -> ReviewState:
    """Return the state without a calcification; its cluster is measured again and keeps its outline.

    Raises
    ------
    UsageError
        ``no-such-finding``.
    """
    if identifier not in {c.id for c in image.calcifications}:
        raise UsageError("no-such-finding", "This calcification is no longer there.", "Choose another one.")
    remaining = replace(image, calcifications=tuple(c for c in image.calcifications if c.id != identifier))
    for cluster in image.clusters:
        if identifier in cluster.member_ids:
            members = tuple(c for c in image.members(cluster) if c.id != identifier)
            changed = _measured(image, cluster, members, cluster.outline)
            clusters = tuple(changed if c is cluster else c for c in remaining.clusters)
            remaining = replace(remaining, clusters=clusters)
            state = replace(state, touched=state.touched | {cluster.tracking_uid})
    return state.with_image(remaining)


def overlap(first: Calcification, second: Calcification) -> bool:
    """Say whether two calcifications share a pixel."""
    if abs(first.row - second.row) > 200 or abs(first.column - second.column) > 200:
        return False
    mine = {(row, column + k) for row, column, length in first.runs for k in range(length)}
    return any((row, column + k) in mine for row, column, length in second.runs for k in range(length))


def _home(
    image: ImageFindings, calcification: Calcification, visible: Collection[str], selected: str | None
) -> Cluster | None:
    place = calcification.row, calcification.column
    shown = [c for c in image.clusters if c.tracking_uid in visible]
    chosen = next((c for c in shown if c.tracking_uid == selected), None)
    around = [c for c in shown if contains(c.outline, place)]
    if around:
        return chosen if chosen in around else min(around, key=lambda c: c.area_mm2)
    if chosen is not None:
        row_mm, column_mm = image.spacing_mm
        for member in image.members(chosen):
            away = math.hypot(
                (member.row - calcification.row) * row_mm, (member.column - calcification.column) * column_mm
            )
            if away <= NEAR_MM:
                return chosen
    return None


def _with_new_cluster(
    state: ReviewState, image: ImageFindings, members: tuple[Calcification, ...], outline: Outline
) -> tuple[ReviewState, str]:
    state = _taken(state, image, members, keep="")
    now = state.image(image.sop_instance_uid) or image
    geometry = measure_outline(members, outline, image.spacing_mm, breast_area_mm2=_breast_area(image))
    cluster = Cluster(
        id=_next_id([c.id for c in now.clusters]),
        member_ids=tuple(c.id for c in members),
        outline=outline,
        area_mm2=geometry.area_mm2,
        diameter_mm=geometry.diameter_mm,
        density_per_cm2=geometry.density_per_cm2,
        score=1.0,
        distribution=geometry.distribution,
        tracking_uid=str(generate_uid(prefix=None)),
        origin=Origin.READER,
        told_count=None if members else 0,
    )
    state = state.with_image(replace(now, clusters=(*now.clusters, cluster)))
    return replace(state, touched=state.touched | {cluster.tracking_uid}), cluster.tracking_uid


def _taken(state: ReviewState, image: ImageFindings, members: Sequence[Calcification], *, keep: str) -> ReviewState:
    """Return the state with ``members`` taken out of every cluster of the image but ``keep``."""
    wanted = {c.id for c in members}
    for cluster in image.clusters:
        if cluster.tracking_uid == keep or not wanted & set(cluster.member_ids):
            continue
        left = tuple(c for c in image.members(cluster) if c.id not in wanted)
        if not left:
            state = state.without_clusters(cluster.tracking_uid)
            continue
        is_touched = cluster.tracking_uid in state.touched
        changed = _measured(image, cluster, left, cluster.outline)
        state = state.with_cluster(changed if is_touched else replace(changed, origin=cluster.origin))
        if not is_touched:  # what a reader never saw does not appear because it lost a calcification
            state = replace(state, touched=state.touched - {cluster.tracking_uid})
    return state


def _measured(image: ImageFindings, cluster: Cluster, members: tuple[Calcification, ...], outline: Outline) -> Cluster:
    geometry = measure_outline(members, outline, image.spacing_mm, breast_area_mm2=_breast_area(image))
    return replace(
        cluster,
        member_ids=tuple(c.id for c in members),
        outline=geometry.outline,
        area_mm2=geometry.area_mm2,
        diameter_mm=geometry.diameter_mm,
        density_per_cm2=geometry.density_per_cm2,
        origin=Origin.READER,
        benign_type=None,  # the algorithm said it of another outline and other members
        descriptors=None,
        told_count=None if members else 0,
    )


def _describe(image: ImageFindings, members: tuple[Calcification, ...]) -> ClusterGeometry:
    return describe_cluster(members, image.spacing_mm, (image.rows, image.columns), breast_area_mm2=_breast_area(image))


def _breast_area(image: ImageFindings) -> float:
    return image.breast_area_mm2 or math.inf


def _enclosed(image: ImageFindings, outline: Outline) -> tuple[Calcification, ...]:
    if not image.calcifications:
        return ()
    within = inside([(c.row, c.column) for c in image.calcifications], outline)
    return tuple(c for c, is_within in zip(image.calcifications, within, strict=True) if is_within)


def _is_other(other: Cluster, cluster: Cluster, visible: Collection[str]) -> bool:
    return other is not cluster and other.tracking_uid in visible


def _next_id(used: Sequence[int]) -> int:
    return max(used, default=0) + 1
