"""Areas under the ROC curve on real patches, for detectors and networks that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.evaluation.roc import area_under_curve
from MCDetect.training.detection.tables import interval, table
from MCDetect.training.patch_scores import FloatImage, calcification_sum, equalised_patches, patch_files, read_patch

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

Judge = Callable[[FloatImage], float]
"""Says how much a patch looks as if it held a cluster."""


@dataclass(frozen=True)
class RealPatches:
    """Patches with what they hold: for validation alone.

    Attributes
    ----------
    labels
        Whether each holds a cluster.
    cases
        Whose it is; intervals are by case.
    as_they_are, equalised
        The patches, and the same with equal high-pass deviation.
    """

    labels: tuple[bool, ...]
    cases: tuple[str, ...]
    as_they_are: tuple[FloatImage, ...]
    equalised: tuple[FloatImage, ...]

    @classmethod
    def read(cls, folder: Path) -> RealPatches:
        """Read ``0/*.pgm`` and ``1/*.pgm`` of a folder.

        Raises
        ------
        InputError
            ``no-patches`` when one of the classes is not there.
        """
        files = patch_files(folder)
        patches = [read_patch(path) for _, path in files]
        return cls(
            tuple(bool(label) for label, _ in files),
            tuple(path.name.split("_", maxsplit=1)[0] for _, path in files),
            tuple(patches),
            tuple(equalised_patches(patches)),
        )

    @property
    def numbers(self) -> dict[str, int]:
        """How many there are, with a cluster and in all."""
        return {"with a cluster": sum(self.labels), "all": len(self.labels)}

    def areas(self, judge: Judge) -> tuple[dict[str, float], dict[str, float]]:
        """Return the area with its interval, of the patches as they are and equalised."""
        return self._area(judge, self.as_they_are), self._area(judge, self.equalised)

    def _area(self, judge: Judge, patches: Sequence[FloatImage]) -> dict[str, float]:
        scores = [judge(patch) for patch in patches]
        return area_under_curve(list(self.labels), scores, examinations=list(self.cases), repeats=1000).rounded()


def judge_of(detector: Detector) -> Judge:
    """Return the judge that sums the calcification probabilities of a detector."""
    return partial(calcification_sum, detector)


def area_table(areas: Mapping[str, Any], equal: Mapping[str, Any] | None) -> str:
    """Return the areas under the ROC curve as they are and, where measured, at equal high-pass deviation."""
    header = ["", "area under the ROC curve", "at equal high-pass deviation"]
    columns = [areas] if equal is None else [areas, equal]
    return table(header[: len(columns) + 1], [[name, *(interval(of[name], 3) for of in columns)] for name in areas])
