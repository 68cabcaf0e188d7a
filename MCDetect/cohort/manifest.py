"""The manifest: what is known of every file and examination of a cohort, in one SQLite file.

Every change is a transaction that is on the disk when the call returns (write-ahead log, ``synchronous = FULL``), so a
process may end at any moment. Only the process that holds the output folder opens it; workers never do. It must lie on
a disk of this computer: SQLite's write-ahead log does not work over a network file system.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from MCDetect.cohort.grouping import group_files
from MCDetect.cohort.records import Examination, FileRecord, Outcome
from MCDetect.cohort.tables import SCHEMA
from MCDetect.errors import OutputError, UsageError
from MCDetect.findings import Refusal

_HAS_FILES = "EXISTS (SELECT 1 FROM files WHERE files.study = examinations.study)"
WAITING, PENDING, DONE, FAILED = "waiting", "pending", "done", "failed"
"""States of an examination: its images are still arriving; to be processed; processed; nothing could be analysed."""


class Manifest:
    """The manifest in an output folder; safe to use from several threads.

    Raises
    ------
    OutputError
        ``cannot-write`` when the disk is full or not writable, ``damaged-manifest`` when the file is none.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "manifest.sqlite"
        self._lock = threading.RLock()
        with self._told():
            self._database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(SCHEMA)

    def __enter__(self) -> Manifest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the database for changes that are all made or none."""
        with self._lock, self._told():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk may have ended it
                    self._database.execute("ROLLBACK")
                raise

    def rows(self, query: str, values: Iterable[object] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._lock, self._told():
            return self._database.execute(query, tuple(values)).fetchall()

    def keep_facts(self, facts: Mapping[str, str]) -> None:
        """Write down what decides the results, or compare it with what was written before.

        Raises
        ------
        UsageError
            ``other-settings`` naming what differs: results of different settings are never mixed in one folder.
        """
        known = {row["name"]: row["value"] for row in self.rows("SELECT name, value FROM facts")}
        differing = sorted(name for name, value in facts.items() if known.get(name, value) != value)
        if differing:
            name = differing[0]
            raise UsageError(
                "other-settings",
                f"The results in {self.path.parent} were made with another {name}: {known[name]} instead of "
                f"{facts[name]}.",
                "Choose another --output folder, or call it as before; results are not mixed.",
            )
        with self.transaction() as database:
            database.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", facts.items())

    def known_files(self, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return (size, time of change) of those of ``paths`` that were looked at before."""
        wanted = list(paths)
        marks = ",".join("?" * len(wanted))
        rows = self.rows(f"SELECT path, size, modified_ns FROM files WHERE path IN ({marks})", wanted)
        return {row["path"]: (row["size"], row["modified_ns"]) for row in rows}

    def take_files(self, records: Iterable[FileRecord], search: int = 0) -> None:
        """Write down files as they are now."""
        with self.transaction() as database:
            database.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (record.path, record.size, record.modified_ns, record.study, *_reason(record.refusal), search)
                    for record in records
                ),
            )

    def see_files(self, paths: Iterable[str], search: int) -> None:
        """Write down that files are still there, unchanged."""
        with self.transaction() as database:
            database.executemany("UPDATE files SET search = ? WHERE path = ?", ((search, path) for path in paths))

    def next_search(self) -> int:
        """Return the number of a new search of the source."""
        return int(self.rows("SELECT coalesce(max(search), 0) + 1 AS number FROM files")[0]["number"])

    def group(self, search: int) -> None:
        """Forget the files that ``search`` did not see, then make an examination of the files of each study.

        One whose files are others than when it was processed is to be processed again. One that has no file any more
        keeps its results.
        """
        with self.transaction() as database:
            database.execute("DELETE FROM files WHERE search <> ?", (search,))
            group_files(database)

    def group_studies(self, studies: Iterable[str]) -> None:
        """Make an examination of the files of each of these studies."""
        with self.transaction() as database:
            for study in studies:
                group_files(database, study)

    def refused_files(self, codes: Collection[str], search: int) -> list[tuple[str, int, int]]:
        """Return path, size and time of change of the files that ``search`` has refused for one of ``codes``."""
        chosen, values = _among(codes)
        query = f"SELECT path, size, modified_ns FROM files WHERE search = ? AND code {chosen}"
        return [tuple(row) for row in self.rows(query, (search, *values))]

    def fetched(self) -> frozenset[str]:
        """Return what stands for each query of a PACS that was answered whole."""
        return frozenset(row["query"] for row in self.rows("SELECT query FROM fetched"))

    def note_fetched(self, query: str) -> None:
        """Write down that a query was answered whole."""
        with self.transaction() as database:
            database.execute("INSERT OR IGNORE INTO fetched VALUES (?)", (query,))

    def files_of_complete(self, name: str | None = None) -> list[str]:
        """Return the files of the examinations from which nothing is missing, or of one if it is such."""
        rows = self.rows(
            "SELECT path FROM files JOIN examinations USING (study) WHERE state = 'done' AND name = coalesce(?, name) "
            "AND NOT EXISTS (SELECT 1 FROM refusals WHERE examination = examinations.name)",
            (name,),
        )
        return [row["path"] for row in rows]

    def drop_files(self, paths: Iterable[str]) -> None:
        """Write down that files are about to be removed: those that stay there belong to no examination any more."""
        with self.transaction() as database:
            for path in paths:
                database.execute("UPDATE files SET study = '' WHERE path = ?", (path,))
                database.execute("INSERT OR IGNORE INTO dropped VALUES (?)", (path,))

    def files_to_drop(self) -> list[str]:
        """Return the files that were to be removed and that the last search has seen; the others are forgotten."""
        with self.transaction() as database:
            database.execute(
                "DELETE FROM dropped WHERE NOT EXISTS "
                "(SELECT 1 FROM files WHERE files.path = dropped.path AND study = '')"
            )
        return [row["path"] for row in self.rows("SELECT path FROM dropped")]

    def forget_refused_files(self, codes: Collection[str] | None) -> None:
        """Have the files that were refused for one of ``codes``, or all, looked at again by the next search."""
        chosen, values = _among(codes)
        with self.transaction() as database:
            database.execute(f"DELETE FROM files WHERE code {chosen}", values)

    def reconsider(self, codes: Collection[str] | None) -> None:
        """Set what failed for one of ``codes``, in one image or in all, to be processed again; all if that is None.

        One that has no file any more keeps its results.
        """
        chosen, values = _among(codes)
        with self.transaction() as database:
            database.execute(
                "UPDATE examinations SET state = 'pending', attempts = 0 WHERE state IN ('failed', 'done') AND name IN "
                f"(SELECT examination FROM refusals WHERE code {chosen}) AND {_HAS_FILES}",
                values,
            )

    def compare_contents(self) -> None:
        """Set everything that was processed to be compared by its content."""
        with self.transaction() as database:
            database.execute(
                f"UPDATE examinations SET state = 'pending', attempts = 0 WHERE state = 'done' AND {_HAS_FILES}"
            )

    def pending(self, limit: int) -> list[Examination]:
        """Return the next examinations to process, in the order in which they were found.

        Those whose files are not there now (a disk that is not mounted) wait until they are.
        """
        rows = self.rows(
            f"SELECT * FROM examinations WHERE state = 'pending' AND {_HAS_FILES} ORDER BY rowid LIMIT ?", (limit,)
        )
        return [self._examination(row) for row in rows]

    def pending_named(self, name: str) -> Examination | None:
        """Return an examination, if it is to be processed."""
        rows = self.rows(f"SELECT * FROM examinations WHERE state = 'pending' AND name = ? AND {_HAS_FILES}", (name,))
        return self._examination(rows[0]) if rows else None

    def _examination(self, row: sqlite3.Row) -> Examination:
        paths = self.rows("SELECT path FROM files WHERE study = ?", (row["study"],))
        return Examination(
            row["name"],
            row["study"],
            row["signature"],
            tuple(path["path"] for path in paths),
            row["attempts"] + 1,
        )

    def failed_attempt(self, name: str) -> None:
        """Count an attempt that is to be repeated."""
        with self.transaction() as database:
            database.execute("UPDATE examinations SET attempts = attempts + 1 WHERE name = ?", (name,))

    def finish(self, examination: Examination, outcome: Outcome, *, deliver: bool = False) -> None:
        """Write down what became of an examination, unless its files have changed in the meantime."""
        state = FAILED if outcome.failed else DONE
        refusal = outcome.refused[0] if outcome.failed and outcome.refused else None
        now = time.time()
        with self.transaction() as database:
            changed = database.execute(
                "UPDATE examinations SET state = ?, content = ?, attempts = attempts + 1, code = ?, message = ?, "
                "hint = ?, seconds = ?, bytes_read = ?, worker = ?, changed = ?, delivery_attempts = 0, "
                "delivery_due = ?, delivery_error = NULL WHERE name = ? AND signature = ?",
                (
                    *(state, outcome.content, *_reason(refusal), outcome.seconds, outcome.bytes_read, outcome.worker),
                    *(now, now if deliver else None, examination.name, examination.signature),
                ),
            )
            if changed.rowcount == 0:
                return
            name = examination.name
            database.execute("DELETE FROM images WHERE examination = ?", (name,))
            database.execute("DELETE FROM refusals WHERE examination = ?", (name,))
            database.executemany(
                "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                ((name, *vars(image).values()) for image in outcome.images),
            )
            database.executemany(
                "INSERT INTO refusals VALUES (?, ?, ?, ?, ?)",
                ((name, refusal.source, *_reason(refusal)) for refusal in outcome.refused),
            )

    def counts(self) -> dict[str, int]:
        """Return how many examinations are in each state."""
        rows = self.rows("SELECT state, count(*) AS number FROM examinations GROUP BY state")
        return {row["state"]: row["number"] for row in rows}

    def undelivered(self) -> int:
        """Return of how many examinations the results are still to be sent."""
        return int(self.rows("SELECT count(*) AS number FROM examinations WHERE delivery_due IS NOT NULL")[0]["number"])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if isinstance(error, sqlite3.OperationalError):
                raise OutputError(
                    "cannot-write",
                    f"{self.path} could not be written: {error}.",
                    "Free space on the disk, then start again: what is complete is kept.",
                ) from error
            raise OutputError(
                "damaged-manifest",
                f"{self.path} is damaged: {error}.",
                "Remove it and start again: complete examinations in the folder are recognised.",
            ) from error


def _reason(refusal: Refusal | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if refusal is None else (refusal.code, refusal.message, refusal.hint)


def _among(codes: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    """Return what is to follow the name of a column, and its values: one of ``codes``, or any if that is None."""
    return ("IS NOT NULL", ()) if codes is None else (f"IN ({','.join('?' * len(codes))})", tuple(codes))
