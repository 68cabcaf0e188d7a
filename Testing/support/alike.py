"""Comparing findings that were read with those that were written."""

from __future__ import annotations

from typing import Any

import pytest

COORDINATES = 1e-5
"""Of a pixel; graphic coordinates are single floats, and small images have few hundred rows."""


def alike(read: Any, wanted: Any, name: str = "", coordinates: float = COORDINATES) -> None:
    """Compare exactly, but numbers as doubles go through percent, and coordinates as single floats."""
    if isinstance(wanted, dict):
        assert read.keys() == wanted.keys(), name
        for key in wanted:
            inside = name if name in ("nipple", "outline") else key
            alike(read[key], wanted[key], inside, coordinates)
    elif isinstance(wanted, (list, tuple)):
        assert len(read) == len(wanted), (name, read, wanted)
        for one, other in zip(read, wanted, strict=True):
            alike(one, other, name, coordinates)
    elif isinstance(wanted, float):
        is_coordinate = name in ("row", "column", "nipple", "outline")
        tolerance = {"abs": coordinates} if is_coordinate else {"rel": 1e-12, "abs": 1e-15}
        assert read == pytest.approx(wanted, **tolerance), name
    else:
        assert read == wanted, name
