"""Real patches with a cluster or without: 8-bit regions of digitised film.

They validate and are never trained on. The folder holds ``0/*.pgm`` (normal) and ``1/*.pgm`` (cluster); names begin
with the case and an underscore.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.errors import InputError
from MCDetect.evaluation.bootstrap import Interval
from MCDetect.evaluation.roc import area_under_curve

FloatImage = npt.NDArray[np.float32]

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

    def area(self, scores: Sequence[float], repeats: int = 1000) -> Interval:
        """Return the area of scores, one a patch, with its interval by case from so many bootstraps."""
        return area_under_curve(list(self.labels), scores, examinations=list(self.cases), repeats=repeats)

    def areas(self, judge: Judge) -> tuple[dict[str, float], dict[str, float]]:
        """Return the area with its interval, of the patches as they are and equalised."""
        return self._area(judge, self.as_they_are), self._area(judge, self.equalised)

    def _area(self, judge: Judge, patches: Sequence[FloatImage]) -> dict[str, float]:
        return self.area([judge(patch) for patch in patches]).rounded()


def equalised_patches(patches: Sequence[FloatImage]) -> list[FloatImage]:
    """Return the patches rescaled to the median of their high-pass deviations, which alone tells many apart."""
    middle = float(np.median([high_pass_deviation(patch) for patch in patches]))
    return [_equalised(patch, middle) for patch in patches]


def patch_files(folder: Path) -> list[tuple[int, Path]]:
    """Return class (0 or 1) and file of each patch.

    Raises
    ------
    InputError
        ``no-patches`` if the folder lacks one of the classes.
    """
    paths = [(label, path) for label in (0, 1) for path in sorted((folder / str(label)).glob("*.pgm"))]
    if {label for label, _ in paths} != {0, 1}:
        raise InputError("no-patches", f"{folder} holds no patches.", "It should hold 0/*.pgm and 1/*.pgm.")
    return paths


def read_patch(path: Path) -> FloatImage:
    """Return the grey values of a patch."""
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture, dtype=np.float32)


def high_pass_deviation(patch: FloatImage) -> float:
    """Return the standard deviation of what is finer than a Gaussian of 2 pixels."""
    return float((patch - ndimage.gaussian_filter(patch, 2.0)).std())


def _equalised(patch: FloatImage, deviation: float) -> FloatImage:
    """Rescale contrast about the mean; not rounded, so no grey level is lost."""
    scale = deviation / max(high_pass_deviation(patch), 1e-6)
    rescaled: FloatImage = (patch.mean() + (patch - patch.mean()) * np.float32(scale)).astype(np.float32)
    return rescaled
