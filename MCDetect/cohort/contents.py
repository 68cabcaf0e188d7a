"""What the files of an examination hold, and whether they have changed meanwhile."""

from __future__ import annotations

import hashlib
from pathlib import Path


def contents_of(files: list[Path]) -> tuple[list[Path], str, int]:
    """Return the files of different content, the hash of their contents in any order, and the bytes read.

    A file that cannot be read counts by its name; the detection will say what is wrong with it.
    """
    by_digest: dict[str, Path] = {}
    size = 0
    for file in files:
        try:
            with file.open("rb") as stream:
                digest = hashlib.sha256()
                while block := stream.read(1 << 20):
                    digest.update(block)
                    size += len(block)
                by_digest.setdefault(digest.hexdigest(), file)
        except OSError:
            by_digest.setdefault(f"unreadable {file}", file)
    return list(by_digest.values()), hashlib.sha256("\n".join(sorted(by_digest)).encode()).hexdigest(), size


def states_of(files: list[Path]) -> list[tuple[int, int] | None]:
    """Return size and time of change (ns) of files; None for those that are not there."""
    states: list[tuple[int, int] | None] = []
    for file in files:
        try:
            status = file.stat()
            states.append((status.st_size, status.st_mtime_ns))
        except OSError:
            states.append(None)
    return states
