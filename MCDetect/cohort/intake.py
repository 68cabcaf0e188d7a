"""What comes from a PACS while a batch runs: into the manifest when it is there, off the disk when it is done with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from MCDetect.cohort.fetching import Archive, Arrival, Fetcher
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.rate import Rate
from MCDetect.cohort.records import Examination, Outcome
from MCDetect.cohort.source import read_headers
from MCDetect.findings import Refusal

MOST_WAITING = 64
"""So many fetched examinations may wait for a worker where files are dropped when they are done with."""


@dataclass(frozen=True)
class FetchState:
    """How far fetching is, in queries; ``per_hour`` and ``seconds_left`` are None while there is no rate."""

    done: int
    total: int
    per_hour: float | None
    seconds_left: float | None


class Intake:
    """Brings what a :class:`Fetcher` fetches into the manifest.

    Parameters
    ----------
    archive
        Where files come from.
    folder
        Where they lie.
    manifest
        Where they are written down.
    search
        The number of the search that has looked at what lay there before.
    told
        Called with each state.
    noted
        Called with sentences on the PACS being away and answering again.

    Attributes
    ----------
    problems
        Queries that could not be answered whole, by their number; they are asked again by the next batch.
    """

    def __init__(
        self,
        archive: Archive,
        folder: Path,
        manifest: Manifest,
        search: int,
        told: Callable[[FetchState], None],
        *,
        noted: Callable[[str], None],
    ) -> None:
        self._drop = archive.drop
        self._folder = folder.resolve()
        self._manifest = manifest
        self._search = search
        self._told = told
        self._total = len(archive.queries)
        self._rate = Rate()
        self.problems: list[Refusal] = []
        self._fetcher = Fetcher(archive, self._folder, manifest.fetched(), noted)
        if archive.drop:
            for path in manifest.files_of_complete():
                self._remove(path)

    def __enter__(self) -> Intake:
        self._fetcher.__enter__()
        self._tell()
        return self

    def __exit__(self, *_: object) -> None:
        self._fetcher.__exit__()

    def step(self, patience_s: float, waiting: int) -> bool:
        """Take what came, waiting for the first of it no longer than ``patience_s``.

        Parameters
        ----------
        patience_s
            In seconds.
        waiting
            How many examinations wait for a worker.

        Returns
        -------
        bool
            Whether something came or may still come.
        """
        if self._fetcher.is_done:
            return False
        if self._drop and waiting >= MOST_WAITING:
            self._fetcher.room.clear()
        else:
            self._fetcher.room.set()
        while (arrival := self._fetcher.take(patience_s)) is not None:
            self._take(arrival)
            patience_s = 0.0
        return True

    def finished(self, examination: Examination, outcome: Outcome) -> None:
        """Remove the files of an examination from which nothing is missing, where that is asked for."""
        if self._drop and not outcome.refused:
            for path in examination.files:
                self._remove(path)

    def _take(self, arrival: Arrival) -> None:
        states = [(path, path.stat()) for path in arrival.files]
        records = read_headers([(str(path), state.st_size, state.st_mtime_ns) for path, state in states])
        self._manifest.take_files(records, self._search)
        self._manifest.group_studies({record.study for record in records if record.study})
        if not arrival.problems:
            self._manifest.note_fetched(arrival.key)
        self.problems += arrival.problems
        self._rate.tick()
        self._tell()

    def _tell(self) -> None:
        remaining = self._fetcher.remaining
        self._told(
            FetchState(self._total - remaining, self._total, self._rate.per_hour, self._rate.seconds_for(remaining))
        )

    def _remove(self, path: str) -> None:
        """Remove a file that was fetched, and no other."""
        file = Path(path)
        if self._folder in file.parents:
            file.unlink(missing_ok=True)
            with suppress(OSError):  # other files lie there
                file.parent.rmdir()
