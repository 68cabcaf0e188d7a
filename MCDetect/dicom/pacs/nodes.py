"""The systems that objects are sent to and fetched from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from MCDetect.errors import UsageError


@dataclass(frozen=True)
class Tls:
    """How a connection is encrypted.

    Attributes
    ----------
    ca_file
        Certificates (PEM) that the peer's certificate must come from; None: those of this computer.
    certificate_file, key_file
        Our own certificate and its key (PEM), for peers that ask for one.
    check_host_name
        Whether the peer's certificate must name the host that was called. DICOM (PS3.15 B.9 and B.10) does not ask for
        it, and certificates of imaging devices often name an AE title instead.
    """

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    check_host_name: bool = True


@dataclass(frozen=True)
class DicomNode:
    """A peer that speaks the DICOM message service (PS3.7, PS3.8).

    Attributes
    ----------
    name
        What the configuration calls it.
    host, port, ae_title
        Where it listens and the AE title it answers to.
    calling_ae_title
        The AE title we call ourselves; the peer has to know it.
    retrieve
        ``"get"`` (C-GET, over the same connection) or ``"move"`` (C-MOVE, the peer calls us back).
    listen_port
        Where we listen for C-MOVE and for the answers of storage commitment; None: nowhere.
    storage_commitment
        Whether the peer is asked to commit itself to what it stored (PS3.4 Annex J).
    commitment_wait_s
        How long its answer is waited for, in seconds.
    timeout_s
        How long the peer may take to connect or to answer, in seconds.
    attempts
        How often is tried in all before a failure that may pass is told.
    tls
        None: not encrypted.
    """

    name: str
    host: str
    port: int
    ae_title: str
    calling_ae_title: str = "MCDETECT"
    retrieve: str = "get"
    listen_port: int | None = None
    storage_commitment: bool = False
    commitment_wait_s: float = 60.0
    timeout_s: float = 30.0
    attempts: int = 4
    tls: Tls | None = None

    @property
    def address(self) -> str:
        """What tells this peer from all others."""
        return f"dimse://{self.host}:{self.port}/{self.ae_title}"


@dataclass(frozen=True)
class WebNode:
    """A DICOMweb service (PS3.18): STOW-RS, QIDO-RS and WADO-RS below one address.

    Attributes
    ----------
    name
        What the configuration calls it.
    url
        The root of the service, e.g. ``https://pacs.example.org/dicom-web``.
    user
        For basic authentication; empty: none.
    password_variable, token_variable
        Environment variables that hold the password, and the bearer token used instead of user and password.
    allow_unencrypted
        Whether a password or token may be sent by ``http`` to another computer.
    timeout_s, attempts
        As of :class:`DicomNode`.
    tls
        Certificates.
    """

    name: str
    url: str
    user: str = ""
    password_variable: str = ""
    token_variable: str = ""
    allow_unencrypted: bool = False
    timeout_s: float = 30.0
    attempts: int = 4
    tls: Tls = field(default_factory=Tls)

    @property
    def address(self) -> str:
        """What tells this service from all others."""
        return self.url


Node: TypeAlias = DicomNode | WebNode
_Node = TypeVar("_Node", DicomNode, WebNode)


@dataclass(frozen=True)
class Configuration:
    """The nodes of a configuration file.

    Attributes
    ----------
    path
        The file.
    nodes
        By name.
    default
        The name of the node that is meant where none is named; None: the only one.
    """

    path: Path
    nodes: Mapping[str, Node]
    default: str | None = None

    def node(self, name: str | None = None) -> Node:
        """Return a node by its name, or the one that is meant where none is named.

        Raises
        ------
        UsageError
            ``unknown-node``, or ``no-node-named`` where several could be meant.
        """
        wanted = name or self.default or (next(iter(self.nodes)) if len(self.nodes) == 1 else None)
        known = ", ".join(self.nodes)
        if wanted is None:
            raise UsageError("no-node-named", f"{self.path} describes several nodes.", f"Name one of {known}.")
        if wanted not in self.nodes:
            raise UsageError("unknown-node", f"{self.path} describes no node {wanted!r}.", f"It knows {known}.")
        return self.nodes[wanted]
