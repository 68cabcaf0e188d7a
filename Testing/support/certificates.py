"""Certificates that live as long as a test."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Authority:
    """What signs certificates; ``certificate`` is the file that others trust."""

    folder: Path
    name: str = "authority"

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(self.name)
        certificate = _builder(self._subject, self._subject, self._key.public_key(), is_authority=True)
        self.certificate = self.folder / f"{self.name}.pem"
        self.certificate.write_bytes(_pem(certificate.sign(self._key, hashes.SHA256())))

    def issue(self, name: str, *, address: str = "127.0.0.1") -> tuple[Path, Path]:
        """Return the certificate and the key of a computer."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _builder(_name(name), self._subject, key.public_key(), is_authority=False)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(_pem(certificate.add_extension(names, critical=False).sign(self._key, hashes.SHA256())))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        return files


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
