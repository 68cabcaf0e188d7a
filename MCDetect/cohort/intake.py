"""What comes from a PACS while a batch runs: into the manifest when it is there, off the disk when it is done with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
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
        self._noted = noted
        self._reasons: set[str] = set()
        if archive.drop:
            self._drop_files([*manifest.files_of_complete(), *manifest.files_to_drop()])

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
            # Nothing of one to which more has come meanwhile: it is to be processed again, with all its files.
            self._drop_files(self._manifest.files_of_complete(examination.name))

    def _take(self, arrival: Arrival) -> None:
        states, problems = self._states(arrival)
        records = read_headers([(str(path), state.st_size, state.st_mtime_ns) for path, state in states])
        self._manifest.take_files(records, self._search)
        self._manifest.group_studies({record.study for record in records if record.study})
        if not problems:
            self._manifest.note_fetched(arrival.key)
        self.problems += problems
        self._rate.tick()
        self._tell()

    def _tell(self) -> None:
        remaining = self._fetcher.remaining
        self._told(
            FetchState(self._total - remaining, self._total, self._rate.per_hour, self._rate.seconds_for(remaining))
        )

    def _states(self, arrival: Arrival) -> tuple[list[tuple[Path, os.stat_result]], tuple[Refusal, ...]]:
        """Return the files that came, as they are now, and what could not be had.

        Another query may have brought the same study, and its files may have been dropped since this one found them.
        Were more to come with this one, it would be processed without them: that is removed too and asked for again.
        """
        states, halved = [], set[Path]()
        for path in arrival.files:
            try:
                states.append((path, path.stat()))
            except FileNotFoundError:
                halved.add(path.parent)
        left = [(str(path), state.st_size, state.st_mtime_ns) for path, state in states if path.parent in halved]
        if not left:
            return states, arrival.problems
        # Written down first: a file that cannot be removed must not be taken for a new one by the next start.
        self._manifest.take_files(read_headers(left), self._search)
        self._drop_files(path for path, _, _ in left)
        problem = Refusal(
            "queries",
            "dropped-meanwhile",
            f"Images of {len(halved)} studies came while others of them, which were done with, were removed.",
            "Start again: these studies are fetched anew, as a whole.",
        )
        return [state for state in states if state[0].parent not in halved], (*arrival.problems, problem)

    def _drop_files(self, paths: Iterable[str]) -> None:
        """Remove files that were fetched, and no others; an end in between leaves none that would be processed."""
        files = [path for path in paths if self._folder in Path(path).parents]
        self._manifest.drop_files(files)
        for path in map(Path, files):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self._note_kept(path, error.strerror or type(error).__name__)
            with suppress(OSError):  # other files lie there
                path.parent.rmdir()

    def _note_kept(self, path: Path, reason: str) -> None:
        if reason not in self._reasons:  # a disk or a share that refuses one refuses many
            self._reasons.add(reason)
            self._noted(f"{path} is done with and could not be removed: {reason}. The next start tries it again.")
