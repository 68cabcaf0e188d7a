"""One number from matched images: what bootstrap intervals of free-response figures are taken of.

Each is NaN where it is not defined, so that a resample without clusters, or without normal images, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from MCDetect.evaluation.froc import MatchedImage, froc_curve


def sensitivity_at(images: Sequence[MatchedImage], rate: float, *, normal: bool = True) -> float:
    """Return the sensitivity at ``rate`` false positives an image, counted on the normal images or on all of them."""
    if not _has_curve(images, normal=normal):
        return float("nan")
    return froc_curve(images, false_positives_on_normal_images=normal).sensitivity_at(rate)


def mean_sensitivity(images: Sequence[MatchedImage]) -> float:
    """Return the mean sensitivity from 0 to 1 false positives a normal image."""
    if not _has_curve(images, normal=True):
        return float("nan")
    return froc_curve(images, false_positives_on_normal_images=True).mean_sensitivity()


def share_found(images: Sequence[MatchedImage], threshold: float) -> float:
    """Return the share of the clusters whose score reaches ``threshold``."""
    found = [score >= threshold for image in images for score in image.truth_scores]
    return float(np.mean(found)) if found else float("nan")


def false_positives_from(images: Sequence[MatchedImage], threshold: float) -> float:
    """Return the false positives an image from ``threshold`` up, on the images given."""
    counts = [sum(score >= threshold for score in image.false_positives) for image in images]
    return float(np.mean(counts)) if counts else float("nan")


def _has_curve(images: Sequence[MatchedImage], *, normal: bool) -> bool:
    has_clusters = any(image.truth_scores for image in images)
    return has_clusters and (not normal or any(image.is_normal for image in images))
