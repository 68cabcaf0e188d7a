"""Searching the source: the manifest learns which files there are and which examination each belongs to."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from MCDetect.cohort import engine
from MCDetect.cohort.cluster import Workers
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.records import TRANSIENT
from MCDetect.cohort.source import Source, chunks, read_headers

StoredFile = tuple[str, int, int]
"""Path, size, time of change in ns."""


def search(source: Source, manifest: Manifest, crew: Workers, told: Callable[[int], None]) -> int:
    """Bring the manifest up to date with the source: new and changed headers are read by the workers.

    Headers that cannot be read for a reason that may pass are tried again after a while.

    Parameters
    ----------
    source
        What is searched.
    manifest
        What is known of it.
    crew
        Who reads headers.
    told
        Called with the number of files looked at so far.

    Returns
    -------
    int
        The number of this search.
    """
    number = manifest.next_search()
    looked_at = 0

    def unknown() -> Iterable[list[StoredFile]]:
        nonlocal looked_at
        for chunk in chunks(source.files()):
            known = manifest.known_files(path for path, _, _ in chunk)
            manifest.see_files((path for path, size, time in chunk if known.get(path) == (size, time)), number)
            yield [file for file in chunk if known.get(file[0]) != file[1:]]
            looked_at += len(chunk)
            told(looked_at)

    _read(unknown(), manifest, crew, number)
    for pause in engine.PAUSES_S:
        refused = manifest.refused_files(TRANSIENT, number)
        if not refused:
            break
        time.sleep(pause)
        _read(chunks(map(_as_it_is, refused)), manifest, crew, number)
    manifest.group(number)
    return number


def _as_it_is(file: StoredFile) -> StoredFile:
    try:
        status = Path(file[0]).stat()
    except OSError:
        return file
    return file[0], status.st_size, status.st_mtime_ns


def _read(chunked: Iterable[list[StoredFile]], manifest: Manifest, crew: Workers, number: int) -> None:
    open_tasks: deque[Any] = deque()
    for chunk in chunked:
        if chunk:
            open_tasks.append(crew.submit(read_headers, chunk))
        if len(open_tasks) > max(4, 3 * crew.slots):
            manifest.take_files(crew.result(open_tasks.popleft()), number)
    while open_tasks:
        manifest.take_files(crew.result(open_tasks.popleft()), number)
