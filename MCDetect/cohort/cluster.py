"""The workers: processes of this computer, or those of a Dask scheduler that is there already."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from MCDetect.cohort.planning import gpu_of_each, visible_gpus, worker_count
from MCDetect.cores import cores
from MCDetect.errors import DeviceError, MCDetectError
from MCDetect.installation import install_command

if TYPE_CHECKING:
    from distributed import Client, Future

GPU = "GPU"
"""The resource that GPU workers announce: ``dask worker ADDRESS --nthreads 1 --resources GPU=1``."""

_PATIENCE_S = 20
_LONGEST_WITHOUT_S = 300.0
_LONGEST_AFTER_FAULT_S = 30.0
_REPLACED_S = 60.0
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
        How many were started by this process, so that nobody else will bring more of them; 0: they are of others.
    """

    def __init__(self, client: Client, resources: dict[str, float], threads: int | None, *, own: int = 0) -> None:
        self.client = client
        self.resources = resources
        self.threads = threads
        self._own = own
        self._without_since: float | None = None
        self._retired: set[str] = set()
        self._last_fault: MCDetectError | None = None

    def submit(self, function: Any, *arguments: Any, key: str | None = None, worker: str | None = None) -> Future:
        """Have a worker call ``function``, that at the address ``worker`` as long as it is there.

        One that dies is replaced and the call made again elsewhere.
        """
        return self.client.submit(
            function,
            *arguments,
            key=key,
            pure=False,
            resources=self.resources or None,
            workers=None if worker is None else [worker],
            allow_other_workers=worker is not None,
        )

    def retire(self, address: str, fault: MCDetectError) -> None:
        """End a worker for good, because of ``fault``; what waits for it goes to others."""
        self._retired.add(address)
        self._last_fault = fault
        self.client.retire_workers([address], close_workers=True)

    def replace(self, address: str) -> None:
        """Have the nanny of a worker start another process in its place, and wait for it for a while."""
        with suppress(TimeoutError, asyncio.TimeoutError, KeyError):  # it is not there any more: KeyError
            self.client.restart_workers([address], timeout=_REPLACED_S, raise_for_error=False)

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
        """Raise SchedulerLostError if the scheduler is gone, or ``no-workers``.

        That is raised when workers of our own do not return, or when none is left after some were retired.
        """
        if self.client.status != "running":
            raise scheduler_lost()
        if not (self._own or self._retired) or self.slots:
            self._without_since = None
            return
        now = time.monotonic()
        self._without_since = self._without_since or now
        if self._last_fault is not None and now - self._without_since >= self._patience_after_fault_s:
            raise none_left(self._last_fault)
        if self._own and now - self._without_since >= _LONGEST_WITHOUT_S:
            raise MCDetectError(
                "no-workers",
                "The worker processes have ended and cannot be started again.",
                "Look for lack of memory or disk space, then start again: what is complete is kept.",
            )

    @property
    def _patience_after_fault_s(self) -> float:
        """Return how long others are waited for: that died and are started again, or that a queue of jobs brings."""
        return 0.0 if 0 < self._own <= len(self._retired) else _LONGEST_AFTER_FAULT_S

    @property
    def slots(self) -> int:
        """How many calls run at the same time, on the workers that may be given them."""
        return sum(map(self._calls, self._listed().values()))

    def nannies(self) -> dict[str, str]:
        """Return the address of each worker that may be given calls, with that of its nanny; empty if it has none."""
        return {address: worker["nanny"] or "" for address, worker in self._listed().items() if self._calls(worker)}

    def _listed(self) -> dict[str, Any]:
        listed: dict[str, Any] = self.client.scheduler_info(n_workers=-1)["workers"]
        return listed

    def _calls(self, worker: dict[str, Any]) -> int:
        offered: dict[str, float] = worker.get("resources", {})
        shares = (int(offered.get(name, 0) // amount) for name, amount in self.resources.items())
        return min([int(worker["nthreads"]), *shares])


def none_left(fault: MCDetectError) -> MCDetectError:
    """Return the error for workers of which none can compute; ``fault`` is what the last one had."""
    return MCDetectError(
        "no-workers",
        f"No worker is left that can compute. Of the last one: {fault.message}",
        f"{fault.hint} Then start again: what is complete is kept.".lstrip(),
    )


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


@contextmanager
def workers(scheduler: str | None, count: int | None, device: str) -> Iterator[Workers]:
    """Give the workers of an existing scheduler, or start ``count`` processes on this computer.

    Without a ``count`` it is one a GPU where ``device`` means GPUs, else one a core as far as the memory goes.

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
    import psutil

    gpus = visible_gpus(device)
    number = worker_count(count, len(gpus), cores(), psutil.virtual_memory().total)
    threads = max(1, cores() // number)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
    settings = {
        # An examination that kills its worker twice is counted as failed before it takes all the others down.
        "distributed.scheduler.allowed-failures": 1,
        # Its traces of errors, which come back and are told here, would also stand in the terminal.
        "distributed.nanny.pre-spawn-environ": {
            **dict.fromkeys(names, threads),
            "DASK_LOGGING__DISTRIBUTED": "critical",
        },
        "distributed.comm.timeouts.connect": "30s",
        # After this many seconds without one a cluster of this computer gives a worker up, even while it is started
        # again, and then nobody would process anything.
        "distributed.deploy.lost-worker-timeout": 1e8,
        # Sampling every worker's stack a hundred times a second serves a dashboard that nobody looks at.
        "distributed.worker.profile.enabled": False,
    }
    seats = gpu_of_each(number, gpus)
    with dask.config.set(settings), _closing(number, seats) as cluster, Client(cluster, set_as_default=False) as client:
        yield Workers(client, {}, threads, own=number)


@contextmanager
def _closing(number: int, gpus: Sequence[str]) -> Iterator[Any]:
    """Start worker processes and end them; one that is slow to end costs nobody the results.

    Parameters
    ----------
    number
        How many.
    gpus
        What each sees, if there are any.
    """
    from distributed import LocalCluster

    from MCDetect.cohort.gpu_nanny import GpuNanny

    cluster = LocalCluster(
        n_workers=number,
        threads_per_worker=1,
        processes=True,
        # Whoever reaches a scheduler can have code run: other users of this computer must not.
        security=True,
        protocol="tls://",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
        **({"worker_class": GpuNanny, "gpus": tuple(gpus)} if gpus else {}),
    )
    try:
        yield cluster
    finally:
        with suppress(TimeoutError, asyncio.TimeoutError):
            cluster.close()
