"""Findings as they come, of the algorithm or of an earlier review, put beside what the reader has already done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from MCDetect.findings import Calcification, Cluster, Findings, ImageFindings, Origin
from MCDetect.inference.correspondence import ordered
from MCDetect.review.drawing import overlap
from MCDetect.review.examination import NOT_SEARCHED
from MCDetect.review.state import ReviewState, is_touched


def with_results(state: ReviewState, earlier: Findings, keys: Collection[str]) -> ReviewState:
    """Return the state with findings of an earlier run or review of the views ``keys``.

    What an earlier reader said of them counts as said: decisions and terms, confirmed correspondences and comment.
    What the present reader has said already stays. That the earlier review was finished is not taken over: who exports
    attests it in reports of their own name, so that each reader says it anew.
    """
    for found in earlier.images:
        if found.sop_instance_uid in keys:
            was_searched = state.analysed if NOT_SEARCHED in found.warnings else None
            state = with_view_findings(state, found)
            state = state if was_searched is None else replace(state, analysed=was_searched)
    there = {cluster.tracking_uid: cluster for image in state.images for cluster in image.clusters}
    known = {pair.tracking_uids for pair in state.correspondences} | state.declined
    confirmed = tuple(
        replace(pair, tracking_uids=ordered(*pair.tracking_uids))
        for pair in earlier.correspondences
        if pair.confirmed and there.keys() >= set(pair.tracking_uids) and ordered(*pair.tracking_uids) not in known
    )
    said = {uid for uid, cluster in there.items() if is_touched(cluster)}
    review = earlier.review
    return replace(
        state,
        correspondences=(*state.correspondences, *confirmed),
        touched=state.touched | said | {uid for pair in confirmed for uid in pair.tracking_uids},
        comment=state.comment or (review.comment if review else ""),
    )


def with_view_findings(state: ReviewState, found: ImageFindings) -> ReviewState:
    """Return the state with what the algorithm found in a view.

    What the reader has made or touched stays as it is. The algorithm's earlier, untouched findings of the view are
    replaced. A new cluster that shares a calcification with one that stays is left out: the reader has judged it.
    """
    key = found.sop_instance_uid
    state = replace(state, analysed=state.analysed | {key})
    old = state.image(key)
    if old is None:
        return state.with_image(found)
    kept, stays = _readers(state, old)
    if not kept and not stays:
        return _without_lost_links(state.with_image(found))
    covered = {new.id for new in found.calcifications if any(overlap(new, one) for one in stays)}
    news = tuple(c for c in found.calcifications if c.id not in covered)
    known = {cluster.tracking_uid for cluster in kept}
    clusters = tuple(c for c in found.clusters if c.tracking_uid not in known and not covered & set(c.member_ids))
    numbers, renumbered = _renumbered(stays, {c.id for c in news})
    merged = replace(
        found,
        calcifications=(*news, *renumbered),
        clusters=(*clusters, *_moved(kept, numbers, {c.id for c in clusters})),
    )
    return _without_lost_links(state.with_image(merged))


def without_former_findings(state: ReviewState) -> ReviewState:
    """Return the state with nothing in it that a former algorithm alone says, before another one searches.

    What is exported names one algorithm. So only what the reader has made or touched stays, and as the reader's: of
    what the former algorithm found, only the reader's word is left. No view counts as searched.
    """
    images = tuple(
        replace(
            image,
            calcifications=tuple(replace(c, origin=Origin.READER, benign_type=None) for c in stays),
            clusters=tuple(replace(c, origin=Origin.READER, benign_type=None, descriptors=None) for c in kept),
            warnings=(*(warning for warning in image.warnings if warning != NOT_SEARCHED), NOT_SEARCHED),
        )
        for image in state.images
        for kept, stays in [_readers(state, image)]
        if kept or stays
    )
    left = replace(state, images=(), analysed=frozenset())
    for image in images:
        left = left.with_image(image)
    return _without_lost_links(left)


def _readers(state: ReviewState, image: ImageFindings) -> tuple[tuple[Cluster, ...], tuple[Calcification, ...]]:
    """Return the clusters of a view that the reader has made or touched, and the calcifications that stay with them."""
    kept = tuple(c for c in image.clusters if c.tracking_uid in state.touched or is_touched(c))
    members = {member for cluster in kept for member in cluster.member_ids}
    return kept, tuple(c for c in image.calcifications if c.id in members or c.origin is Origin.READER)


def _renumbered(stays: tuple[Calcification, ...], used: set[int]) -> tuple[dict[int, int], tuple[Calcification, ...]]:
    """Return new ids by old ids for the calcifications that stay, beside those whose ids are ``used``; and them."""
    following = max([*used, *(c.id for c in stays)], default=0) + 1
    numbers: dict[int, int] = {}
    for calcification in stays:
        number = calcification.id
        if number in used:
            number, following = following, following + 1
        numbers[calcification.id] = number
    return numbers, tuple(replace(c, id=numbers[c.id]) for c in stays)


def _moved(kept: tuple[Cluster, ...], numbers: dict[int, int], used: set[int]) -> tuple[Cluster, ...]:
    moved = []
    following = max([*used, *(c.id for c in kept)], default=0) + 1
    for cluster in kept:
        number = cluster.id
        if number in used:
            number, following = following, following + 1
        moved.append(replace(cluster, id=number, member_ids=tuple(numbers[member] for member in cluster.member_ids)))
    return tuple(moved)


def _without_lost_links(state: ReviewState) -> ReviewState:
    there = {cluster.tracking_uid for image in state.images for cluster in image.clusters}
    return replace(
        state,
        correspondences=tuple(c for c in state.correspondences if there.issuperset(c.tracking_uids)),
        declined=frozenset(pair for pair in state.declined if there.issuperset(pair)),
        touched=state.touched & there,
    )
