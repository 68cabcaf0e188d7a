"""Encryption of connections, for DIMSE after the BCP 195 profiles of PS3.15 Annex B."""

from __future__ import annotations

import ssl

from MCDetect.dicom.pacs.nodes import Tls
from MCDetect.errors import UsageError


def client_context(tls: Tls, name: str) -> ssl.SSLContext:
    """Return what encrypts connections to a peer: TLS 1.2 or later, its certificate checked.

    Parameters
    ----------
    tls
        The certificates.
    name
        Of the node, for messages.

    Raises
    ------
    UsageError
        ``wrong-certificate`` where a certificate or key file of the configuration cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=None if tls.ca_file is None else str(tls.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = tls.check_host_name
        if tls.certificate_file is not None:
            context.load_cert_chain(tls.certificate_file, tls.key_file, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise UsageError(
            "wrong-certificate",
            f"A certificate or key file of the node {name!r} cannot be used.",
            "They are PEM files; the key belongs to the certificate and has no password.",
        ) from error
    return context


def server_context(tls: Tls, name: str) -> ssl.SSLContext | None:
    """Return what encrypts connections from a peer, or None where we have no certificate of our own.

    Raises
    ------
    UsageError
        ``wrong-certificate``.
    """
    if tls.certificate_file is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls.ca_file and str(tls.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate_file, tls.key_file, password=_no_password)
        if tls.ca_file is not None:
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise UsageError(
            "wrong-certificate",
            f"The certificate or key file of the node {name!r} cannot be used.",
            "They are PEM files; the key belongs to the certificate and has no password.",
        ) from error
    return context


def _no_password() -> str:
    # Without this, OpenSSL would ask on the terminal.
    raise ValueError("the key is encrypted")
