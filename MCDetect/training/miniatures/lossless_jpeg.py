"""Lossless JPEG of 16-bit grey values, which DDSM is stored in and hardly anything writes any more.

ITU-T T.81 (1992), process 14: prediction by the pixel to the left (selection value 1), Huffman codes. One table of
codes of five bits serves for the 17 lengths of differences.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

_PRECISION = 16
_CODE_BITS = 5
_LENGTHS = 17


def encode(pixels: npt.NDArray[np.uint16]) -> bytes:
    """Return a JPEG file of grey values (rows, columns).

    The length of 16 stands for a difference of 32768, which has no further bits (table H.2).
    """
    rows, columns = pixels.shape
    values = pixels.astype(np.int64)
    predicted = np.empty_like(values)
    predicted[:, 1:] = values[:, :-1]
    predicted[1:, 0] = values[:-1, 0]
    predicted[0, 0] = 1 << (_PRECISION - 1)
    difference = (values - predicted + 32768) % 65536 - 32768
    size = np.ceil(np.log2(np.abs(difference) + 1)).astype(np.int64)
    extra = np.where(difference < 0, difference + (1 << size) - 1, difference)
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xC4, bytes([0]) + bytes(16 * [0])[:4] + bytes([_LENGTHS]) + bytes(11) + bytes(range(_LENGTHS))),
            _segment(0xC3, struct.pack(">BHHB3B", _PRECISION, rows, columns, 1, 1, 0x11, 0)),
            _segment(0xDA, bytes([1, 1, 0, 1, 0, 0])),
            _bits(size.ravel(), extra.ravel()).replace(b"\xff", b"\xff\x00"),
            b"\xff\xd9",
        )
    )


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _bits(size: npt.NDArray[np.int64], extra: npt.NDArray[np.int64]) -> bytes:
    """Return for each difference the code of its length, then its bits; the last byte is filled with ones."""
    further = np.where(size == _PRECISION, 0, size)
    widths = further + _CODE_BITS
    words = (size << further) | np.where(size == _PRECISION, 0, extra)
    ends = np.cumsum(widths)
    bits = np.ones(-(-int(ends[-1]) // 8) * 8, dtype=np.uint8)
    for place in range(int(widths.max())):
        long_enough = widths > place
        bits[ends[long_enough] - 1 - place] = (words[long_enough] >> place) & 1
    return np.packbits(bits).tobytes()
