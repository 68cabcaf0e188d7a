"""FROC figures of a detector of clusters: by image and by examination, with bootstrap intervals over examinations.

False positives are counted on the images without clusters where there are any, and on all images otherwise: what holds
stands beside the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from MCDetect.evaluation.bootstrap import Indices, bootstrap_interval
from MCDetect.evaluation.free_response_statistics import false_positives_from, sensitivity_at, share_found
from MCDetect.evaluation.froc import RATES, MatchedImage, by_case, froc_curve

NORMAL, ALL = "views without clusters", "all views"

Statistic = Callable[[Sequence[MatchedImage]], float]


def free_response_figures(
    images: Sequence[MatchedImage], points: Mapping[str, float], *, repeats: int = 1000
) -> dict[str, Any]:
    """Return the figures of one detector by one criterion.

    Parameters
    ----------
    images
        From :func:`MCDetect.evaluation.froc.match`, scored down to 0.
    points
        Thresholds on the score by name.
    repeats
        Of the bootstrap.

    Returns
    -------
    dict
        ``clusters``; ``by image`` and ``by examination``, each with ``false positives counted on``, ``sensitivity at
        false positives a view`` and ``points`` of the curve, or None without clusters; ``operating points``.
    """
    cases = by_case(images)
    return {
        "clusters": sum(len(image.truth_scores) for image in images),
        "images": len(images),
        "examinations": len(cases),
        "by image": _curve(images, 1.0, repeats),
        "by examination": _curve(cases, views_per_case(images, cases), repeats),
        "operating points": {
            name: {
                "threshold": threshold,
                "sensitivity": interval_of(partial(share_found, threshold=threshold), images, repeats),
                "sensitivity by examination": interval_of(partial(share_found, threshold=threshold), cases, repeats),
                "false positives a view": interval_of(
                    partial(false_positives_from, threshold=threshold), counted_images(images), repeats
                ),
            }
            for name, threshold in points.items()
        },
        "false positives counted on": NORMAL if counts_normal(images) else ALL,
    }


def counts_normal(images: Sequence[MatchedImage]) -> bool:
    """Tell whether there are images without clusters, on which false positives are then counted."""
    return any(image.is_normal for image in images)


def counted_images(images: Sequence[MatchedImage]) -> list[MatchedImage]:
    """Return the images on which false positives are counted."""
    normal = counts_normal(images)
    return [image for image in images if image.is_normal or not normal]


def views_per_case(images: Sequence[MatchedImage], cases: Sequence[MatchedImage]) -> float:
    """Return the mean number of views of the examinations on which false positives are counted."""
    counted = {case.examination for case in counted_images(cases)}
    return sum(image.examination in counted for image in images) / max(1, len(counted))


def sensitivity_from(images: Sequence[MatchedImage], threshold: float, repeats: int) -> dict[str, float] | None:
    """Return the share of clusters that reach a threshold, with its interval; None without any."""
    return interval_of(partial(share_found, threshold=threshold), images, repeats)


def interval_of(statistic: Statistic, images: Sequence[MatchedImage], repeats: int) -> dict[str, float] | None:
    """Return a figure with its interval over examinations; None where it is not defined."""
    if not images or not np.isfinite(statistic(images)):
        return None

    def of(indices: Indices) -> float:
        return statistic([images[i] for i in indices])

    try:
        found = bootstrap_interval(of, [image.examination for image in images], repeats=repeats)
    except ValueError:  # each resample lacked what the figure needs
        return None
    return found.rounded()


def _curve(images: Sequence[MatchedImage], views: float, repeats: int) -> dict[str, Any] | None:
    """Return the curve of images (or cases of so many views each) and sensitivities; None without clusters."""
    if not any(image.truth_scores for image in images):
        return None
    normal = counts_normal(images)
    curve = froc_curve(images, false_positives_on_normal_images=normal)
    return {
        "false positives counted on": NORMAL if normal else ALL,
        "sensitivity at false positives a view": {
            f"{rate:g}": interval_of(partial(sensitivity_at, rate=rate * views, normal=normal), images, repeats)
            for rate in RATES
        },
        "points": curve.points(views),
    }
