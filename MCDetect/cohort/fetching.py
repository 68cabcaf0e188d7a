"""Fetching examinations of a PACS, one query after the other, while others that came before are processed."""

from __future__ import annotations

import csv
import hashlib
import queue
import shutil
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from MCDetect.cohort.examination import sync_folder
from MCDetect.cohort.outage import Outage
from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.client import fetch
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.dicom.pacs.receiving import is_same
from MCDetect.dicom.pacs.reports import Progress, StoppedError, StudyQuery
from MCDetect.errors import InputError, MCDetectError, OutputError, UsageError
from MCDetect.findings import Refusal

COLUMNS = ("study", "patient", "accession")

_ARRIVING = ".arriving"
_JOINED_S = 5.0
_MAY_PASS = (PassingError, UsageError)  # the latter: a configuration, here or there, that somebody may repair
_MOST_ATTEMPTS = 3  # at a query that fails while others are answered


@dataclass(frozen=True)
class Archive:
    """A PACS as the source of a batch: what is fetched, and whether files are removed when they are done with."""

    node: Node
    queries: tuple[StudyQuery, ...]
    drop: bool = False


@dataclass(frozen=True)
class Arrival:
    """What came of a query: files, and what of it could not be had.

    ``key`` stands for the query; it is empty where the PACS is away and all queries that are left were given up.
    """

    key: str
    files: tuple[Path, ...] = ()
    problems: tuple[Refusal, ...] = ()


