"""Examinations from the manifest to the workers, and their outcomes back into the manifest."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from MCDetect.cohort.cluster import Workers, scheduler_lost
from MCDetect.cohort.device_faults import DEVICE_FAILED, WorkerFaultError
from MCDetect.cohort.examination import process
from MCDetect.cohort.manifest import DONE, FAILED, PENDING, Manifest
from MCDetect.cohort.rate import Rate
from MCDetect.cohort.records import Examination, Order, Outcome, internal_error
from MCDetect.cohort.retiring import Retirement
from MCDetect.errors import MCDetectError, ModelError, OutputError
from MCDetect.findings import Refusal

if TYPE_CHECKING:
    from distributed import Future

PAUSES_S = (2.0, 10.0)
"""Seconds before the second and the third attempt: what may pass, a disk or a network, seldom passes at once."""

MOST_ATTEMPTS = len(PAUSES_S) + 1
"""An examination with a failure that may pass is tried this often before its outcome counts."""

WORKER_DIED = "worker-died"

_MOST_SUSPECTS = 16

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """How far the work has come; ``computed`` counts since the start, ``per_hour`` and ``seconds_left`` may be None."""

    done: int
    failed: int
    total: int
    running: int
    computed: int
    per_hour: float | None
    seconds_left: float | None

    @property
    def left(self) -> int:
        """How many are not done with."""
        return self.total - self.done - self.failed


class Engine:
    """Keeps the workers busy with what the manifest holds.

    What failed for a reason that may pass rests for a while before its next attempt, and others go on meanwhile. Who
    killed a worker cannot be told from those that waited behind it on the same worker, so all of them are tried again
    alone, one after the other, when nothing else is left to do or when they are many: then the right one is blamed.
    So are those with which a GPU has failed. What a worker could not do because it lacks something goes to another.

    Parameters
    ----------
    workers
        Who does it.
    manifest
        What is to be done, and where outcomes are written down.
    order
        How it is done.
    told
        Called with each outcome after it was written down.
    repeated
        Called with each outcome that does not count because there will be another attempt.
    deliver
        Whether results are to be sent on.
    retirement
        Takes faulty workers out; by default one that logs it.
    """

    def __init__(
        self,
        workers: Workers,
        manifest: Manifest,
        order: Order,
        told: Callable[[Examination, Outcome], None] | None = None,
        *,
        repeated: Callable[[Examination, Outcome], None] | None = None,
        deliver: bool = False,
        retirement: Retirement | None = None,
    ) -> None:
        self._workers = workers
        self._retirement = retirement or Retirement(workers, logger.warning)
        self._manifest = manifest
        self._order = order
        self._told = told
        self._repeated = repeated
        self._deliver = deliver
        self._running: dict[str, tuple[Examination, Future]] = {}
        self._finished: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._resting: dict[str, float] = {}  # until when
        self._suspects: dict[str, None] = {}  # a set in the order in which they came
        self._suspects_turn = False
        self._rate = Rate()
        self._computed = 0

    def run(self) -> None:
        """Process everything that is pending.

        Raises
        ------
        OutputError
            ``cannot-write`` when a worker or the manifest cannot write: all others would fail in the same way.
        ModelError
            When a worker has another version or bundle, or a damaged one.
        SchedulerLostError
            When the scheduler is gone.
        MCDetectError
            ``no-workers`` when none is left that can compute.
        """
        while self.step(1.0):
            pass

    def step(self, patience_s: float) -> bool:
        """Hand out work and take one outcome, waiting for it no longer than ``patience_s``; False if all is done."""
        self._hand_out()
        if not self._running:
            if not self._resting:
                return False
            time.sleep(min(patience_s, max(0.0, min(self._resting.values()) - time.monotonic())))
            return True
        try:
            key = self._finished.get(timeout=patience_s)
        except queue.Empty:
            self._workers.require_scheduler()
            return True
        # What was cancelled is told as finished, too.
        if key in self._running:
            self._take(*self._running.pop(key))
        return True

    def cancel(self) -> None:
        """Give up what is running; it stays pending."""
        self._workers.client.cancel([future for _, future in self._running.values()], force=True)
        self._running.clear()

    @property
    def state(self) -> State:
        """How far it is."""
        counts = self._manifest.counts()
        done, failed = counts.get(DONE, 0), counts.get(FAILED, 0)
        return State(
            done=done,
            failed=failed,
            total=sum(counts.values()),
            running=len(self._running),
            computed=self._computed,
            per_hour=self._rate.per_hour,
            seconds_left=self._rate.seconds_for(counts.get(PENDING, 0)),
        )

    def _hand_out(self) -> None:
        now = time.monotonic()
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        if self._suspects_turn and not self._running:
            self._hand_out_suspect()
        if not self._suspects_turn:
            self._hand_out_others()
            self._suspects_turn = bool(self._suspects) and (not self._running or len(self._suspects) >= _MOST_SUSPECTS)
            if self._suspects_turn and not self._running:
                self._hand_out_suspect()

    def _hand_out_others(self) -> None:
        # A few more than are processed, so that no worker waits, and some for a cluster that grows with its queue;
        # not all, so that a million examinations fit into the scheduler.
        wanted = max(8, 3 * self._workers.slots)
        if len(self._running) > wanted - max(1, wanted // 4):
            return
        # So much that failed at once is no fault of the examinations: their disk is away, and asking it for all others
        # would only use up their attempts.
        if len(self._resting) >= wanted:
            return
        passed_over = {*self._resting, *self._suspects, *(other.name for other, _ in self._running.values())}
        for examination in self._manifest.pending(wanted + len(passed_over)):
            if len(self._running) >= wanted:
                break
            if examination.name not in passed_over:
                self._submit(examination)

    def _hand_out_suspect(self) -> None:
        """Hand out one of them; where all rest it is the others' turn."""
        for name in [name for name in self._suspects if name not in self._resting]:
            examination = self._manifest.pending_named(name)
            if examination is not None:
                self._submit(examination)
                return
            del self._suspects[name]  # taken away or changed in the meantime
        self._suspects_turn = False

    def _submit(self, examination: Examination) -> None:
        key = f"examination-{examination.name}-{examination.signature[:12]}-{time.time_ns()}"
        future = self._workers.submit(process, examination, self._order, key=key)
        self._running[key] = (examination, future)
        future.add_done_callback(lambda _: self._finished.put(key))

    def _take(self, examination: Examination, future: Future) -> None:
        error: Any = future.exception() if future.status == "error" else None
        if isinstance(error, WorkerFaultError):
            self._retirement.take(error, examination.name)
            if error.code != DEVICE_FAILED:
                return  # it stays pending, for another worker
        elif error is None:
            self._retirement.succeeded()
        outcome = self._outcome(examination, future, error)
        if outcome.may_improve and examination.attempt < MOST_ATTEMPTS:
            self._repeat(examination, outcome)
            return
        self._suspects.pop(examination.name, None)
        self._manifest.finish(examination, outcome, deliver=self._deliver)
        self._rate.tick()
        self._computed += outcome.computed
        if self._told is not None:
            self._told(examination, outcome)

    def _repeat(self, examination: Examination, outcome: Outcome) -> None:
        self._manifest.failed_attempt(examination.name)
        self._resting[examination.name] = time.monotonic() + PAUSES_S[examination.attempt - 1]
        if any(refusal.code in (WORKER_DIED, DEVICE_FAILED) for refusal in outcome.refused):
            self._suspects[examination.name] = None
        if self._repeated is not None:
            self._repeated(examination, outcome)

    def _outcome(self, examination: Examination, future: Future, error: Any) -> Outcome:
        if future.status == "finished":
            outcome: Outcome = self._workers.result(future)
            return outcome
        if future.status != "error":  # cancelled or lost with its scheduler
            raise scheduler_lost()
        if isinstance(error, OutputError | ModelError):
            raise error
        if type(error).__name__ == "KilledWorker":
            refusal = Refusal(
                "",
                WORKER_DIED,
                "The workers that had this examination died, perhaps for lack of memory.",
                "Give fewer --workers, or look at the images.",
            )
        elif isinstance(error, MCDetectError):
            refusal = Refusal("", error.code, error.message, error.hint)
        else:
            refusal = internal_error(error)
        return Outcome(examination.signature, "", self._order.algorithm, refused=(refusal,))
