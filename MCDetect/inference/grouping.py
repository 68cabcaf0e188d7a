"""How the marks of a view make groups: those that lie together, strong ones that are strewn, and faint ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from MCDetect.findings import Calcification
from MCDetect.inference.clusters import Group, Members, group_calcifications, ungrouped
from MCDetect.inference.faint import GroupFaint, groups_of_faint
from MCDetect.inference.settings import DetectorSettings


def _none(calcifications: Sequence[Calcification]) -> list[Members]:
    return []


@dataclass(frozen=True)
class Grouping:
    """The rules of a bundle for pictures of one pixel spacing.

    Attributes
    ----------
    together
        Groups calcifications that lie within the linking distance.
    strewn
        Groups those that are in no such group, at a larger distance, if they are strong: rods and rims are plain to see
        and may lie farther from one another along a segment.
    faint
        Finds the groups that appear only with marks below the threshold (:mod:`MCDetect.inference.faint`).
    """

    together: Group
    strewn: Group = _none
    faint: GroupFaint | None = None

    @classmethod
    def of(cls, settings: DetectorSettings, spacing_mm: tuple[float, float]) -> Grouping:
        """Return the rules of a bundle; ``spacing_mm`` is that between rows and between columns."""
        group = partial(group_calcifications, spacing_mm=spacing_mm, minimum_count=settings.minimum_count)
        together = partial(group, linking_distance_mm=settings.linking_distance_mm)
        apart = partial(group, linking_distance_mm=settings.strewn_distance_mm)

        def strewn(calcifications: Sequence[Calcification]) -> list[Members]:
            return apart([c for c in calcifications if settings.logit_of(c) >= settings.strewn_threshold])

        faint = partial(
            groups_of_faint,
            spacing_mm=spacing_mm,
            distance_mm=settings.linking_distance_mm,
            group=together,
            least_clear=settings.minimum_count - 1,
            clear_score=settings.clear_score,
        )
        return cls(together, strewn, faint)

    def strewn_beside(self, groups: Sequence[Members], marks: Sequence[Calcification]) -> list[Members]:
        """Return the groups of strewn ones among the marks that are in none of ``groups``."""
        return self.strewn(ungrouped(marks, groups))
