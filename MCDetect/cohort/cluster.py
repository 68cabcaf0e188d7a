"""The workers: processes of this computer, or those of a Dask scheduler that is there already."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from MCDetect.errors import DeviceError, MCDetectError
from MCDetect.installation import install_command

if TYPE_CHECKING:
    from distributed import Client, Future

GPU = "GPU"
"""The resource that GPU workers announce: ``dask worker ADDRESS --nthreads 1 --resources GPU=1``."""

MEMORY_PER_WORKER = 1.5 * 2**30
"""Bytes set aside for a worker. For views of 8.5 megapixels with all formats 0.85 GB were measured
(docs/performance.md); the rest is for larger views and for the system."""

_PATIENCE_S = 20
_LONGEST_WITHOUT_S = 300.0
_LOSS_NOTICED_S = 3  # after this long a scheduler that is gone has been noticed


class SchedulerLostError(MCDetectError):
    """The scheduler is gone; nothing that was recorded is lost."""


class Workers:
    """A Dask client with what the cohort needs to know of its workers.

    Parameters
    ----------
    client
        Connected.
    resources
        What a worker must have to be given examinations.
    threads
        Threads for each worker's networks; None leaves them alone.
    own
        Whether they were started by this process, so that nobody else will bring more of them.
    """

    def __init__(self, client: Client, resources: dict[str, float], threads: int | None, *, own: bool = False) -> None:
        self.client = client
        self.resources = resources
        self.threads = threads
        self._own = own
        self._without_since: float | None = None

    def submit(self, function: Any, *arguments: Any, key: str | None = None) -> Future:
        """Have a worker call ``function``; a worker that dies is replaced and the call made again elsewhere."""
        return self.client.submit(
            function, *arguments, key=key, pure=False, resources=self.resources or None, allow_other_workers=False
        )

    def result(self, future: Future) -> Any:
        """Wait for a result.

        Raises
        ------
        SchedulerLostError
            When the scheduler goes away in the meantime.
        """
        from distributed import TimeoutError as WaitedEnough
        from distributed.client import FutureCancelledError

        while True:
            try:
                return future.result(timeout=_PATIENCE_S)
            except FutureCancelledError as error:
                raise scheduler_lost() from error
            except WaitedEnough:
                self.require_scheduler()

    def require_scheduler(self) -> None:
        """Raise SchedulerLostError if the scheduler is gone, or ``no-workers`` if workers of our own do not return."""
        if self.client.status != "running":
            raise scheduler_lost()
        if not self._own or self.slots:
            self._without_since = None
            return
        now = time.monotonic()
        self._without_since = self._without_since or now
        if now - self._without_since >= _LONGEST_WITHOUT_S:
            raise MCDetectError(
                "no-workers",
                "The worker processes have ended and cannot be started again.",
                "Look for lack of memory or disk space, then start again: what is complete is kept.",
            )

    @property
    def slots(self) -> int:
        """How many calls run at the same time, on the workers that may be given them."""
        listed = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return sum(min([worker["nthreads"], *self._shares(worker.get("resources", {}))]) for worker in listed)

    def _shares(self, offered: dict[str, float]) -> list[int]:
        return [int(offered.get(name, 0) // amount) for name, amount in self.resources.items()]


def scheduler_lost() -> SchedulerLostError:
    """Return the error for a scheduler that is gone."""
    return SchedulerLostError(
        "scheduler-lost",
        "The connection to the Dask scheduler was lost.",
        "Start again when it runs: what is complete is kept and not computed again.",
    )


@contextmanager
def _loss_told(client: Client) -> Iterator[None]:
    """Turn what goes wrong because the scheduler is gone into the sentence that says so.

    A scheduler that dies breaks off in the middle of a message, and whoever reads the rest of it stumbles over that.
    """
    try:
        yield
    except MCDetectError:
        raise
    except Exception as error:
        deadline = time.monotonic() + _LOSS_NOTICED_S
        while client.status == "running":
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        raise scheduler_lost() from error


def default_workers() -> int:
    """Return how many worker processes fit this computer: one a core, as far as the memory goes."""
    import psutil

    return max(1, min(cores(), int(psutil.virtual_memory().total // MEMORY_PER_WORKER)))


def cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def workers(scheduler: str | None, count: int | None, device: str) -> Iterator[Workers]:
    """Give the workers of an existing scheduler, or start ``count`` processes on this computer.

    Raises
    ------
    DeviceError
        ``no-dask`` when Dask is not installed.
    MCDetectError
        ``no-scheduler`` when nothing answers at the address.
    """
    try:
        import dask
        from distributed import Client
    except ModuleNotFoundError as error:
        raise DeviceError(
            "no-dask",
            "Dask, which runs the workers, is not installed.",
            f"Install it with: {install_command('cohort')}.",
        ) from error
    # Its remarks about workers that come and go would run into the progress; what matters is told by this package.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_PATIENCE_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise MCDetectError(
                "no-scheduler", f"No Dask scheduler answers at {scheduler}.", "Check the address, tcp://HOST:PORT."
            ) from error
        with client, _loss_told(client):
            yield Workers(client, {GPU: 1} if device == "cuda" else {}, None)
        return
    number = count or default_workers()
    threads = max(1, cores() // number)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
    settings = {
        # An examination that kills its worker twice is counted as failed before it takes all the others down.
        "distributed.scheduler.allowed-failures": 1,
        "distributed.nanny.pre-spawn-environ": dict.fromkeys(names, threads),
        "distributed.comm.timeouts.connect": "30s",
        # After this many seconds without one a cluster of this computer gives a worker up, even while it is started
        # again, and then nobody would process anything.
        "distributed.deploy.lost-worker-timeout": 1e8,
        # Sampling every worker's stack a hundred times a second serves a dashboard that nobody looks at.
        "distributed.worker.profile.enabled": False,
    }
    with dask.config.set(settings), _closing(number) as cluster, Client(cluster, set_as_default=False) as client:
        yield Workers(client, {}, threads, own=True)


@contextmanager
def _closing(number: int) -> Iterator[Any]:
    """Start worker processes and end them; one that is slow to end costs nobody the results."""
    from distributed import LocalCluster

    cluster = LocalCluster(
        n_workers=number,
        threads_per_worker=1,
        processes=True,
        # Whoever reaches a scheduler can have code run: other users of this computer must not.
        security=True,
        protocol="tls://",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
    )
    try:
        yield cluster
    finally:
        with suppress(TimeoutError, asyncio.TimeoutError):
            cluster.close()
