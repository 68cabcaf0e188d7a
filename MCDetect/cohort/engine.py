"""Examinations from the manifest to the workers, and their outcomes back into the manifest."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from MCDetect.cohort.cluster import Workers, scheduler_lost
from MCDetect.cohort.examination import process
from MCDetect.cohort.manifest import DONE, FAILED, PENDING, Manifest
from MCDetect.cohort.records import Examination, Order, Outcome
from MCDetect.errors import MCDetectError, ModelError, OutputError
from MCDetect.findings import Refusal

if TYPE_CHECKING:
    from distributed import Future

MOST_ATTEMPTS = 3
"""An examination with a failure that may pass is tried this often before its outcome counts."""

_REMEMBERED = 500  # completions that the rate is computed from


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


class Engine:
    """Keeps the workers busy with what the manifest holds.

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
    deliver
        Whether results are to be sent on.
    """

    def __init__(
        self,
        workers: Workers,
        manifest: Manifest,
        order: Order,
        told: Callable[[Examination, Outcome], None] | None = None,
        *,
        deliver: bool = False,
    ) -> None:
        self._workers = workers
        self._manifest = manifest
        self._order = order
        self._told = told
        self._deliver = deliver
        self._running: dict[str, tuple[Examination, Future]] = {}
        self._finished: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._moments: deque[float] = deque([time.monotonic()], maxlen=_REMEMBERED)
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
        """
        while self.step(1.0):
            pass

    def step(self, patience_s: float) -> bool:
        """Hand out work and take one outcome, waiting for it no longer than ``patience_s``; False if all is done."""
        self._hand_out()
        if not self._running:
            return False
        try:
            key = self._finished.get(timeout=patience_s)
        except queue.Empty:
            self._workers.require_scheduler()
            return True
        examination, future = self._running.pop(key)
        self._take(examination, future)
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
        elapsed = self._moments[-1] - self._moments[0]
        rate = (len(self._moments) - 1) / elapsed if elapsed > 0 else None
        return State(
            done=done,
            failed=failed,
            total=sum(counts.values()),
            running=len(self._running),
            computed=self._computed,
            per_hour=None if rate is None else rate * 3600,
            seconds_left=None if rate is None else counts.get(PENDING, 0) / rate,
        )

    def _hand_out(self) -> None:
        # A few more than are processed, so that no worker waits, and some for a cluster that grows with its queue;
        # not all, so that a million examinations fit into the scheduler.
        wanted = max(8, 3 * self._workers.slots)
        if len(self._running) > wanted - max(1, wanted // 4):
            return
        for examination in self._manifest.pending(wanted):
            if len(self._running) >= wanted:
                break
            if not any(other.name == examination.name for other, _ in self._running.values()):
                self._submit(examination)

    def _submit(self, examination: Examination) -> None:
        key = f"examination-{examination.name}-{examination.signature[:12]}-{time.time_ns()}"
        future = self._workers.submit(process, examination, self._order, key=key)
        self._running[key] = (examination, future)
        future.add_done_callback(lambda _: self._finished.put(key))

    def _take(self, examination: Examination, future: Future) -> None:
        outcome = self._outcome(examination, future)
        if outcome.may_improve and examination.attempt < MOST_ATTEMPTS:
            self._manifest.failed_attempt(examination.name)
            return
        self._manifest.finish(examination, outcome, deliver=self._deliver)
        self._moments.append(time.monotonic())
        self._computed += outcome.computed
        if self._told is not None:
            self._told(examination, outcome)

    def _outcome(self, examination: Examination, future: Future) -> Outcome:
        if future.status == "finished":
            outcome: Outcome = self._workers.result(future)
            return outcome
        if future.status != "error":  # cancelled or lost with its scheduler
            raise scheduler_lost()
        error: Any = future.exception()
        if isinstance(error, OutputError | ModelError):
            raise error
        if type(error).__name__ == "KilledWorker":
            refusal = Refusal(
                "",
                "worker-died",
                "The workers that had this examination died, perhaps for lack of memory.",
                "Give fewer --workers, or look at the images.",
            )
        elif isinstance(error, MCDetectError):
            refusal = Refusal("", error.code, error.message, error.hint)
        else:
            refusal = Refusal(
                "",
                "internal-error",
                f"An unexpected error ({type(error).__name__}) stopped the analysis of the examination.",
                "Run 'mcdetect detect --debug' on its files and report what it prints.",
            )
        return Outcome(examination.signature, "", self._order.algorithm, refused=(refusal,))
