"""A coarse grid of values at the pixels of a picture, a band of rows at a time.

Pictures are larger than the processor's cache. A step that goes over all pixels several times is therefore done band by
band, each on the thread that is free: the values in between never go to memory.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]

_BAND = 64
"""Rows of a band: with 4096 columns of float32 one megabyte."""


class _Axis(NamedTuple):
    """For each pixel of an axis the two values it lies between, and the share of the upper one."""

    lower: npt.NDArray[np.intp]
    upper: npt.NDArray[np.intp]
    weight: FloatImage

    @classmethod
    def of(cls, count: int, size: int) -> _Axis:
        position = np.clip((np.arange(size, dtype=np.float32) + 0.5) * (count / size) - 0.5, 0, count - 1)
        lower = np.floor(position).astype(np.intp)
        return cls(lower, np.minimum(lower + 1, count - 1), (position - lower).astype(np.float32))


class Interpolated:
    """Values that lie at the centres of blocks, interpolated bilinearly; constant beyond the outermost centres.

    Parameters
    ----------
    blocks
        float32 (block rows, block columns).
    shape
        (rows, columns) of the picture that the blocks part evenly.
    """

    def __init__(self, blocks: FloatImage, shape: tuple[int, int]) -> None:
        self._blocks = blocks
        self._down, self._across = (_Axis.of(count, size) for count, size in zip(blocks.shape, shape, strict=True))

    def rows(self, start: int, stop: int) -> FloatImage:
        """Return the pixels of the rows from ``start`` to before ``stop``."""
        down, across = self._down, self._across
        weight = down.weight[start:stop, None]
        band = self._blocks[down.lower[start:stop]] * (1 - weight) + self._blocks[down.upper[start:stop]] * weight
        between: FloatImage = np.take(band, across.lower, 1) * (1 - across.weight)
        between += np.take(band, across.upper, 1) * across.weight
        return between

    def all_rows(self) -> FloatImage:
        """Return all pixels."""
        return self.rows(0, len(self._down.lower))


def in_bands(rows: int, compute: Callable[[int, int], None], threads: int = 1) -> None:
    """Call ``compute(start, stop)`` for bands that make up ``rows`` rows, on so many threads."""
    starts = range(0, rows, _BAND)
    if threads == 1:
        for start in starts:
            compute(start, min(start + _BAND, rows))
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda start: compute(start, min(start + _BAND, rows)), starts):
            pass
