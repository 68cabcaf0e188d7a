"""The findings that leave a review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from MCDetect.findings import Algorithm, Cluster, Correspondence, Findings, Refusal, score_of
from MCDetect.review.state import ReviewState

NO_ALGORITHM = Algorithm("MCDetect", "none", "none", "0" * 64, "none", 0.0, "none")
"""Stands in findings that a reader made where no algorithm has run."""


def is_same_model(one: Algorithm, other: Algorithm) -> bool:
    """Say whether two algorithms find the same: the SHA-256 covers the model, where it is known, else name and version.

    Operating point and device do not count: the findings of a review are kept from the loosest threshold on.
    """
    is_known = one.bundle_sha256 != NO_ALGORITHM.bundle_sha256
    names = [(algorithm.name, algorithm.version) for algorithm in (one, other)]
    return one.bundle_sha256 == other.bundle_sha256 and (is_known or names[0] == names[1])


def shown_as_findings(
    state: ReviewState,
    shown: Mapping[str, tuple[Cluster, ...]],
    pairs: Iterable[Correspondence],
    algorithm: Algorithm | None,
    refused: Iterable[Refusal],
) -> Findings:
    """Return what is shown as findings.

    An image that no algorithm has searched and no reader has marked is left out: nothing is known of it.

    Parameters
    ----------
    state
        Of the review.
    shown
        The clusters that are shown, by the key of the view, in the order of the views.
    pairs
        Correspondences; those of clusters that are not shown are left out.
    algorithm
        What made the findings; None where no algorithm has run.
    refused
        Images that were not searched.
    """
    images = []
    least = 0.0 if algorithm is None else algorithm.calcification_threshold
    for key, clusters in shown.items():
        image = state.image(key)
        if image is not None and (key in state.analysed or image.clusters or image.calcifications):
            marks = image.reported_with(clusters, least)
            images.append(replace(image, calcifications=marks, clusters=clusters, score=score_of(clusters)))
    there = {cluster.tracking_uid for image in images for cluster in image.clusters}
    kept = tuple(pair for pair in pairs if there.issuperset(pair.tracking_uids))
    return Findings(algorithm or NO_ALGORITHM, tuple(images), tuple(refused), kept)
