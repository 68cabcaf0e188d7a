"""Real patches in comparisons: a detector as their judge, and the part of a document with the areas under the curve."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from MCDetect.training.detection.tables import interval, table
from MCDetect.training.patch_scores import calcification_sum
from MCDetect.training.real_patches import Judge

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector


AREAS = "area under the ROC curve on real patches"
EQUAL_AREAS = "area under the ROC curve on real patches of equal high-pass deviation"
"""Keys of the areas, by system, in the figures of a comparison."""


def judge_of(detector: Detector) -> Judge:
    """Return the judge that sums the calcification probabilities of a detector."""
    return partial(calcification_sum, detector)


def patch_text(results: Mapping[str, Any], explained: str) -> list[str]:
    """Return the part of a document with the areas of a comparison, in lines; none where no patches were at hand.

    Parameters
    ----------
    results
        The figures: :data:`AREAS`, :data:`EQUAL_AREAS` and, as ``real patches``, the numbers of patches.
    explained
        Sentences about what was done with the patches.
    """
    about = results["real patches"]
    if not about:
        return []
    return [
        "## Real patches\n",
        f"{about['all']} regions of digitised film, {about['with a cluster']} of them with a cluster, for validation "
        f"alone. {explained} Intervals by case.\n",
        area_table(results[AREAS], results[EQUAL_AREAS]),
    ]


def area_table(areas: Mapping[str, Any], equal: Mapping[str, Any] | None) -> str:
    """Return the areas under the ROC curve as they are and, where measured, at equal high-pass deviation."""
    header = ["", "area under the ROC curve", "at equal high-pass deviation"]
    columns = [areas] if equal is None else [areas, equal]
    return table(header[: len(columns) + 1], [[name, *(interval(of[name], 3) for of in columns)] for name in areas])
