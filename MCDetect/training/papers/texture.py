"""The 14 texture features of Haralick et al. 1973, from the grey-level co-occurrence matrix.

Haralick, Shanmugam and Dinstein 1973, "Textural features for image classification", IEEE Transactions on Systems, Man,
and Cybernetics SMC-3(6), appendix I; the 14th, the maximal correlation coefficient, is the square root of the second
largest eigenvalue of Q.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LEVELS = 32
FEATURES = (
    "angular second moment",
    "contrast",
    "correlation",
    "sum of squares",
    "inverse difference moment",
    "sum average",
    "sum variance",
    "sum entropy",
    "entropy",
    "difference variance",
    "difference entropy",
    "information measure of correlation 1",
    "information measure of correlation 2",
    "maximal correlation coefficient",
)

_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1))
_TINY = 1e-12

Floats = npt.NDArray[np.float64]


def haralick_features(image: npt.NDArray[np.uint8], levels: int = LEVELS) -> Floats:
    """Return the 14 features (in the order of :data:`FEATURES`), means over four directions at distance 1."""
    quantised = (image.astype(np.int64) * levels) // 256
    return np.asarray(np.mean([_features(co_occurrence(quantised, step, levels)) for step in _DIRECTIONS], axis=0))


def co_occurrence(levels_of: npt.NDArray[np.int64], step: tuple[int, int], levels: int) -> Floats:
    """Return the symmetric matrix (levels, levels) of how often two levels are a step apart, with the sum 1."""
    down, right = step
    rows, columns = levels_of.shape
    first = levels_of[: rows - down, max(0, -right) : columns - max(0, right)]
    second = levels_of[down:, max(0, right) : columns - max(0, -right)]
    counts = np.bincount((first * levels + second).ravel(), minlength=levels * levels).reshape(levels, levels)
    both: Floats = (counts + counts.T).astype(np.float64)
    return np.asarray(both / max(both.sum(), 1.0))


def _features(p: Floats) -> Floats:
    levels = len(p)
    index = np.arange(levels, dtype=np.float64)
    row, column = np.meshgrid(index, index, indexing="ij")
    marginal = p.sum(axis=1)
    mean = float((index * marginal).sum())
    variance = float(((index - mean) ** 2 * marginal).sum())
    sums: Floats = np.bincount((row + column).astype(int).ravel(), p.ravel(), 2 * levels - 1).astype(np.float64)
    distance = np.abs(row - column).astype(int)
    differences: Floats = np.bincount(distance.ravel(), p.ravel(), levels).astype(np.float64)
    sum_index = np.arange(2 * levels - 1)
    sum_average = float((sum_index * sums).sum())
    difference_average = float((index * differences).sum())
    product = np.outer(marginal, marginal)
    entropy, marginal_entropy = _entropy(p), _entropy(marginal)
    mixed = float(-(p * np.log2(product + _TINY)).sum())
    independent = _entropy(product)
    return np.array(
        [
            (p**2).sum(),
            ((row - column) ** 2 * p).sum(),
            ((row - mean) * (column - mean) * p).sum() / variance if variance > _TINY else 1.0,
            ((row - mean) ** 2 * p).sum(),
            (p / (1 + (row - column) ** 2)).sum(),
            sum_average,
            ((sum_index - sum_average) ** 2 * sums).sum(),
            _entropy(sums),
            entropy,
            ((index - difference_average) ** 2 * differences).sum(),
            _entropy(differences),
            (entropy - mixed) / marginal_entropy if marginal_entropy > _TINY else 0.0,
            np.sqrt(max(0.0, 1 - np.exp(-2 * (independent - entropy)))),
            _maximal_correlation(p, marginal),
        ]
    )


def _entropy(p: Floats) -> float:
    return float(-(p * np.log2(p + _TINY)).sum())


def _maximal_correlation(p: Floats, marginal: Floats) -> float:
    used = marginal > _TINY
    if used.sum() < 2:
        return 1.0
    rows = p[np.ix_(used, used)]
    # Similar to Q, and symmetric, since p is: its eigenvalues are those of Q.
    scaled = rows / np.sqrt(np.outer(marginal[used], marginal[used]))
    eigenvalues = np.sort(np.linalg.eigvalsh(scaled) ** 2)
    return float(np.sqrt(np.clip(eigenvalues[-2], 0.0, 1.0)))
