"""TLS for those who send to the node."""

from __future__ import annotations

import ssl
from pathlib import Path

from MCDetect.errors import UsageError


def tls_context(certificate: Path | None, key: Path | None, authorities: Path | None) -> ssl.SSLContext | None:
    """Return the context for listening (TLS 1.2 or newer), or None without a certificate.

    With ``authorities`` every peer must show a certificate that one of them signed.

    Raises
    ------
    UsageError
        ``wrong-certificate``.
    """
    if certificate is None:
        if authorities is not None or key is not None:
            raise UsageError("wrong-certificate", "TLS needs a certificate.", "Give --tls-certificate.")
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authorities)
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        raise UsageError(
            "wrong-certificate",
            "The certificate, its key or the authorities cannot be used.",
            "Give PEM files: --tls-certificate, --tls-key without a password, --tls-authorities.",
        ) from error
    if authorities is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
