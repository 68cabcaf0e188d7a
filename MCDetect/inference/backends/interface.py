"""A back end turns a network into a function from an image to its maps; nothing else knows which library computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import nn

FloatImage = npt.NDArray[np.float32]
FloatMaps = npt.NDArray[np.float32]

RunNetwork = Callable[[FloatImage], FloatMaps]
"""From a contiguous float32 image (rows, columns) of any size the network takes to its maps (channels, rows, columns).

The maps may lie in memory that the next call uses again: copy what is kept.
"""


def run_each(network: RunNetwork, images: Iterable[FloatImage]) -> Iterator[FloatMaps]:
    """Yield the maps of each image; a network that has a method ``each`` may fetch the next image meanwhile."""
    each = getattr(network, "each", None)
    return map(network, images) if each is None else each(images)


class Backend(Protocol):
    """A library that computes networks on one device in one precision."""

    name: str
    """As on the command line, e.g. ``"onnxruntime"``."""

    title: str
    """As its makers write it, e.g. ``"ONNX Runtime"``."""

    precision: str
    """One of ``precision.PRECISIONS``."""

    def compile(self, network: nn.Module) -> RunNetwork:
        """Return ``network`` ready to run.

        Parameters
        ----------
        network
            Fully convolutional, in evaluation mode, on the CPU; takes (1, 1, rows, columns).
        """
        ...
