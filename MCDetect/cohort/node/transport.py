"""Connections with limits: who, how many, how large, how long.

pynetdicom reads as much as a peer announces, does TLS handshakes where it accepts connections, and counts connections
that say nothing as associations, so that one peer could take the memory or the port from all others. Here it is cut
off instead.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import time
from pathlib import Path
from typing import Any

from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from MCDetect.cohort.node.admission import AllowList, Limits, Told
from MCDetect.cohort.node.places import CountedConnections, Places

_MOST_COMMAND_BYTES = 1 << 16
_MOST_QUEUED = 4
_HEADER_BYTES = 6
_ENDING_S = 5.0
_SHARE_WHILE_RECEIVING = 0.5
"""A whole image can be refused with a status, one on its way only be cut off: that is done when less is left free."""

logger = logging.getLogger(__name__)


class _Socket(AssociationSocket):
    """Reads no more than the limits allow; a peer that goes beyond them is cut off."""

    limits: Limits
    incoming: Path

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
        is_image = size > 0 and nr_bytes > _HEADER_BYTES
        if is_image and not self.limits.has_room(self.incoming, share=_SHARE_WHILE_RECEIVING):
            raise OSError("no room on the disk")


class _Connection(RequestHandler):
    server: LimitedServer
    _association: Any = None

    def _create_association(self) -> Any:
        association = super()._create_association()
        settings = {"limits": self.server.limits, "incoming": self.server.incoming}
        # pynetdicom makes the socket itself, and a second one for the same connection would confuse its state machine.
        association.dul.socket.__class__ = type("Socket", (_Socket,), settings)
        self._association = association
        return association

    def handle(self) -> None:
        """Serve a connection to its end; pynetdicom would return at once."""
        try:
            super().handle()
            self._association.join()
        finally:
            self.server.associations.leave(self._association)


class LimitedServer(CountedConnections, ThreadedAssociationServer):
    """Turns strangers and floods away before anything is read, and does TLS handshakes in the connection's thread.

    Attributes
    ----------
    allowed, limits, told
        As of :class:`MCDetect.cohort.node.listener.Listener`.
    incoming
        The folder into which images are received.
    associations
        Places of the connections that asked for an association; the listener gives them.
    """

    allowed: AllowList
    limits: Limits
    told: Told
    incoming: Path
    associations: Places
    request_queue_size = 128

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.places = self.limits.places_to_connect()
        self.associations = self.limits.places()
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
        if not super().verify_request(request, client_address):
            self.told.turned_away("flood")
            return False
        return True

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end, in its thread."""
        try:
            if self.ssl_context is not None:
                try:
                    request = self.ssl_context.wrap_socket(request, server_side=True)
                except OSError:
                    self.told.turned_away("tls")
                    return
            # pynetdicom would ask a thousand times a second whether anything has come.
            if _speaks(request, self.limits.idle_s):
                super().finish_request(request, client_address)
        finally:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that broke."""
        logger.debug("A connection failed.", exc_info=True)

    def cut_off(self) -> None:
        """Hear no more of the associations that are there, and wait until they have ended."""
        there = self.active_associations
        for association in there:
            used_by = association.dul.socket
            connection = None if used_by is None else used_by.socket
            if connection is not None:
                with contextlib.suppress(OSError):
                    # Not the shutdown of an encrypted connection, which would be in the way of a last answer.
                    socket.socket.shutdown(connection, socket.SHUT_RD)
        for association in there:
            association.join(_ENDING_S)


def limited_server(allowed: AllowList, limits: Limits, told: Told, incoming: Path) -> type[LimitedServer]:
    """Return a class of servers with these limits, for ``AE.make_server``, which makes the server itself."""
    settings = {"allowed": allowed, "limits": limits, "told": told, "incoming": incoming}
    return type("Server", (LimitedServer,), settings)


def _speaks(connection: socket.socket, seconds: float) -> bool:
    """Wait until something comes, or the end."""
    if isinstance(connection, ssl.SSLSocket) and connection.pending():
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(seconds))
