"""STOW-RS (PS3.18 section 10.5): images over HTTP, with the same promise as C-STORE.

The server is Tornado, which Dask brings along; parts are taken apart while they arrive and go to the disk at once, so
that a request of any size costs no memory. The answer is sent when every image in it is on the disk, or turned away.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import ssl
import tempfile
import threading
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser
from tornado import httpserver, netutil, web

from MCDetect.cohort.node.admission import AllowList, Limits, Told, port_refused
from MCDetect.cohort.node.receipt import OUT_OF_RESOURCES, SUCCESS, Receipt, receive

if TYPE_CHECKING:
    from MCDetect.cohort.node.inbox import Inbox

_MAMMOGRAM = str(DigitalMammographyXRayImageStorageForPresentation)
_MOST_IMAGES = 64
"""In one request: an examination has four views, with implants eight; more come in several requests."""

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
        shared = {"inbox": inbox, "allowed": allowed, "limits": limits, "told": told, "open_requests": set()}
        started = threading.Event()

        async def serve() -> None:
            server = httpserver.HTTPServer(
                web.Application([(r"/studies/?([0-9.]{1,64})?/?", _Studies, shared)]),
                ssl_options=tls,
                max_body_size=limits.image_bytes * _MOST_IMAGES,
                chunk_size=_CHUNK,
                idle_connection_timeout=limits.idle_s,
                body_timeout=_REQUEST_S,
            )
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

    def close(self) -> None:
        """Take no more connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@web.stream_request_body
class _Studies(web.RequestHandler):
    """One request."""

    def initialize(
        self, inbox: Inbox, allowed: AllowList, limits: Limits, told: Told, open_requests: set[_Studies]
    ) -> None:
        self._inbox, self._allowed, self._limits, self._told = inbox, allowed, limits, told
        self._open_requests = open_requests
        self._parts: _Parts | None = None
        self._wrong = HTTPStatus.BAD_REQUEST, "garbage"

    def prepare(self) -> None:
        if not self._allowed.admits("", self.request.remote_ip or ""):
            self._turn_away(HTTPStatus.FORBIDDEN, "address")
        if self.request.method != "POST":
            raise web.HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        if len(self._open_requests) >= self._limits.connections:
            self._turn_away(HTTPStatus.SERVICE_UNAVAILABLE, "connections")
        length = int(self.request.headers.get("Content-Length") or 0)
        if shutil.disk_usage(self._inbox.incoming).free < self._limits.free_bytes + length:
            self._turn_away(HTTPStatus.SERVICE_UNAVAILABLE, "disk")
        kind = Message()
        kind["Content-Type"] = self.request.headers.get("Content-Type", "")
        boundary = kind.get_param("boundary")
        if kind.get_content_type() != "multipart/related" or kind.get_param("type") != "application/dicom":
            self._turn_away(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media type")
        if not isinstance(boundary, str) or not 0 < len(boundary) <= 70:
            self._turn_away(HTTPStatus.BAD_REQUEST, "garbage")
        self._open_requests.add(self)
        self._parts = _Parts(str(boundary), self._inbox.incoming, self._limits.image_bytes)

    def data_received(self, chunk: bytes) -> None:
        if self._parts is None:
            return  # what follows something wrong is passed over; the answer comes at the end
        try:
            self._parts.write(chunk)
        except MultipartParseError:
            self._wrong = HTTPStatus.BAD_REQUEST, "garbage"
        except _TooMuchError:
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
        self._open_requests.discard(self)
        if self._parts is not None:
            self._parts.clear()


class _TooMuchError(Exception):
    """An image or a request is larger than allowed."""


class _Parts:
    """The parts of a request, each in a file below ``folder``."""

    def __init__(self, boundary: str, folder: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._files: list[Path] = []
        self._present: IO[bytes] | None = None
        self._size = 0
        self.complete = False
        self._parser = MultipartParser(
            boundary.encode("latin-1", "replace"),
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._close,
                "on_end": self._finish,
            },
        )

    def write(self, chunk: bytes) -> None:
        self._parser.write(chunk)

    def take(self) -> list[Path]:
        """Return the files; who takes them removes them."""
        files, self._files = self._files, []
        return files

    def clear(self) -> None:
        """Remove what nobody took."""
        self._close()
        for path in self.take():
            path.unlink(missing_ok=True)

    def _begin(self) -> None:
        if len(self._files) >= _MOST_IMAGES:
            raise _TooMuchError
        self._size = 0
        self._present = tempfile.NamedTemporaryFile(dir=self._folder, prefix="stow-", delete=False)  # noqa: SIM115
        self._files.append(Path(self._present.name))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > self._most_bytes:
            raise _TooMuchError
        assert self._present is not None
        self._present.write(data[start:end])

    def _close(self) -> None:
        if self._present is not None:
            with contextlib.suppress(OSError):
                self._present.close()
            self._present = None

    def _finish(self) -> None:
        self.complete = bool(self._files)


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
