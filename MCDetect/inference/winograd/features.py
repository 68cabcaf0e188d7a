"""The maxima of the shallow CNN's maps over an image, by minimal filtering in several threads."""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.inference.winograd.geometry import BLOCK, BORDER, COLUMNS, KERNEL, READ
from MCDetect.inference.winograd.machine import Program, is_available, lanes
from MCDetect.runs import runs_of_mask

if TYPE_CHECKING:
    from MCDetect.inference.backends.interface import FloatImage, FloatMaps
    from MCDetect.inference.winograd.convolution import Layer
    from MCDetect.networks.shallow_cnn import ShallowCNN

_FEWEST_ROWS = 16  # of blocks in a piece of work: each computes eight rows of first maps that its neighbour has too
_ALIGNMENT = 64  # bytes of a line of the cache
_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_ARGUMENTS = [_POINTER, _NUMBER, _POINTER, _POINTER, _POINTER, _NUMBER, _POINTER, _NUMBER, _NUMBER, _POINTER]


def is_suited(network: ShallowCNN, stride: int) -> bool:
    """Tell whether ``BlockMaxima`` can compute it: kernels of 9 x 9, blocks of 8 pixels or a multiple, llvmlite."""
    return network.border == BORDER and stride % BLOCK == 0 and is_available()


class BlockMaxima:
    """``dense_patches.block_maxima(network, stride)`` on the CPU (see ``backends.interface.RunNetwork``).

    About half of the multiplications of a convolution, and no map is written to memory. Rounding differs from other
    ways by some 1e-6.

    Parameters
    ----------
    network
        On the CPU; its weights are copied.
    stride
        Side of the blocks in pixels.

    Raises
    ------
    ValueError
        If the network or the stride is not ``is_suited``.
    """

    def __init__(self, network: ShallowCNN, stride: int) -> None:
        from MCDetect.inference.winograd.transforms import transformed_kernels

        if not is_suited(network, stride):
            raise ValueError(
                f"only kernels of {KERNEL} x {KERNEL} and blocks of a multiple of {BLOCK} pixels can be computed, "
                "with llvmlite"
            )
        parameters = {name: value.numpy() for name, value in network.features.state_dict().items()}
        weights = [parameters[f"{index}.weight"] for index in (0, 2)]
        self._program, both, self._workspace = _compiled((weights[0].shape[0], weights[1].shape[0]))
        self._column = self._program.function("column", *_ARGUMENTS)
        self._layers = both
        self._kernels = [
            transformed_kernels(kernels, layer.together) for kernels, layer in zip(weights, both, strict=True)
        ]
        self._biases = [np.array(parameters[f"{index}.bias"], dtype=np.float32) for index in (0, 2)]
        self._coarser = stride // BLOCK

    def __call__(self, image: FloatImage) -> FloatMaps:
        """Return (channels, (rows - 16) // stride, (columns - 16) // stride) maxima of a float32 image."""
        return self.where(image, None)

    def where(self, image: FloatImage, wanted: npt.NDArray[np.bool_] | None) -> FloatMaps:
        """Return what ``__call__`` does, computed where it is wanted; elsewhere it may be anything.

        Nothing but the maxima takes memory: an image needs no strips, which would compute twice what they share.

        Parameters
        ----------
        image
            float32 (rows, columns).
        wanted
            (rows, columns) of the result: which blocks; None means all.
        """
        import torch

        rows, columns = (max(0, (size - BORDER) // BLOCK) for size in image.shape)
        across = COLUMNS // BLOCK
        maxima = np.zeros((self._layers[1].outputs, rows, -(-columns // across) * across), np.float32)
        blocks = np.ones((rows, columns), dtype=np.bool_) if wanted is None else self._finer(wanted, (rows, columns))
        lefts = np.arange(0, columns, across)
        runs = runs_of_mask(np.logical_or.reduceat(blocks, lefts, axis=1).T)
        threads = torch.get_num_threads()
        number = sum(length for _, _, length in runs)
        height = max(_FEWEST_ROWS, -(-number // (4 * threads))) if threads > 1 else max(rows, 1)
        pieces = [
            (top, min(top + height, start + length), int(lefts[column]))
            for column, start, length in runs
            for top in range(start, start + length, height)
        ]
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(lambda piece: self._compute(image, maxima, *piece), pieces):
                pass
        maxima += self._biases[1][:, None, None]
        np.maximum(maxima, 0.0, out=maxima)
        return _coarser(maxima[:, :, :columns], self._coarser)

    def _finer(self, wanted: npt.NDArray[np.bool_], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Return which blocks of 8 pixels those that are wanted consist of."""
        finer = np.zeros(shape, dtype=np.bool_)
        repeated = wanted.repeat(self._coarser, axis=0).repeat(self._coarser, axis=1)[: shape[0], : shape[1]]
        finer[: repeated.shape[0], : repeated.shape[1]] = repeated
        return finer

    def _compute(self, image: FloatImage, maxima: FloatMaps, top: int, bottom: int, left: int) -> None:
        """Compute a column of blocks from row ``top`` to ``bottom``, of the width that registers take."""
        row, column = top * BLOCK, left * BLOCK
        pixels = image[row : bottom * BLOCK + BORDER, column : column + READ]
        if pixels.shape[1] < READ:  # at the right border: what is missing has no effect on what is kept
            pixels = np.pad(pixels, [(0, 0), (0, READ - pixels.shape[1])])
        work = _aligned(self._workspace)
        self._column(
            pixels.ctypes.data,
            pixels.strides[0] // pixels.itemsize,
            self._kernels[0].ctypes.data,
            self._biases[0].ctypes.data,
            self._kernels[1].ctypes.data,
            bottom - top,
            maxima[0, top, left:].ctypes.data,
            maxima.strides[0] // maxima.itemsize,
            maxima.strides[1] // maxima.itemsize,
            work.ctypes.data,
        )


@cache
def _compiled(filters: tuple[int, int]) -> tuple[Program, tuple[Layer, Layer], int]:
    """Return the machine code for a network of so many kernels, its layers, and how many numbers it works in.

    It takes some tenths of a second.
    """
    from MCDetect.inference.winograd.column import column_module, layers, workspace

    both = layers(filters, lanes())
    return Program(column_module(*both, lanes())), both, workspace(*both)


def _aligned(size: int) -> npt.NDArray[np.float32]:
    memory = np.empty(size + _ALIGNMENT // 4, np.float32)
    first = -memory.ctypes.data % _ALIGNMENT // 4
    return memory[first : first + size]


def _coarser(maxima: FloatMaps, factor: int) -> FloatMaps:
    channels, rows, columns = maxima.shape[0], maxima.shape[1] // factor, maxima.shape[2] // factor
    whole = maxima[:, : rows * factor, : columns * factor]
    blocks: FloatMaps = whole.reshape(channels, rows, factor, columns, factor).max(axis=(2, 4))
    return blocks
