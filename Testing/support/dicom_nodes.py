"""DICOM senders and receivers for tests of a node."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import UID, DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, build_context, evt
from pynetdicom._globals import APPLICATION_CONTEXT_NAME
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification


def send(
    paths: Sequence[Path],
    port: int,
    title: str = "MCDETECT",
    calling: str = "MAMMO",
    tls: ssl.SSLContext | None = None,
    *,
    address: str = "127.0.0.1",
) -> list[int | None]:
    """Send images over one association from an address; the status of each, None for one that was not answered."""
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    entity.add_requested_context(DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian)
    association = entity.associate(
        "127.0.0.1",
        port,
        ae_title=title,
        bind_address=(address, 0),
        tls_args=None if tls is None else (tls, "127.0.0.1"),
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


def association_request(title: str = "MCDETECT", calling: str = "MAMMO") -> bytes:
    """Return an A-ASSOCIATE-RQ PDU (PS3.8 table 9-11)."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID(APPLICATION_CONTEXT_NAME)
    primitive.calling_ae_title, primitive.called_ae_title = calling, title
    context = build_context(DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian)
    context.context_id = 1
    primitive.presentation_context_definition_list = [context]
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16382
    implementation.implementation_class_uid = UID("1.2.3")
    primitive.user_information = [length, implementation]
    request = A_ASSOCIATE_RQ()
    request.from_primitive(primitive)
    return request.encode()


@contextmanager
def receiving(
    port: int = 0, status: Callable[[Dataset], int] = lambda dataset: 0
) -> Iterator[tuple[int, list[Dataset]]]:
    """Run a node that gives each object a status, after as long as that takes; gives its port and what it got."""
    taken: list[Dataset] = []

    def store(event: Any) -> int:
        taken.append(event.dataset)
        return status(taken[-1])

    entity = AE(ae_title="PACS")
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    try:
        yield server.server_address[1], taken
    finally:
        server.shutdown()
