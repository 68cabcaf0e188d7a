"""DICOM senders and receivers for tests of a node."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt


def send(
    paths: Sequence[Path],
    port: int,
    title: str = "MCDETECT",
    calling: str = "MAMMO",
    tls: ssl.SSLContext | None = None,
) -> list[int | None]:
    """Send images over one association; the status of each, None for one that was not answered."""
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    entity.add_requested_context(DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian)
    association = entity.associate(
        "127.0.0.1", port, ae_title=title, tls_args=None if tls is None else (tls, "127.0.0.1")
    )
    statuses: list[int | None] = []
    for path in paths:
        try:
            statuses.append(association.send_c_store(dcmread(path)).get("Status"))
        except (RuntimeError, ValueError):
            statuses.append(None)
    if association.is_established:
        association.release()
    return statuses


@contextmanager
def receiving() -> Iterator[tuple[int, list[Any]]]:
    """Run a node that takes everything; gives its port and a list of the headers it took."""
    taken: list[Any] = []

    def store(event: Any) -> int:
        taken.append(event.dataset)
        return 0

    entity = AE(ae_title="PACS")
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    try:
        yield server.server_address[1], taken
    finally:
        server.shutdown()
