"""STOW-RS (PS3.18 section 10.5): images over HTTP, with the same promise as C-STORE.

The server is Tornado, which Dask brings along; parts are taken apart while they arrive and go to the disk at once, so
that a request of any size costs no memory. The answer is sent when every image in it is on the disk, or turned away.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import threading
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation
from python_multipart.exceptions import MultipartParseError
from tornado import httpserver, iostream, netutil, web

from MCDetect.cohort.node.admission import AllowList, Limits, Told, port_refused
from MCDetect.cohort.node.parts import MOST_IMAGES, Parts, TooMuchError
from MCDetect.cohort.node.places import Places
from MCDetect.cohort.node.receipt import OUT_OF_RESOURCES, SUCCESS, Receipt, receive

if TYPE_CHECKING:
    from MCDetect.cohort.node.inbox import Inbox

_MAMMOGRAM = str(DigitalMammographyXRayImageStorageForPresentation)
_REQUEST_S = 600.0
_CHUNK = 1 << 18


class StowServer:
    """Takes images at ``POST /studies`` and ``/studies/<uid>``, in a thread of its own.

    Parameters
    ----------
    address
        (host, port); port 0 takes any that is free.
    inbox, allowed, limits, told
        Where images go, who may send, how much, and who is told. HTTP knows no AE title: only peers that are allowed
        with any title (``*@ADDRESS``) may send.
    tls
        A server context, or None for plain HTTP.

    Raises
    ------
    UsageError
        ``port-in-use``.
    """

    def __init__(
        self,
        address: tuple[str, int],
        inbox: Inbox,
        *,
        allowed: AllowList,
        limits: Limits,
        told: Told,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        logging.getLogger("tornado").setLevel(logging.CRITICAL + 1)  # its lines would hold UIDs
        try:
            sockets = netutil.bind_sockets(address[1], address[0])
        except OSError as error:
            raise port_refused(address, error, "--stow-port") from error
        self.port: int = sockets[0].getsockname()[1]
        self._loop = asyncio.new_event_loop()
        shared = {"inbox": inbox, "allowed": allowed, "limits": limits, "told": told, "places": limits.places()}
        self._connections = limits.places_to_connect()
        started = threading.Event()

        async def serve() -> None:
            server = _Server(
                web.Application([(r"/studies/?([0-9.]{1,64})?/?", _Studies, shared)]),
                ssl_options=tls,
                max_body_size=limits.image_bytes * MOST_IMAGES,
                chunk_size=_CHUNK,
                idle_connection_timeout=limits.idle_s,
                body_timeout=_REQUEST_S,
            )
            server.admit(allowed, self._connections, told)
            server.add_sockets(sockets)
            started.set()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._serving = self._loop.create_task(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, name="stow", daemon=True)
        self._thread.start()
        started.wait(10)

    @property
    def alive(self) -> bool:
        """Whether it still listens."""
        return self._thread.is_alive()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def close(self) -> None:
        """Take no more connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


class _Server(httpserver.HTTPServer):
    """Turns strangers and floods away before anything is read; a TLS handshake counts as a connection."""

    def admit(self, allowed: AllowList, places: Places, told: Told) -> None:
        """Take who may connect, how many, and who is told."""
        self._allowed, self._places, self._told = allowed, places, told

    def handle_stream(self, stream: iostream.IOStream, address: Any) -> None:
        """Serve a connection that was just accepted."""
        if not self._allowed.knows_address(address[0]):
            self._told.turned_away("address")
            stream.close()
        elif not self._places.take(stream, address[0]):
            self._told.turned_away("flood")
            stream.close()
        else:
            super().handle_stream(stream, address)

    def on_close(self, server_conn: Any) -> None:
        """Take note that a connection has ended."""
        super().on_close(server_conn)
        self._places.leave(server_conn.stream)


