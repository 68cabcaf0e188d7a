"""Workers that cannot compute: they are replaced or retired, and their examinations go to others."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable

from MCDetect.cohort.cluster import Workers, none_left
from MCDetect.cohort.device_faults import DEVICE_FAILED, WorkerFaultError
from MCDetect.cohort.examination import identify
from MCDetect.cohort.records import Processing
from MCDetect.errors import DeviceError
from MCDetect.findings import Algorithm

_MOST_FAILURES = 3
_LONGEST_FRUITLESS_S = 600.0
_PAUSE_S = 60.0  # between two faults: what was before has nothing to do with what comes after


class Retirement:
    """Takes faulty workers out.

    A worker that lacks something (CUDA, bf16, a back end) is retired at once. One whose GPU has failed is started
    again by its nanny. When that helps nothing (three new processes fail, each with another examination, before they
    have computed anything), or when there is no nanny, it is retired. An examination with which a process failed that
    had worked before does not count: it may be what GPUs fail with.

    Parameters
    ----------
    workers
        Who may be faulty.
    told
        Called with a sentence about each that is.
    """

    def __init__(self, workers: Workers, told: Callable[[str], None]) -> None:
        self._workers = workers
        self._told = told
        self._failures: defaultdict[str, set[str]] = defaultdict(set)  # with which examinations, by the nanny
        self._suspects: set[str] = set()
        self._fruitless_since: float | None = None
        self._last_fault_at = -math.inf

    def take(self, fault: WorkerFaultError, examination: str) -> None:
        """Replace or retire the worker that had ``examination``, unless that is done already.

        Raises
        ------
        MCDetectError
            ``no-workers`` when for long nothing but faults has come.
        """
        nannies = self._workers.nannies()
        if fault.worker not in nannies:
            return
        now = time.monotonic()
        if self._fruitless_since is None or now - self._last_fault_at > _PAUSE_S:
            self._fruitless_since = now
        self._last_fault_at = now
        nanny = nannies[fault.worker]
        if fault.code == DEVICE_FAILED and nanny and self._may_return(nanny, fault, examination):
            self._told(f"The worker at {fault.worker} is started again: {fault.message}")
            self._workers.replace(fault.worker)
        else:
            self._retire(fault)
        if now - self._fruitless_since > _LONGEST_FRUITLESS_S:  # a cluster may start faulty ones for ever
            raise none_left(fault)

    def succeeded(self) -> None:
        """Take note that a worker has computed something."""
        self._fruitless_since = None

    def algorithm(self, processing: Processing) -> Algorithm:
        """Return what the workers run, as the first tells that can compute.

        Raises
        ------
        DeviceError
            When none can: what the first lacks.
        """
        from distributed import as_completed

        try:
            return self._identified(processing)
        except WorkerFaultError as error:
            faults = [error]
        # One is asked first, because a trial of back ends wants the computer for itself. Now all others, so that what
        # all of them lack is known at once.
        others = [address for address in self._workers.nannies() if address != faults[0].worker]
        asked = [
            self._workers.submit(identify, processing, self._workers.threads, worker=address) for address in others
        ]
        for future in as_completed(asked, loop=self._workers.client.loop):
            try:
                algorithm: Algorithm = self._workers.result(future)
            except WorkerFaultError as error:
                faults.append(error)
                continue
            for fault in faults:
                self._retire(fault)
            return algorithm
        first = faults[0]
        raise DeviceError(first.code, first.message, first.hint)

    def _identified(self, processing: Processing) -> Algorithm:
        algorithm: Algorithm = self._workers.result(self._workers.submit(identify, processing, self._workers.threads))
        return algorithm

    def _may_return(self, nanny: str, fault: WorkerFaultError, examination: str) -> bool:
        failures = self._failures[nanny]
        if fault.has_worked:
            failures.clear()
            self._suspects.add(examination)
        elif examination not in self._suspects:
            failures.add(examination)
        return len(failures) < _MOST_FAILURES

    def _retire(self, fault: WorkerFaultError) -> None:
        self._told(f"The worker at {fault.worker} gets no more work: {fault.message} {fault.hint}".rstrip())
        self._workers.retire(fault.worker, fault)
