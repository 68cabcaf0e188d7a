"""Where the elements and items of a DICOM file begin, at every depth."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})
_ITEMS = frozenset({(0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)})
_UNDEFINED = 0xFFFFFFFF


def element_borders(content: bytes, begin: int = 132, end: int | None = None) -> Iterator[int]:
    """Yield the offset of every element, item and delimiter of an Explicit VR Little Endian file."""
    offset, end = begin, len(content) if end is None else end
    while offset + 8 <= end:
        yield offset
        tag = struct.unpack_from("<HH", content, offset)
        representation = content[offset + 4 : offset + 6]
        if tag in _ITEMS:
            (length,) = struct.unpack_from("<L", content, offset + 4)
            inner = offset + 8
        elif representation in _LONG:
            (length,) = struct.unpack_from("<L", content, offset + 8)
            inner = offset + 12
        else:
            (length,) = struct.unpack_from("<H", content, offset + 6)
            inner = offset + 8
        # What is in a sequence or an item is walked through as what follows it.
        is_walked_into = length == _UNDEFINED or tag in _ITEMS or representation == b"SQ"
        offset = inner if is_walked_into else inner + length
