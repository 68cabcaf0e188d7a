"""The listening side of the node: C-STORE and C-ECHO (PS3.4 annexes A and B; PS3.7 section 9.3.1) by pynetdicom."""

from __future__ import annotations

import contextlib
import logging
import ssl
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation
from pynetdicom import AE, _config, evt

from MCDetect.cohort.node.admission import AllowList, Limits, Told, port_refused
from MCDetect.cohort.node.receipt import READABLE, receive
from MCDetect.cohort.node.transport import LimitedServer, limited_server
from MCDetect.dicom.pacs.configuration import own_title

if TYPE_CHECKING:
    from MCDetect.cohort.node.inbox import Inbox

_VERIFICATION = "1.2.840.10008.1.1"


class Listener:
    """A DICOM server on a port, running in a thread of its own.

    Parameters
    ----------
    address
        (host, port); port 0 takes any that is free.
    title
        The AE title by which it is called; others are rejected.
    inbox, allowed, limits, told
        Where images go, who may send, how much, and who is told.
    tls
        A server context, or None for plain TCP.

    Raises
    ------
    UsageError
        ``port-in-use`` when it cannot listen there; ``wrong-title``.
    """

    def __init__(
        self,
        address: tuple[str, int],
        title: str,
        inbox: Inbox,
        *,
        allowed: AllowList,
        limits: Limits,
        told: Told,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._inbox, self._allowed, self._limits, self._told = inbox, allowed, limits, told
        _configure_pynetdicom(inbox.incoming)
        entity = AE(ae_title=own_title(title))
        entity.require_called_aet = True
        entity.maximum_associations = 2 * limits.connections  # never reached: our own count says how many
        entity.maximum_pdu_size = limits.pdu_bytes
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = limits.idle_s
        entity.add_supported_context(_VERIFICATION)
        entity.add_supported_context(DigitalMammographyXRayImageStorageForPresentation, list(READABLE))
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_CONN_CLOSE, self._closed),
        ]
        try:
            server = entity.make_server(
                address,
                evt_handlers=handlers,
                ssl_context=tls,
                server_class=limited_server(allowed, limits, told, inbox.incoming),
            )
        except OSError as error:
            raise port_refused(address, error, "--port") from error
        assert isinstance(server, LimitedServer)
        self._server = server
        self._associations = self._server.associations
        self._connections = self._server.places
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="dicom-listener", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still listens."""
        return self._thread.is_alive()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def close(self) -> None:
        """Take no more connections; what was not acknowledged is cut off."""
        with contextlib.suppress(ValueError, OSError):  # pynetdicom looks for servers that it started itself
            self._server.shutdown()
        self._server.cut_off()

    def _requested(self, event: Any) -> None:
        requestor = event.assoc.requestor
        if not self._allowed.admits(requestor.primitive.calling_ae_title, requestor.address):
            self._told.turned_away("title")
            event.assoc.acse.send_reject(0x01, 0x01, 0x03)  # permanent, by the user: calling AE title not recognised
            event.assoc.kill()
        elif not self._associations.take(event.assoc, requestor.address):
            self._told.turned_away("connections")
            event.assoc.acse.send_reject(0x02, 0x03, 0x02)  # for now, by the provider: local limit exceeded
            event.assoc.kill()

    def _store(self, event: Any) -> int:
        """Keep an image; its receipt is acknowledged with the value that is returned."""
        event.request._dataset_file.close()
        wanted = str(event.request.AffectedSOPInstanceUID)
        return receive(event.dataset_path, self._inbox, self._limits, self._told, instance=wanted).status

    def _closed(self, event: Any) -> None:
        """Remove what a broken connection left half received, and wait no longer for what it asks for."""
        if event.assoc.requestor.primitive is None:
            event.assoc.dul.to_user_queue.put(None)  # as if the time had run out
        path = getattr(event.assoc.dimse.message, "_data_set_path", None)
        if path is not None:
            path.unlink(missing_ok=True)


def _configure_pynetdicom(incoming: Path) -> None:
    """Have images received into files on the node's own disk, and nothing of them logged."""
    _config.STORE_RECV_CHUNKED_DATASET = True
    _config.LOG_HANDLER_LEVEL = "none"
    tempfile.tempdir = str(incoming)
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
