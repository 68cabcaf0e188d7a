"""A batch: search the source, process every examination, leave a summary."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from MCDetect.cohort.cluster import Workers, workers
from MCDetect.cohort.engine import Engine, State
from MCDetect.cohort.examination import clear_unfinished, identify
from MCDetect.cohort.lock import FolderLock
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.overview import write_overview
from MCDetect.cohort.records import TRANSIENT, Examination, Order, Outcome, Processing
from MCDetect.cohort.source import Source, chunks, read_headers
from MCDetect.cohort.summary import Failure, failures, write_table
from MCDetect.errors import InputError
from MCDetect.findings import Algorithm, Refusal
from MCDetect.outputs import check_formats, check_output_folder

_TOLD_EVERY_S = 0.5


@dataclass(frozen=True)
class Plan:
    """What a batch is asked for; see the options of ``mcdetect batch``."""

    source: Path
    output: Path
    scheduler: str | None = None
    workers: int | None = None
    processing: Processing = field(default_factory=Processing)
    retry: bool = False
    recheck: bool = False


class Listener:
    """What a batch tells while it runs; does nothing."""

    def fetching(self, done: int, total: int) -> None:
        """Take how many queries to a PACS were answered."""

    def searching(self, files: int) -> None:
        """Take the number of files looked at so far."""

    def started(self, algorithm: Algorithm, workers: int) -> None:
        """Take what runs, and how many examinations run at once."""

    def finished(self, examination: Examination, outcome: Outcome) -> None:
        """Take an outcome."""

    def progress(self, state: State) -> None:
        """Take how far it is."""


@dataclass(frozen=True)
class Report:
    """What a batch came to: final counts, what failed and why, files passed over, and the files of the summary."""

    state: State
    failures: tuple[Failure, ...]
    problems: tuple[Refusal, ...]
    passed_over: int
    files: tuple[Path, ...]


def run_batch(plan: Plan, listener: Listener) -> Report:
    """Run a batch to its end, or go on with one that was stopped.

    Raises
    ------
    MCDetectError
        When nothing can be done or all would fail in the same way; what is complete is kept.
    """
    formats = tuple(sorted(check_formats(plan.processing.formats)))
    processing = replace(plan.processing, formats=formats)
    source = Source(plan.source, plan.output)
    check_output_folder(plan.output)
    with FolderLock(plan.output), Manifest(plan.output) as manifest:
        clear_unfinished(plan.output)
        manifest.keep_facts({"kind": "batch", "source": str(plan.source.resolve())})
        with workers(plan.scheduler, plan.workers, processing.device) as crew:
            algorithm: Algorithm = crew.result(crew.submit(identify, processing, crew.threads))
            manifest.keep_facts(processing.facts(algorithm))
            listener.started(algorithm, crew.slots)
            search(source, manifest, crew, listener.searching)
            retry_failures(manifest, everything=plan.retry)
            if plan.recheck:
                manifest.reconsider(failed=False, content=True)
            order = Order(str(plan.output.resolve()), processing, algorithm, crew.threads, plan.recheck)
            state = _process(Engine(crew, manifest, order, listener.finished), listener)
        return _finish(plan, manifest, algorithm, state, tuple(source.problems))


def search(source: Source, manifest: Manifest, crew: Workers, told: Callable[[int], None]) -> None:
    """Bring the manifest up to date with the source: new and changed headers are read by the workers.

    Raises
    ------
    InputError
        ``no-mammograms`` when the source holds none.
    """
    number = manifest.next_search()
    looked_at = 0
    open_tasks: deque[Any] = deque()
    for chunk in chunks(source.files()):
        known = manifest.known_files(path for path, _, _ in chunk)
        manifest.see_files((path for path, size, time in chunk if known.get(path) == (size, time)), number)
        new = [file for file in chunk if known.get(file[0]) != file[1:]]
        if new:
            open_tasks.append(crew.submit(read_headers, new))
        if len(open_tasks) > max(4, 3 * crew.slots):
            manifest.take_files(crew.result(open_tasks.popleft()), number)
        looked_at += len(chunk)
        told(looked_at)
    while open_tasks:
        manifest.take_files(crew.result(open_tasks.popleft()), number)
    manifest.group(number)
    if not manifest.counts() and not failures(manifest):
        raise InputError("no-mammograms", f"{source.path} holds no mammograms.", "Give a folder with DICOM MG images.")


def retry_failures(manifest: Manifest, *, everything: bool) -> None:
    """Set what failed for a reason that may have gone to be processed again, or all that failed."""
    if everything:
        manifest.reconsider(failed=True, content=False)
        return
    marks = ",".join("?" * len(TRANSIENT))
    with manifest.transaction() as database:
        database.execute(
            "UPDATE examinations SET state = 'pending', attempts = 0 WHERE state IN ('failed', 'done') AND name IN "
            f"(SELECT examination FROM refusals WHERE code IN ({marks}))",
            tuple(TRANSIENT),
        )


def _process(engine: Engine, listener: Listener) -> State:
    told = -_TOLD_EVERY_S
    with _cancelling(engine):
        while engine.step(1.0):
            # Counting a million examinations takes tens of milliseconds: not after each one.
            if time.monotonic() - told >= _TOLD_EVERY_S:
                told = time.monotonic()
                listener.progress(engine.state)
    state = engine.state
    listener.progress(state)
    return state


@contextmanager
def _cancelling(engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.cancel()
        raise


def _finish(
    plan: Plan, manifest: Manifest, algorithm: Algorithm, state: State, problems: tuple[Refusal, ...]
) -> Report:
    table, overview = plan.output / "summary.parquet", plan.output / "overview.html"
    write_table(table, manifest)
    write_overview(overview, manifest, algorithm, problems)
    passed_over = manifest.rows("SELECT count(*) AS n FROM files WHERE study = '' AND code IS NULL")[0]["n"]
    return Report(state, tuple(failures(manifest)), problems, passed_over, (table, overview))
