"""Real patches in comparisons: a detector as their judge, and the table of areas under the ROC curve."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from MCDetect.training.detection.tables import interval, table
from MCDetect.training.patch_scores import calcification_sum
from MCDetect.training.real_patches import Judge

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector


def judge_of(detector: Detector) -> Judge:
    """Return the judge that sums the calcification probabilities of a detector."""
    return partial(calcification_sum, detector)


def area_table(areas: Mapping[str, Any], equal: Mapping[str, Any] | None) -> str:
    """Return the areas under the ROC curve as they are and, where measured, at equal high-pass deviation."""
    header = ["", "area under the ROC curve", "at equal high-pass deviation"]
    columns = [areas] if equal is None else [areas, equal]
    return table(header[: len(columns) + 1], [[name, *(interval(of[name], 3) for of in columns)] for name in areas])
