"""What the worker has answered before, so that the same question is not computed twice."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path

from MCDetect.findings import Algorithm, ImageFindings

_CHUNK = 1 << 20


class ResultMemory:
    """The findings of the latest views, by the content of their files and everything else that decides a result.

    Findings are a few kilobytes a view; pixels are not kept.

    Parameters
    ----------
    capacity
        Views to remember; the one that was not asked for longest is forgotten first.
    """

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        self._known: OrderedDict[str, tuple[ImageFindings, Algorithm]] = OrderedDict()

    def recall(self, key: str) -> tuple[ImageFindings, Algorithm] | None:
        """Return the findings that were kept under ``key``, if any."""
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)

    def keep(self, key: str, image: ImageFindings, algorithm: Algorithm) -> None:
        """Remember findings."""
        self._known[key] = image, algorithm
        self._known.move_to_end(key)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)


def question_key(file: Path, *settings: object) -> str | None:
    """Return a digest of the bytes of a file and of the settings it is analysed with; None if it cannot be read."""
    digest = hashlib.sha256(repr(settings).encode())
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return None  # reading it as a mammogram will tell why
    return digest.hexdigest()