def read_queries(path: Path) -> list[StudyQuery]:
    """Return the queries of a CSV file, one a line, under the headings ``study``, ``patient`` and ``accession``.

    Raises
    ------
    InputError
        ``cannot-read`` or ``no-queries``.
    UsageError
        As of ``StudyQuery``.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [{str(key).strip().lower(): value for key, value in row.items()} for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("cannot-read", f"{path} cannot be read as CSV in UTF-8.", "Check the file.") from error
    wanted = [[(row.get(name) or "").strip() for name in COLUMNS] for row in rows]
    queries = [StudyQuery(*values) for values in wanted if any(values)]
    if not queries:
        raise InputError(
            "no-queries",
            f"{path} names no studies.",
            f"Give a CSV file with one of the columns {', '.join(COLUMNS)} and a study a line.",
        )
    return queries


def key_of(node: Node, query: StudyQuery) -> str:
    """Return a hash that stands for a query: an accession number may lead to a patient."""
    return hashlib.sha256("\n".join([node.address, query.study, query.patient, query.accession]).encode()).hexdigest()


class Fetcher:
    """Fetches in a thread of its own while the context lasts.

    Files come into a hidden folder and are moved to their place when all of a query are there, so that no search takes
    half a study for an examination.

    A query that fails for a reason that may pass, or as all would, is kept and put again after the others, with a
    pause. When others are answered meanwhile it is given up after three attempts. When none is, the PACS is away: no
    attempt counts, and after half an hour of pauses all that is left is left to the next batch; after three pauses if
    it has not answered before.

    Parameters
    ----------
    archive
        What is fetched and from where.
    folder
        Where it goes; made if need be.
    known
        Keys of queries that were answered whole before; they are passed over.
    noted
        Called by ``take`` with sentences on the PACS being away and answering again.

    Attributes
    ----------
    room
        While this is not set no further query is begun.
    """

    def __init__(self, archive: Archive, folder: Path, known: Collection[str], noted: Callable[[str], None]) -> None:
        self._node = archive.node
        numbered = {key_of(archive.node, query): (number, query) for number, query in enumerate(archive.queries, 1)}
        self._wanted = {key: numbered[key] for key in numbered if key not in known}
        self._folder = folder
        self._noted = noted
        self._came: queue.SimpleQueue[Arrival | BaseException | str] = queue.SimpleQueue()
        self._given_up = False
        self._part_came = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fetcher", daemon=True)
        self.remaining = len(self._wanted)
        self.room = threading.Event()
        self.room.set()

    def __enter__(self) -> Fetcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.room.set()
        self._thread.join(timeout=_JOINED_S)

    @property
    def is_done(self) -> bool:
        """Whether everything that will come was taken."""
        return self.remaining == 0 or self._given_up

    def take(self, patience_s: float) -> Arrival | None:
        """Return what came of the next query, waiting for it no longer than ``patience_s``; None if nothing did."""
        if self.is_done:
            return None
        try:
            arrival = self._came.get(timeout=patience_s) if patience_s > 0 else self._came.get_nowait()
        except queue.Empty:
            return None
        if isinstance(arrival, BaseException):
            raise arrival
        if isinstance(arrival, str):
            self._noted(arrival)
            return None
        if arrival.key:
            self.remaining -= 1
        else:
            self._given_up = True
        return arrival

    def _run(self) -> None:
        try:
            arriving = self._folder / _ARRIVING
            shutil.rmtree(arriving, ignore_errors=True)
            self._fetch_all(arriving)
            shutil.rmtree(arriving, ignore_errors=True)
        except StoppedError:
            return
        except BaseException as error:  # noqa: BLE001 (raised again where the batch runs)
            self._came.put(error)

    def _fetch_all(self, arriving: Path) -> None:
        waiting, failures, outage = deque(self._wanted), Counter[str](), Outage(self._node.name, self._came.put)
        while waiting:
            self.room.wait()
            if self._stop.is_set():
                return
            key = waiting.popleft()
            number, query = self._wanted[key]
            # As the courier of a node does: during an outage its own pauses are enough.
            node = replace(self._node, attempts=1) if outage.lasts else self._node
            try:
                arrival = self._fetch(node, query, key, arriving, is_last=failures[key] + 1 >= _MOST_ATTEMPTS)
            except _MAY_PASS as error:
                if self._part_came:  # the PACS is there: it is this study that fails
                    outage.ended()
                failures[key] += not outage.lasts
                if failures[key] >= _MOST_ATTEMPTS and not outage.lasts:
                    self._came.put(Arrival(key, problems=(_refusal(f"query {number}", error),)))
                    continue
                waiting.append(key)
                pause = outage.failed(error)
                if pause is None:
                    self._came.put(Arrival("", problems=(outage.told(error, len(waiting)),)))
                    return
                self._stop.wait(pause)
            else:
                outage.ended()
                self._came.put(arrival)

    def _fetch(self, node: Node, query: StudyQuery, key: str, arriving: Path, *, is_last: bool) -> Arrival:
        """Fetch what a query asks for; raise what may pass unless something came and it was the last attempt."""
        name = f"query {self._wanted[key][0]}"
        self._part_came = False
        try:
            report = fetch(node, query, arriving, tell=_quietly, is_cancelled=self._stop.is_set)
        except (StoppedError, *_MAY_PASS):
            raise
        except MCDetectError as error:
            return Arrival(key, problems=(_refusal(name, error),))
        self._part_came = bool(report.written or report.known)
        for failure in report.failed:
            if failure.error.code == "cannot-write":
                raise failure.error  # a full disk would end all others in the same way
            if isinstance(failure.error, _MAY_PASS) and not is_last:
                raise failure.error  # what came stays where it arrived, for the next attempt
        files, problems = [], [_refusal(name, failure.error) for failure in report.failed]
        for study in sorted({path.parent for path in (*report.written, *report.known)}):
            try:
                files += put_in_place(study, self._folder / study.name)
            except OutputError as error:
                if error.code == "cannot-write":
                    raise
                problems.append(_refusal(name, error))
        return Arrival(key, tuple(files), tuple(problems))


def put_in_place(arrived: Path, place: Path) -> list[Path]:
    """Move the folder of a study to its place, beside what lies there; return all files of it that lie there then.

    Raises
    ------
    OutputError
        ``other-content`` when a file of another content lies there, which is kept; ``cannot-write``.
    """
    names = [path.name for path in sorted(arrived.iterdir())]
    try:
        if not place.exists():
            arrived.replace(place)
        else:
            for name in names:
                if not (place / name).exists():
                    (arrived / name).replace(place / name)
                elif not is_same(place / name, (arrived / name).read_bytes()):
                    raise OutputError(
                        "other-content",
                        f"{place / name} is there already with another content; it was kept as it is.",
                        "Choose another --output folder to have what the PACS holds now.",
                    )
            shutil.rmtree(arrived)
            sync_folder(place)
        sync_folder(place.parent)
    except OSError as error:
        raise OutputError(
            "cannot-write",
            f"{place} could not be written: {error.strerror or type(error).__name__}.",
            "Free space on the disk, then start again: what is complete is kept.",
        ) from error
    return [place / name for name in names]


def _refusal(name: str, error: MCDetectError) -> Refusal:
    return Refusal(name, error.code, error.message, error.hint)


def _quietly(_: Progress) -> None:
    """Say nothing: the number of queries is told."""
