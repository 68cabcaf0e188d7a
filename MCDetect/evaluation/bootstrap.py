"""Confidence intervals by the bootstrap over examinations (percentile method, Efron and Tibshirani 1993, ch. 13)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}-{self.high:.3f}]"

    def rounded(self) -> dict[str, float]:
        """Return estimate and limits as a document of figures holds them, to four digits."""
        return {"estimate": round(self.estimate, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def bootstrap_interval(
    statistic: Callable[[Indices], float],
    examinations: Sequence[Hashable],
    *,
    strata: Sequence[Hashable] | None = None,
    repeats: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a statistic with its percentile interval over resampled examinations.

    The images of one examination are drawn together, since they are not independent. For the interval of a difference
    let ``statistic`` return the difference: both sides then see the same resampled examinations.

    Parameters
    ----------
    statistic
        Called with the indices of the images that count (with repetitions); may return NaN where it is undefined, for
        example without any truth, and such resamples are left out.
    examinations
        The examination of each image.
    strata
        If given, examinations are resampled within each stratum (that of their first image).
    repeats
        Number of resamples.
    level
        Of confidence.
    seed
        The same seed gives the same interval.

    Raises
    ------
    ValueError
        If there are no images, or the statistic is undefined for all resamples.
    """
    if not examinations:
        raise ValueError("there is nothing to resample")
    members: dict[Hashable, list[int]] = {}
    for index, examination in enumerate(examinations):
        members.setdefault(examination, []).append(index)
    groups: dict[Hashable, list[Indices]] = {}
    for indices in members.values():
        stratum = strata[indices[0]] if strata is not None else None
        groups.setdefault(stratum, []).append(np.array(indices))
    random = np.random.default_rng(seed)
    values = np.array([statistic(_resample(groups, random)) for _ in range(repeats)], dtype=float)
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise ValueError("the statistic is undefined for every resample")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(statistic(np.arange(len(examinations)))), float(low), float(high), level)


def _resample(groups: dict[Hashable, list[Indices]], random: np.random.Generator) -> Indices:
    drawn = [
        examinations[index]
        for examinations in groups.values()
        for index in random.integers(0, len(examinations), len(examinations))
    ]
    return np.concatenate(drawn)
