"""Health and metrics over HTTP: ``/health`` for a watchdog, ``/metrics`` for Prometheus."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from MCDetect.cohort.node.admission import port_refused
from MCDetect.cohort.node.places import CountedConnections, Places

_MOST_CONNECTIONS = 16

logger = logging.getLogger(__name__)


class Metrics:
    """What the node counts; it is what the listener tells (``MCDetect.cohort.node.listener.Told``)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._images = Counter("mcdetect_images_received", "Images acknowledged", registry=self.registry)
        self._again = Counter("mcdetect_images_known", "Images that were there already", registry=self.registry)
        self._bytes = Counter("mcdetect_received_bytes", "Bytes of images", registry=self.registry)
        self._away = Counter("mcdetect_turned_away", "Not taken", ["reason"], registry=self.registry)
        self._seconds = Histogram("mcdetect_store_seconds", "From image to acknowledgement", registry=self.registry)
        self._states = Gauge("mcdetect_examinations", "Examinations", ["state"], registry=self.registry)
        self._due = Gauge("mcdetect_undelivered", "Examinations whose results wait to be sent", registry=self.registry)
        self._given_up = Gauge("mcdetect_given_up", "Examinations whose results were refused", registry=self.registry)
        self._gone = Gauge("mcdetect_destination_away", "1 while it takes no results at all", registry=self.registry)
        self._delivered = Counter("mcdetect_deliveries", "Examinations delivered", registry=self.registry)
        self._undelivered = Counter("mcdetect_delivery_failures", "Deliveries to be repeated", registry=self.registry)
        self._analysis = Histogram(
            "mcdetect_examination_seconds",
            "Seconds of a worker",
            buckets=(0.5, 1, 2, 5, 10, 20, 60, 300),
            registry=self.registry,
        )

    def received(self, size: int, seconds: float, *, new: bool) -> None:
        """Count an image that was acknowledged."""
        (self._images if new else self._again).inc()
        self._bytes.inc(size)
        self._seconds.observe(seconds)

    def turned_away(self, reason: str) -> None:
        """Count what was not taken."""
        self._away.labels(reason).inc()

    def delivered(self, done: int, failed: int) -> None:
        """Count deliveries."""
        self._delivered.inc(done)
        self._undelivered.inc(failed)

    def processed(self, seconds: float) -> None:
        """Count an examination."""
        self._analysis.observe(seconds)

    def states(self, counts: dict[str, int], undelivered: int, given_up: int = 0, *, away: bool = False) -> None:
        """Take how many examinations are in each state, and the results of how many are to be sent or given up."""
        self._due.set(undelivered)
        self._given_up.set(given_up)
        self._gone.set(away)
        for state in ("waiting", "pending", "done", "failed"):
            self._states.labels(state).set(counts.get(state, 0))


class _Server(CountedConnections, ThreadingHTTPServer):
    """As many connections at a time as scrapers need; each is cut off when it says nothing for ten seconds."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.places = Places(_MOST_CONNECTIONS, _MOST_CONNECTIONS // 2)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Take the port, without asking a name server for the name of this computer."""
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that broke."""


class MonitoringServer:
    """Answers on a port of its own, in a thread of its own.

    Whoever reaches the port may read; what it tells are counts and sentences about the node, never of a patient.

    Parameters
    ----------
    address
        (host, port); port 0 takes any that is free.
    metrics
        What to show.
    health
        Returns what ``/health`` shows; its ``status`` is ``ok`` or it is answered with 503.
    refresh
        Called before metrics are shown.

    Raises
    ------
    UsageError
        ``port-in-use``.
    """

    def __init__(
        self,
        address: tuple[str, int],
        metrics: Metrics,
        health: Callable[[], dict[str, Any]],
        refresh: Callable[[], None],
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                try:
                    answer = self._page()
                except Exception:  # whoever watches should hear that something is wrong, and not nothing
                    logger.debug("The state could not be told.", exc_info=True)
                    answer = 500, "text/plain", b"The state of the node could not be told.\n"
                self._answer(*answer)

            def _page(self) -> tuple[int, str, bytes]:
                if self.path == "/metrics":
                    refresh()
                    return 200, CONTENT_TYPE_LATEST, generate_latest(metrics.registry)
                if self.path == "/health":
                    shown = health()
                    return 200 if shown["status"] == "ok" else 503, "application/json", json.dumps(shown).encode()
                return 404, "text/plain", b"/health or /metrics\n"

            def _answer(self, code: int, kind: str, body: bytes) -> None:
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        try:
            self._server = _Server(address, Handler)
        except OSError as error:
            raise port_refused(address, error, "--metrics-port or --metrics-host") from error
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="monitoring", daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
