"""Frames of single bits: masks as the pixel data of a segmentation, and the pixels that such data hold.

Masks of calcifications are nearly empty: only where something is are single pixels touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from MCDetect.dicom.writing.geometry import Mask

Indices = npt.NDArray[np.int64]


def packed_frames(masks: Sequence[Mask]) -> bytes:
    """Return pixel data of a frame for each of ``masks``, all of one shape (rows, columns).

    The frames follow each other without a gap, also inside a byte, row by row, the first pixel in the lowest bit
    (DICOM PS3.5, section 8.1.1 and annex D); a byte is added where their number would be odd.
    """
    size = masks[0].size
    packed = np.zeros(2 * -(-len(masks) * size // 16), dtype=np.uint8)
    for number, mask in enumerate(masks):
        rows = np.flatnonzero(mask.any(axis=1))
        if not len(rows):
            continue
        first_byte, first_bit = divmod(number * size + int(rows[0]) * mask.shape[1], 8)
        occupied = mask[rows[0] : rows[-1] + 1].ravel()
        held = np.packbits(np.concatenate([np.zeros(first_bit, dtype=bool), occupied]), bitorder="little")
        packed[first_byte : first_byte + len(held)] |= held
    return packed.tobytes()


def overlap(masks: Sequence[Mask]) -> bool:
    """Say whether any pixel belongs to several of ``masks``, all of one shape."""
    taken = np.zeros(masks[0].shape, dtype=bool)
    for mask in masks:
        rows = np.flatnonzero(mask.any(axis=1))
        if not len(rows):
            continue
        occupied = slice(rows[0], rows[-1] + 1)
        if (taken[occupied] & mask[occupied]).any():
            return True
        taken[occupied] |= mask[occupied]
    return False


def pixels_of_frames(written: Dataset) -> list[Indices]:
    """Return the flat indices of the pixels that each frame of single bits holds, ascending.

    Raises
    ------
    ValueError
        If the pixel data are not frames of single bits, or not all that the data set says.
    """
    frames, size = int(written.NumberOfFrames), int(written.Rows) * int(written.Columns)
    data = np.frombuffer(written.PixelData, dtype=np.uint8)
    if (written.BitsAllocated, written.SamplesPerPixel) != (1, 1) or len(data) != 2 * -(-frames * size // 16):
        raise ValueError("not frames of single bits")
    occupied = np.flatnonzero(data != 0)
    bits = np.unpackbits(data[occupied], bitorder="little").reshape(-1, 8)
    rows, places = np.nonzero(bits)
    pixels = 8 * occupied[rows] + places
    borders = np.searchsorted(pixels, size * np.arange(frames + 1))
    return [pixels[start:end] - number * size for number, (start, end) in enumerate(pairwise(borders))]
