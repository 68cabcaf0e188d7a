"""The node as a whole: listener, inbox, workers, delivery and monitoring over one manifest.

Everything that must survive lies on the disk, so the service has no state of its own: it may be killed at any moment
and goes on where it was.
"""

from __future__ import annotations

import logging
import shutil
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from MCDetect.cohort.cluster import Workers, workers
from MCDetect.cohort.engine import Engine
from MCDetect.cohort.examination import clear_unfinished, identify
from MCDetect.cohort.lock import FolderLock
from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node.admission import AllowList, Limits
from MCDetect.cohort.node.delivery import Courier
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.node.listener import Listener
from MCDetect.cohort.node.monitoring import Metrics, MonitoringServer
from MCDetect.cohort.records import Examination, Order, Outcome, Processing
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.errors import MCDetectError, OutputError, UsageError
from MCDetect.outputs import check_formats, check_output_folder

_ROUND_S = 0.25
_COURIER_S = 0.5
_SWEEP_S = 600.0
_AFTER_FULL_DISK_S = 10.0

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
        When it cannot begin: folder in use, port in use, bundle missing.
    """
    formats = tuple(sorted(check_formats(service.processing.formats)))
    processing = replace(service.processing, formats=formats)
    check_output_folder(service.output)
    with (
        FolderLock(service.output),
        Manifest(service.output) as manifest,
        workers(None, service.workers, processing.device) as crew,
    ):
        clear_unfinished(service.output)
        manifest.keep_facts({"kind": "serve"})
        algorithm = crew.result(crew.submit(identify, processing, crew.threads))
        manifest.keep_facts(processing.facts(algorithm))
        order = Order(str(service.output.resolve()), processing, algorithm, crew.threads)
        _Node(service, manifest, crew, order, tell).run(stop)


class _Node:
    """The running parts."""

    def __init__(
        self, service: Service, manifest: Manifest, crew: Workers, order: Order, tell: Callable[[str], None]
    ) -> None:
        self._service, self._manifest, self._crew, self._tell = service, manifest, crew, tell
        self._metrics = Metrics()
        self._trouble = ""
        self._inbox = Inbox(service.output.resolve(), manifest, service.views, service.wait_s)
        self._inbox.clear_incoming()
        self._engine = Engine(crew, manifest, order, self._processed, deliver=service.destination is not None)
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
                self._complaints,
                lambda: self._metrics.states(manifest.counts(), manifest.undelivered()),
            )

    def run(self, stop: threading.Event) -> None:
        service = self._service
        courier = threading.Thread(target=self._send, args=(stop,), name="courier", daemon=True)
        courier.start()
        monitored = f", health and metrics on port {self._monitoring.port}" if self._monitoring else ""
        stow = f", STOW-RS on port {self._stow.port}" if self._stow else ""
        self._tell(f"Listening as {service.title} on port {self._listener.port} of {service.host}{stow}{monitored}.")
        swept = 0.0
        try:
            while not stop.is_set():
                try:
                    self._inbox.ripen()
                    if not self._engine.step(_ROUND_S):
                        stop.wait(_ROUND_S)
                    if time.monotonic() - swept > _SWEEP_S:
                        swept = time.monotonic()
                        self._inbox.sweep(service.keep_s)
                    self._trouble = ""
                except OutputError as error:  # a full disk is no reason to stop listening: refusals say so
                    self._complain(error)
                    self._engine.cancel()
                    stop.wait(_AFTER_FULL_DISK_S)
        finally:
            stop.set()
            self._listener.close()
            if self._stow is not None:
                self._stow.close()
            self._engine.cancel()
            courier.join(timeout=5)
            if self._monitoring is not None:
                self._monitoring.close()
        self._tell("Stopped.")

    def _processed(self, examination: Examination, outcome: Outcome) -> None:
        self._metrics.processed(outcome.seconds)
        self._tell(
            f"Examination {examination.name}: {len(outcome.images)} images analysed, {len(outcome.refused)} not, "
            f"{outcome.seconds:.1f} s."
        )

    def _send(self, stop: threading.Event) -> None:
        service = self._service
        if service.destination is None:
            return
        courier = Courier(service.output.resolve(), self._manifest, service.destination)
        away = ""
        while not stop.wait(_COURIER_S):
            try:
                self._metrics.delivered(*courier.next_round())
                if courier.away != away:
                    away = courier.away
                    self._tell(f"{away} Results wait until they are taken." if away else "Results are taken again.")
            except MCDetectError as error:
                self._complain(error)
            except Exception as error:  # results stay due; the next round tries again
                logger.debug("A delivery failed.", exc_info=True)
                self._complain(
                    MCDetectError(
                        "delivery-failed",
                        f"Results could not be sent ({type(error).__name__}).",
                        "They are kept, and sent again until it succeeds.",
                    )
                )

    def _complain(self, error: MCDetectError) -> None:
        if self._trouble != error.message:
            self._tell(str(error))
        self._trouble = error.message

    def _complaints(self) -> list[str]:
        """Return what is wrong, for the health check."""
        wrong = [self._trouble] if self._trouble else []
        if not self._listener.alive or (self._stow is not None and not self._stow.alive):
            wrong.append("The listener has stopped.")
        if not self._crew.slots:
            wrong.append("No worker is running.")
        if shutil.disk_usage(self._service.output).free < self._service.limits.free_bytes:
            wrong.append("The disk is full: images are refused.")
        return wrong


def tls_context(certificate: Path | None, key: Path | None, authorities: Path | None) -> ssl.SSLContext | None:
    """Return the context for listening (TLS 1.2 or newer), or None without a certificate.

    With ``authorities`` every peer must show a certificate that one of them signed.

    Raises
    ------
    UsageError
        ``wrong-certificate``.
    """
    if certificate is None:
        if authorities is not None or key is not None:
            raise UsageError("wrong-certificate", "TLS needs a certificate.", "Give --tls-certificate.")
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authorities)
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        raise UsageError(
            "wrong-certificate",
            "The certificate, its key or the authorities cannot be used.",
            "Give PEM files: --tls-certificate, --tls-key without a password, --tls-authorities.",
        ) from error
    if authorities is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
