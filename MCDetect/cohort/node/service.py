"""The node as a whole: listener, inbox, workers, delivery and monitoring over one manifest.

Everything that must survive lies on the disk, so the service has no state of its own: it may be killed at any moment
and goes on where it was.
"""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from MCDetect.cohort.cluster import Workers, workers
from MCDetect.cohort.engine import Engine
from MCDetect.cohort.examination import clear_unfinished
from MCDetect.cohort.lock import FolderLock
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node.admission import AllowList, Limits
from MCDetect.cohort.node.delivery import GIVE_UP_S, Courier
from MCDetect.cohort.node.health import Troubles, count_given_up, report
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.node.listener import Listener
from MCDetect.cohort.node.monitoring import Metrics, MonitoringServer
from MCDetect.cohort.node.settings import take_settings
from MCDetect.cohort.records import Examination, Order, Outcome, Processing
from MCDetect.cohort.retiring import Retirement
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.errors import OutputError
from MCDetect.outputs import check_output_folder

_ROUND_S = 0.25
_COURIER_S = 0.5
_SWEEP_S = 600.0
_AFTER_FAILURE_S = 10.0
_FOR_GOOD = ("no-workers", "scheduler-lost")  # this process gets no others: whoever watches it starts it again
_WORK, _SWEEP, _DELIVERY = "work", "removal of old images", "delivery"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What a node is asked for; see the options of ``mcdetect serve``."""

    output: Path
    host: str = "127.0.0.1"
    port: int = 11112
    title: str = "MCDETECT"
    stow_port: int | None = None
    allowed: AllowList = field(default_factory=AllowList)
    limits: Limits = field(default_factory=Limits)
    destination: Node | None = None
    server_tls: ssl.SSLContext | None = None
    views: int = 4
    wait_s: float = 120.0
    keep_s: float = 30 * 86400.0
    give_up_s: float = GIVE_UP_S
    workers: int | None = None
    monitoring: tuple[str, int] | None = ("127.0.0.1", 9114)
    processing: Processing = field(default_factory=Processing)


def serve(service: Service, stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Run the node until ``stop`` is set.

    Parameters
    ----------
    service
        What to run.
    stop
        Set by whoever ends it, in any thread.
    tell
        Called with sentences about the state; never with anything of a patient.

    Raises
    ------
    MCDetectError
        When it cannot begin: folder in use, port in use, bundle missing. ``no-workers`` or ``scheduler-lost`` when
        nothing can be computed any more until it is started again.
    """
    processing = service.processing.checked()
    check_output_folder(service.output)
    tell = _whoever_listens(tell)
    with (
        FolderLock(service.output),
        Manifest(service.output) as manifest,
        workers(None, service.workers, processing.device) as crew,
    ):
        began_before = bool(manifest.rows("SELECT 1 FROM facts"))
        manifest.keep_facts({"kind": "serve"})
        clear_unfinished(service.output)
        retirement = Retirement(crew, tell)
        algorithm = retirement.algorithm(processing)
        take_settings(manifest, processing.facts(algorithm), tell)
        inbox = Inbox(service.output.resolve(), manifest, service.views, service.wait_s)
        inbox.clear()
        inbox.adopt()
        if began_before:
            inbox.remove_orphans()
        order = Order(str(service.output.resolve()), processing, algorithm, crew.threads)
        _Node(service, manifest, inbox, crew, order, retirement=retirement, tell=tell).run(stop)


