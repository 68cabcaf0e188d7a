"""Connections with limits: who, how many, how large, how long.

pynetdicom reads as much as a peer announces, and does TLS handshakes where it accepts connections, so that one peer
could take the memory or the port from all others. Here it is cut off instead.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import Counter
from typing import Any

from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from MCDetect.cohort.node.admission import AllowList, Limits, Told

_MOST_COMMAND_BYTES = 1 << 16
_MOST_QUEUED = 4

logger = logging.getLogger(__name__)


class _Socket(AssociationSocket):
    """Reads no more than the limits allow; a peer that goes beyond them is cut off."""

    limits: Limits

    def recv(self, nr_bytes: int) -> bytearray:
        self._check(nr_bytes)
        assert self.socket is not None
        deadline = time.monotonic() + self.limits.pdu_s
        data = bytearray(nr_bytes)
        view, done = memoryview(data), 0
        while done < nr_bytes:
            count = self.socket.recv_into(view[done:])
            if not count:
                break
            done += count
            if time.monotonic() > deadline:
                raise OSError("a PDU took too long")
        view.release()
        del data[done:]
        return data

    def _check(self, nr_bytes: int) -> None:
        dimse = self.assoc.dimse
        message = dimse.message
        size = 0
        if message is not None:
            stream: Any = message._data_set_file or message.data_set
            size = stream.tell()
            if message.encoded_command_set.tell() > _MOST_COMMAND_BYTES:
                raise OSError("a command is too long")
        if nr_bytes > self.limits.pdu_bytes + 1024 or size > self.limits.image_bytes:
            raise OSError("too much data")
        if dimse.msg_queue.qsize() > _MOST_QUEUED:  # asynchronous operations are not negotiated
            raise OSError("messages without waiting for responses")


class _Connection(RequestHandler):
    def _create_association(self) -> Any:
        association = super()._create_association()
        limits = self.server.limits  # type: ignore[attr-defined]
        # pynetdicom makes the socket itself, and a second one for the same connection would confuse its state machine.
        association.dul.socket.__class__ = type("Socket", (_Socket,), {"limits": limits})
        return association


class LimitedServer(ThreadedAssociationServer):
    """Turns strangers and floods away before anything is read, and does TLS handshakes in the connection's thread."""

    allowed: AllowList
    limits: Limits
    told: Told
    daemon_threads = True

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **{**settings, "request_handler": _Connection})

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        connection.settimeout(self.limits.idle_s)
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Say whether a connection is served at all."""
        if not self.allowed.knows_address(client_address[0]):
            self.told.turned_away("address")
            return False
        present = [association.requestor.address for association in self.active_associations]
        if (
            len(present) >= 2 * self.limits.connections
            or Counter(present)[client_address[0]] >= 2 * self.limits.connections_per_address
        ):
            self.told.turned_away("flood")
            return False
        return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, in a thread of its own."""
        if self.ssl_context is not None:
            try:
                request = self.ssl_context.wrap_socket(request, server_side=True)
            except OSError:
                self.told.turned_away("tls")
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that broke."""
        logger.debug("A connection failed.", exc_info=True)


def limited_server(allowed: AllowList, limits: Limits, told: Told) -> type[LimitedServer]:
    """Return a class of servers with these limits, for ``AE.make_server``, which makes the server itself."""
    return type("Server", (LimitedServer,), {"allowed": allowed, "limits": limits, "told": told})
