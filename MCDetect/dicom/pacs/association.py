"""Connections to a peer that speaks the DICOM message service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydicom.uid import UID

from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.diagnosis import no_connection, rejection
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.tls import client_context

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association
    from pynetdicom.events import Event

MOST_CONTEXTS = 128
"""Presentation contexts of one association: their identifiers are the odd numbers up to 255 (PS3.8 9.3.2.2)."""


def application_entity(node: DicomNode) -> ApplicationEntity:
    """Return ourselves, with the time limits of a node."""
    from pynetdicom.ae import ApplicationEntity

    entity = ApplicationEntity(ae_title=node.calling_ae_title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = node.timeout_s
    return entity


@contextmanager
def associate(
    node: DicomNode,
    contexts: Sequence[tuple[UID, Sequence[UID]]],
    *,
    receives: frozenset[UID] = frozenset(),
    handlers: Sequence[tuple[Any, ...]] = (),
) -> Iterator[Association]:
    """Connect to a peer; released at the end, aborted when the block fails.

    Parameters
    ----------
    node
        The peer.
    contexts
        SOP classes, each with the transfer syntaxes of one presentation context.
    receives
        SOP classes of which the peer may send us objects over this association (C-GET; PS3.7 D.3.3.4).
    handlers
        Of pynetdicom's events.

    Raises
    ------
    PassingError
        ``nothing-listens``, ``timed-out``, ``no-such-host``, ``no-connection``, ``connection-lost``,
        ``association-rejected`` for now, or ``tls-failed`` where the connection broke while encryption was agreed on.
    UsageError
        ``association-rejected``, ``certificate-refused``, ``tls-failed`` or ``wrong-certificate``.
    """
    from pynetdicom import evt
    from pynetdicom.pdu import A_ASSOCIATE_RJ
    from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
    from pynetdicom.presentation import build_context, build_role

    roles: list[SCP_SCU_RoleSelectionNegotiation] = [build_role(uid, scp_role=True) for uid in sorted(receives)]
    tls = None if node.tls is None else (client_context(node.tls, node.name), node.host)
    rejections: list[A_ASSOCIATE] = []

    def remember_rejection(event: Event) -> None:
        # pynetdicom forgets the answer of a peer that rejects and closes before the thread that asked looks again.
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append(event.pdu.to_primitive())

    try:
        association = application_entity(node).associate(
            node.host,
            node.port,
            contexts=[build_context(sop_class, list(syntaxes)) for sop_class, syntaxes in contexts],
            ae_title=node.ae_title,
            ext_neg=list(roles),
            tls_args=tls,
            evt_handlers=[(evt.EVT_PDU_RECV, remember_rejection), *handlers],
        )
    except (OSError, UnicodeError) as error:  # a host name that cannot be resolved
        raise no_connection(node) from error
    if not association.is_established:
        if rejections:
            raise rejection(node, rejections[0])
        if association.acceptor.primitive is not None:
            # It answered, and left nothing of what we asked for: pynetdicom then aborts by itself.
            yield association
            return
        raise no_connection(node)
    is_done = False
    try:
        yield association
        is_done = True
    finally:
        if association.is_established:
            if is_done:
                association.release()
            else:
                association.abort()


def lost(node: DicomNode) -> PassingError:
    """Return that a peer stopped answering in the middle of a conversation."""
    return PassingError(
        "connection-lost",
        f"The node {node.name!r} ended the connection, or did not answer within {node.timeout_s:.0f} s.",
        "See its log; a longer timeout_s helps where it is slow.",
    )
