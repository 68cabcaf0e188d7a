"""A batch: search the source, process every examination, leave a summary."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from MCDetect.cohort.cluster import Workers, workers
from MCDetect.cohort.engine import Engine, State
from MCDetect.cohort.examination import clear_unfinished
from MCDetect.cohort.fetching import Archive
from MCDetect.cohort.intake import FetchState, Intake
from MCDetect.cohort.lock import FolderLock
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.overview import write_overview
from MCDetect.cohort.records import TRANSIENT, Examination, Order, Outcome, Processing
from MCDetect.cohort.retiring import Retirement
from MCDetect.cohort.searching import search
from MCDetect.cohort.source import Source
from MCDetect.cohort.summary import Failure, count_failures, failures, write_table
from MCDetect.errors import InputError, MCDetectError
from MCDetect.findings import Algorithm, Refusal
from MCDetect.outputs import check_output_folder

_TOLD_EVERY_S = 0.5
_STEP_S = 1.0
_MOST_REPORTED = 10_000


@dataclass(frozen=True)
class Plan:
    """What a batch is asked for; see the options of ``mcdetect batch``.

    What an ``archive`` has is fetched into the folder ``source``.
    """

    source: Path
    output: Path
    scheduler: str | None = None
    workers: int | None = None
    processing: Processing = field(default_factory=Processing)
    retry: bool = False
    recheck: bool = False
    archive: Archive | None = None


class Listener:
    """What a batch tells while it runs; does nothing."""

    def waiting(self) -> None:
        """Take note that there is no worker yet that may be given work; it is waited for."""

    def note(self, sentence: str) -> None:
        """Take a sentence on what goes wrong and does not end the batch: a faulty worker, a PACS that is away."""

    def asking(self, days: int, total: int) -> None:
        """Take for how many days a PACS has said which studies it has."""

    def fetching(self, state: FetchState) -> None:
        """Take how many queries to a PACS were answered."""

    def searching(self, files: int) -> None:
        """Take the number of files looked at so far."""

    def started(self, algorithm: Algorithm, workers: int) -> None:
        """Take what runs, and how many examinations run at once."""

    def finished(self, examination: Examination, outcome: Outcome) -> None:
        """Take an outcome."""

    def repeated(self, examination: Examination, outcome: Outcome) -> None:
        """Take an outcome that does not count: there will be another attempt."""

    def progress(self, state: State) -> None:
        """Take how far it is."""

    def summarising(self) -> None:
        """Take note that all is processed and the summary is written."""


@dataclass(frozen=True)
class Report:
    """What a batch came to: final counts, what failed and why, files passed over, and the files of the summary.

    ``failures`` are the first of all that stand in the manifest, ``failed`` is the number of all.
    """

    state: State
    failures: tuple[Failure, ...]
    failed: int
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
    processing = plan.processing.checked()
    check_output_folder(plan.output)
    if plan.archive is not None:  # what is fetched has one name, wherever the next batch is started
        plan = replace(plan, source=plan.source.resolve())
        plan.source.mkdir(parents=True, exist_ok=True)
    source = Source(plan.source, plan.output)
    with FolderLock(plan.output), Manifest(plan.output) as manifest:
        clear_unfinished(plan.output)
        manifest.keep_facts({"kind": "batch", "source": str(plan.source.resolve())})
        with workers(plan.scheduler, plan.workers, processing.device) as crew:
            if not crew.slots:
                listener.waiting()
            retirement = Retirement(crew, listener.note)
            algorithm = retirement.algorithm(processing)
            manifest.keep_facts(processing.facts(algorithm))
            listener.started(algorithm, crew.slots)
            number = _search(plan, source, manifest, crew, listener)
            order = Order(str(plan.output.resolve()), processing, algorithm, crew.threads, plan.recheck, plan.retry)
            intake = None
            if plan.archive is not None:
                intake = Intake(plan.archive, plan.source, manifest, number, listener.fetching, noted=listener.note)

            def finished(examination: Examination, outcome: Outcome) -> None:
                if intake is not None:
                    intake.finished(examination, outcome)
                listener.finished(examination, outcome)

            engine = Engine(crew, manifest, order, finished, repeated=listener.repeated, retirement=retirement)
            with intake or nullcontext(), _cancelling(engine):
                state = _process(engine, intake, listener)
        clear_unfinished(plan.output)  # of workers that were killed; those that ran on are done
        unanswered = () if intake is None else tuple(intake.problems)
        problems = (*unanswered, *source.problems)
        _require_something(plan.source, manifest, unanswered)
        listener.summarising()
        return _finish(plan, manifest, algorithm, state, problems)


def _search(plan: Plan, source: Source, manifest: Manifest, crew: Workers, listener: Listener) -> int:
    """Bring the manifest up to date, and set to be processed again what may do better now; return its number."""
    again = None if plan.retry else TRANSIENT
    manifest.forget_refused_files(again)
    number = search(source, manifest, crew, listener.searching)
    if plan.archive is None:
        _require_something(plan.source, manifest, ())
    manifest.reconsider(again)
    if plan.recheck:
        manifest.compare_contents()
    return number


def _require_something(source: Path, manifest: Manifest, unanswered: tuple[Refusal, ...]) -> None:
    if manifest.counts() or failures(manifest, 1):
        return
    if unanswered:
        raise MCDetectError(unanswered[0].code, unanswered[0].message, unanswered[0].hint)
    raise InputError("no-mammograms", f"{source} holds no mammograms.", "Give a folder with DICOM MG images.")


def _process(engine: Engine, intake: Intake | None, listener: Listener) -> State:
    """Process everything, also what comes meanwhile."""
    state = engine.state
    listener.progress(state)
    told, goes_on = time.monotonic(), True
    while goes_on:
        # What comes from a PACS is looked at between outcomes, and waited for when there is nothing else.
        comes = intake is not None and intake.step(0.0, state.left)
        goes_on = engine.step(_STEP_S / 4 if comes else _STEP_S)
        if comes and not goes_on:
            goes_on = intake is not None and intake.step(_STEP_S, 0)
        # Counting a million examinations takes tens of milliseconds: not after each one.
        if time.monotonic() - told >= _TOLD_EVERY_S:
            told = time.monotonic()
            state = engine.state
            listener.progress(state)
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
    # Fetched files that were dropped once their examination was done were not passed over.
    other = "study = '' AND code IS NULL AND path NOT IN (SELECT path FROM dropped)"
    passed_over = manifest.rows(f"SELECT count(*) AS n FROM files WHERE {other}")[0]["n"]
    first, number = tuple(failures(manifest, _MOST_REPORTED)), count_failures(manifest).total()
    return Report(state, first, number, problems, passed_over, (table, overview))
