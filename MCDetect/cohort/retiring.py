"""Workers that cannot compute: they are replaced or retired, and their examinations go to others."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

from MCDetect.cohort.cluster import Workers, none_left
from MCDetect.cohort.device_faults import DEVICE_FAILED, WorkerFaultError
from MCDetect.cohort.examination import identify
from MCDetect.cohort.records import Processing
from MCDetect.errors import DeviceError
from MCDetect.findings import Algorithm

_WITHIN_S = 600.0
_MOST_FAILURES = 3
_LONGEST_FRUITLESS_S = 600.0


class Retirement:
    """Takes faulty workers out.

    A worker that lacks something (CUDA, bf16, a back end) is retired at once. One whose GPU has failed is started
    again by its nanny; when that comes with three examinations within ten minutes, or without a nanny, it is retired.

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
        self._failures: defaultdict[str, dict[str, float]] = defaultdict(dict)  # of a nanny: examinations, and when
        self._fruitless_since: float | None = None

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
        self._fruitless_since = self._fruitless_since or now
        if now - self._fruitless_since > _LONGEST_FRUITLESS_S:  # a cluster may start faulty ones for ever
            raise none_left(fault)
        nanny = nannies[fault.worker]
        if fault.code == DEVICE_FAILED and nanny and self._may_return(nanny, examination, now):
            self._told(f"The worker at {fault.worker} is started again: {fault.message}")
            self._workers.replace(fault.worker)
        else:
            self._retire(fault)

    def succeeded(self) -> None:
        """Take note that a worker has computed something."""
        self._fruitless_since = None

    def blame(self, examination: str) -> None:
        """Take note that GPUs failed because of an examination, and that no worker was to blame."""
        for failures in self._failures.values():
            failures.pop(examination, None)

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
        for future in as_completed(asked):
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

    def _may_return(self, nanny: str, examination: str, now: float) -> bool:
        recent = {name: when for name, when in self._failures[nanny].items() if now - when < _WITHIN_S}
        self._failures[nanny] = {**recent, examination: now}
        return len(self._failures[nanny]) < _MOST_FAILURES

    def _retire(self, fault: WorkerFaultError) -> None:
        self._told(f"The worker at {fault.worker} gets no more work: {fault.message} {fault.hint}".rstrip())
        self._workers.retire(fault.worker, fault)
