"""Figures of clusters on the frozen set: all systems by both criteria, differences, calibration of the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from MCDetect.evaluation.hits import Candidate
from MCDetect.training.detection.figures import (
    CRITERIA,
    above_noise,
    by_group,
    calibration_figures,
    difference,
    froc_figures,
    match_views,
    operating_points,
)
from MCDetect.training.detection.systems import BUNDLE, LAPLACIAN, NAMES, ONE_STAGE, PATCHES
from MCDetect.training.detection.truths import ViewTruth

GROUP_RATES = (0.25, 0.5, 1.0)
"""False positives a view at which groups of clusters are compared."""

REPORTED = "from the lowest operating point up"
"""Name of the calibration of those candidates that can be reported at all."""


def cluster_figures(
    truths: Sequence[ViewTruth], found: Mapping[str, Sequence[Sequence[Candidate]]], points: Mapping[str, float]
) -> dict[str, Any]:
    """Return the figures of all systems.

    Parameters
    ----------
    truths
        Of the views.
    found
        Of each of :data:`MCDetect.training.detection.systems.NAMES` the scored clusters of each view.
    points
        Operating points of the bundle.
    """
    centre = next(iter(CRITERIA))
    figures: dict[str, Any] = {}
    matched = {
        name: {criterion: match_views(truths, found[name], rule) for criterion, rule in CRITERIA.items()}
        for name in NAMES
    }
    for name in NAMES:
        figures[name] = {
            criterion: {"all": froc_figures(views), "above noise": froc_figures(views, above_noise)}
            for criterion, views in matched[name].items()
        }
        figures[name]["groups"] = by_group(matched[name][centre], GROUP_RATES)
    figures["operating points"] = {
        criterion: operating_points(views, points) for criterion, views in matched[BUNDLE].items()
    }
    figures["differences"] = {
        f"{BUNDLE} less {other}": {
            f"{rate:g}": {
                "all": difference(matched[BUNDLE][centre], matched[other][centre], rate),
                "above noise": difference(matched[BUNDLE][centre], matched[other][centre], rate, above_noise),
            }
            for rate in (0.5, 1.0)
        }
        for other in (ONE_STAGE, PATCHES, LAPLACIAN)
    }
    return figures


def calibration_with_reported(
    truths: Sequence[ViewTruth], candidates: Sequence[Sequence[Candidate]], points: Mapping[str, float]
) -> dict[str, Any]:
    """Return the calibration of all candidates, and below :data:`REPORTED` of those that can be reported.

    Most candidates lie below every operating point and are never seen by anyone; that their low scores are right makes
    the error of all of them small, whatever the scores of the others are worth.
    """
    name = min(points, key=lambda point: points[point])
    return {
        **calibration_figures(truths, candidates),
        REPORTED: {
            "operating point": name,
            "threshold": points[name],
            **calibration_figures(truths, candidates, least_score=points[name]),
        },
    }
