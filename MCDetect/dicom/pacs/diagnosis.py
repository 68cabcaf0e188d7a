"""Why a connection to a peer failed, as one sentence. The DICOM library tells only that it did."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.tls import client_context
from MCDetect.errors import MCDetectError, UsageError

if TYPE_CHECKING:
    from pynetdicom.pdu_primitives import A_ASSOCIATE

_CALLING_UNKNOWN, _CALLED_UNKNOWN = 3, 7
_TRANSIENT = 2


def rejection(node: DicomNode, answer: A_ASSOCIATE) -> MCDetectError:
    """Return why a peer rejected an association (PS3.8 9.3.4)."""
    result, source, reason = answer.result, answer.result_source, answer.diagnostic
    if source == 1 and reason == _CALLED_UNKNOWN:
        return UsageError(
            "association-rejected",
            f"The node {node.name!r} does not answer to the AE title {node.ae_title}.",
            "Ask its administrator for the right ae_title.",
        )
    if source == 1 and reason == _CALLING_UNKNOWN:
        return UsageError(
            "association-rejected",
            f"The node {node.name!r} does not know our AE title {node.calling_ae_title}.",
            "Ask its administrator to register it, with this computer's address.",
        )
    message = f"The node {node.name!r} rejected the connection"
    if result == _TRANSIENT:
        return PassingError("association-rejected", f"{message} for now: it is busy.", "Try again later.")
    return UsageError(
        "association-rejected",
        f"{message} from the AE title {node.calling_ae_title}.",
        "Ask its administrator whether it may connect.",
    )


def no_connection(node: DicomNode) -> MCDetectError:
    """Connect once more without DICOM and return what fails."""
    try:
        with socket.create_connection((node.host, node.port), timeout=node.timeout_s) as plain:
            if node.tls is not None:
                context = client_context(node.tls, node.name)
                with context.wrap_socket(plain, server_hostname=node.host) as encrypted:
                    # A server that asks for our certificate tells only after the handshake that it wants another.
                    encrypted.settimeout(1.0)
                    _wait_for_alert(encrypted)
    except (OSError, UnicodeError) as error:
        return _told(node, error)
    if node.tls is None:
        return PassingError(
            "connection-lost",
            f"The node {node.name!r} accepted the connection and closed it without an answer.",
            "If it expects TLS, describe that in the configuration; if not, it is no DICOM service or it is busy.",
        )
    return PassingError(
        "connection-lost", f"The node {node.name!r} closed the connection without an answer.", "Try again later."
    )


def _wait_for_alert(encrypted: ssl.SSLSocket) -> None:
    try:
        encrypted.recv(1)
    except ssl.SSLError:
        raise
    except OSError:  # nothing came within the second, or the peer closed: it had nothing to complain about
        return


def _told(node: DicomNode, error: Exception) -> MCDetectError:
    where = f"{node.host}, port {node.port} (node {node.name!r})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return UsageError(
            "certificate-refused",
            f"The certificate of the node {node.name!r} is not trusted: {error.verify_message.rstrip('.')}.",
            "Name the certificate it comes from as tls.ca_file; ask its administrator for it.",
        )
    ends = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError)
    broke = node.tls is not None and isinstance(error, ends)
    if broke or isinstance(error, ssl.SSLError):
        # A server that starts again ends connections too; one that does not like us sends an alert.
        kind = PassingError if broke else UsageError
        return kind(
            "tls-failed",
            f"No encrypted connection to the node {node.name!r} was agreed on.",
            "It may not speak TLS on this port, or ask for our certificate (tls.certificate_file and tls.key_file).",
        )
    if isinstance(error, socket.gaierror | UnicodeError):
        return PassingError("no-such-host", f"There is no computer named {node.host}.", "Check host in the file.")
    if isinstance(error, TimeoutError):
        return PassingError("timed-out", f"Nothing answered at {where}.", "Check the address and the firewall.")
    if isinstance(error, ConnectionRefusedError):
        return PassingError("nothing-listens", f"Nothing listens at {where}.", "Check the port, and start the PACS.")
    reason = getattr(error, "strerror", None) or type(error).__name__
    return PassingError("no-connection", f"There is no connection to {where}: {reason}.", "Check the network.")