@web.stream_request_body
class _Studies(web.RequestHandler):
    """One request."""

    def initialize(self, inbox: Inbox, allowed: AllowList, limits: Limits, told: Told, places: Places) -> None:
        self._inbox, self._allowed, self._limits, self._told = inbox, allowed, limits, told
        self._places = places
        self._parts: Parts | None = None
        self._wrong = HTTPStatus.BAD_REQUEST, "garbage"

    def prepare(self) -> None:
        address = self.request.remote_ip or ""
        if not self._allowed.admits("", address):
            self._turn_away(HTTPStatus.FORBIDDEN, "title")
        if self.request.method != "POST":
            raise web.HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        if not self._places.take(self, address):
            self._turn_away(HTTPStatus.SERVICE_UNAVAILABLE, "connections")
        announced = self.request.headers.get("Content-Length", "")
        if not self._limits.has_room(self._inbox.incoming, int(announced) if announced.isdecimal() else 0):
            self._turn_away(HTTPStatus.SERVICE_UNAVAILABLE, "disk")
        kind = Message()
        kind["Content-Type"] = self.request.headers.get("Content-Type", "")
        boundary = kind.get_param("boundary")
        if kind.get_content_type() != "multipart/related" or kind.get_param("type") != "application/dicom":
            self._turn_away(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media type")
        if not isinstance(boundary, str) or not 0 < len(boundary) <= 70:
            self._turn_away(HTTPStatus.BAD_REQUEST, "garbage")
        self._parts = Parts(str(boundary), self._inbox.incoming, self._limits.image_bytes)

    def data_received(self, chunk: bytes) -> None:
        if self._parts is None:
            return  # what follows something wrong is passed over; the answer comes at the end
        try:
            if not self._limits.has_room(self._inbox.incoming):  # a chunked body does not tell its length beforehand
                raise OSError("no room on the disk")
            self._parts.write(chunk)
        except MultipartParseError:
            self._wrong = HTTPStatus.BAD_REQUEST, "garbage"
        except TooMuchError:
            self._wrong = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "size"
        except OSError:
            self._wrong = HTTPStatus.SERVICE_UNAVAILABLE, "disk"
        else:
            return
        self._parts.clear()
        self._parts = None

    async def post(self, study: str | None) -> None:
        if self._parts is None or not self._parts.complete:
            self._turn_away(*self._wrong)
            return
        loop = asyncio.get_running_loop()
        receipts = [
            # Flushing takes a while; others are served meanwhile.
            await loop.run_in_executor(None, self._receive, path, study)
            for path in self._parts.take()
        ]
        stored = [one for one in receipts if one.status == SUCCESS]
        failed = [one for one in receipts if one.status != SUCCESS]
        full = any(one.status == OUT_OF_RESOURCES for one in failed)
        self.set_status(_status(bool(stored), bool(failed), full))
        self.set_header("Content-Type", "application/dicom+json")
        self.finish(json.dumps(_answer(stored, failed)))

    def on_finish(self) -> None:
        self._end()

    def on_connection_close(self) -> None:
        self._end()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the name of the status alone."""
        self.set_header("Content-Type", "text/plain")
        self.finish(HTTPStatus(status_code).phrase + "\n")

    def _receive(self, path: Path, study: str | None) -> Receipt:
        return receive(path, self._inbox, self._limits, self._told, sop_class=_MAMMOGRAM, study=study)

    def _turn_away(self, status: HTTPStatus, reason: str) -> None:
        self._told.turned_away(reason)
        self._end()
        self.set_header("Connection", "close")
        raise web.HTTPError(status)

    def _end(self) -> None:
        self._places.leave(self)
        if self._parts is not None:
            self._parts.clear()


def _status(stored: bool, failed: bool, full: bool) -> HTTPStatus:
    """Return the status of PS3.18 table 10.5.3-1."""
    if stored:
        return HTTPStatus.ACCEPTED if failed else HTTPStatus.OK
    return HTTPStatus.SERVICE_UNAVAILABLE if full else HTTPStatus.CONFLICT


def _answer(stored: list[Receipt], failed: list[Receipt]) -> dict[str, Any]:
    """Return the store instances response (PS3.18 annex I) as DICOM JSON."""
    answer: dict[str, Any] = {}
    if stored:
        answer["00081199"] = {"vr": "SQ", "Value": [_reference(one) for one in stored]}
    if failed:
        answer["00081198"] = {
            "vr": "SQ",
            "Value": [{**_reference(one), "00081197": {"vr": "US", "Value": [one.status]}} for one in failed],
        }
    return answer


def _reference(receipt: Receipt) -> dict[str, Any]:
    values = {"00081150": receipt.sop_class, "00081155": receipt.instance}
    return {tag: {"vr": "UI", "Value": [value]} for tag, value in values.items() if value}