def _whoever_listens(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Return ``tell`` for a node that goes on where nobody hears it any more, as when a pipe is closed."""

    def say(sentence: str) -> None:
        try:
            tell(sentence)
        except (OSError, ValueError):
            logger.debug("A sentence could not be told.", exc_info=True)

    return say


class _Node:
    """The running parts."""

    def __init__(
        self,
        service: Service,
        manifest: Manifest,
        inbox: Inbox,
        crew: Workers,
        order: Order,
        *,
        retirement: Retirement,
        tell: Callable[[str], None],
    ) -> None:
        self._service, self._manifest, self._inbox, self._crew, self._tell = service, manifest, inbox, crew, tell
        self._folder = service.output.resolve()
        self._metrics = Metrics()
        self._troubles = Troubles(tell)
        self._swept = -math.inf
        self._courier = None
        if service.destination is not None:
            self._courier = Courier(self._folder, manifest, service.destination, tell, service.give_up_s)
        self._engine = Engine(
            crew,
            manifest,
            order,
            self._processed,
            deliver=service.destination is not None,
            retirement=retirement,
        )
        self._listener = Listener(
            (service.host, service.port),
            service.title,
            self._inbox,
            allowed=service.allowed,
            limits=service.limits,
            told=self._metrics,
            tls=service.server_tls,
        )
        self._stow = None
        if service.stow_port is not None:
            from MCDetect.cohort.node.stow import StowServer

            self._stow = StowServer(
                (service.host, service.stow_port),
                self._inbox,
                allowed=service.allowed,
                limits=service.limits,
                told=self._metrics,
                tls=service.server_tls,
            )
        self._monitoring = None
        if service.monitoring is not None:
            self._monitoring = MonitoringServer(
                service.monitoring,
                self._metrics,
                lambda: report(self._folder, manifest, self._complaints(), self._away),
                self._refresh,
            )

    def run(self, stop: threading.Event) -> None:
        service = self._service
        courier = threading.Thread(target=self._send, args=(stop,), name="courier", daemon=True)
        courier.start()
        monitored = f", health and metrics on port {self._monitoring.port}" if self._monitoring else ""
        stow = f", STOW-RS on port {self._stow.port}" if self._stow else ""
        self._tell(f"Listening as {service.title} on port {self._listener.port} of {service.host}{stow}{monitored}.")
        if self._courier is None and (waiting := self._manifest.undelivered()):
            self._tell(f"The results of {waiting} examinations wait for a start with --send-to.")
        try:
            while not stop.is_set():
                self._work(stop)
                self._sweep()
        finally:
            stop.set()
            self._listener.close()
            if self._stow is not None:
                self._stow.close()
            with contextlib.suppress(Exception):  # the workers end in any case
                self._engine.cancel()
            courier.join(timeout=5)
            if self._monitoring is not None:
                self._monitoring.close()
        self._tell("Stopped.")

    def _work(self, stop: threading.Event) -> None:
        """Hand out work and take an outcome; what may pass is no reason to take no more images."""
        try:
            self._inbox.ripen()
            if not self._engine.step(_ROUND_S):
                self._troubles.over(_WORK)  # nothing is left to do
                stop.wait(_ROUND_S)
        except Exception as error:
            if getattr(error, "code", None) in _FOR_GOOD:
                raise
            logger.debug("A round has failed.", exc_info=True)
            self._troubles.failed(_WORK, error)
            if isinstance(error, OutputError):  # all others would fail in the same way
                with contextlib.suppress(Exception):
                    self._engine.cancel()
            stop.wait(_AFTER_FAILURE_S)

    def _sweep(self) -> None:
        if time.monotonic() - self._swept < _SWEEP_S:
            return
        self._swept = time.monotonic()
        try:
            self._inbox.sweep(self._service.keep_s)
            self._troubles.over(_SWEEP)
        except Exception as error:
            logger.debug("A sweep has failed.", exc_info=True)
            self._troubles.failed(_SWEEP, error)

    def _processed(self, examination: Examination, outcome: Outcome) -> None:
        self._troubles.over(_WORK)
        self._metrics.processed(outcome.seconds)
        self._tell(
            f"Examination {examination.name}: {len(outcome.images)} images analysed, {len(outcome.refused)} not, "
            f"{outcome.seconds:.1f} s."
        )

    def _send(self, stop: threading.Event) -> None:
        if self._courier is None:
            return
        away = ""
        while not stop.wait(_COURIER_S):
            try:
                self._metrics.delivered(*self._courier.next_round())
                self._troubles.over(_DELIVERY)
            except Exception as error:  # results stay due; the next round tries again
                logger.debug("A delivery has failed.", exc_info=True)
                self._troubles.failed(_DELIVERY, error)
                stop.wait(_AFTER_FAILURE_S)
            if self._away != away:
                away = self._away
                self._tell(f"{away} Results wait until they are taken." if away else "Results are taken again.")

    @property
    def _away(self) -> str:
        return "" if self._courier is None else self._courier.away

    def _refresh(self) -> None:
        manifest = self._manifest
        self._metrics.states(manifest.counts(), manifest.undelivered(), count_given_up(manifest), away=bool(self._away))

    def _complaints(self) -> list[str]:
        """Return what is wrong with the node itself, for the health check."""
        wrong = self._troubles.sentences
        if not self._listener.alive or (self._stow is not None and not self._stow.alive):
            wrong.append("The listener has stopped.")
        if not self._crew.slots:
            wrong.append("No worker is running.")
        if shutil.disk_usage(self._service.output).free < self._service.limits.free_bytes:
            wrong.append("The disk is full: images are refused.")
        return wrong
