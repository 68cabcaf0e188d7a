"""Who may send, and how much."""

from __future__ import annotations

import ipaddress
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from MCDetect.cohort.node.places import Places
from MCDetect.errors import UsageError

ANY = "*"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def port_refused(address: tuple[str, int], error: OSError, option: str) -> UsageError:
    """Return what to raise when a port cannot be listened at; ``option`` chooses another one."""
    return UsageError(
        "port-in-use", f"Port {address[1]} of {address[0]} cannot be opened: {error.strerror}.", f"Use {option}."
    )


@dataclass(frozen=True)
class Peer:
    """An application entity that may send: its title and the network it sends from; None is any."""

    title: str | None
    network: Network | None

    @classmethod
    def parse(cls, text: str) -> Peer:
        """Return the peer of ``TITLE@ADDRESS``; either may be ``*``, the address a network such as 10.1.0.0/16.

        Raises
        ------
        UsageError
            ``wrong-peer``.
        """
        title, separator, address = text.rpartition("@")
        try:
            if not separator or not 0 < len(title) <= 16:
                raise ValueError
            network = None if address == ANY else ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise UsageError(
                "wrong-peer",
                f"{text!r} is no TITLE@ADDRESS.",
                "Write the AE title and the IP address or network, for example MAMMO1@10.1.2.0/24 or *@10.1.2.3.",
            ) from None
        return cls(None if title == ANY else title, network)


class AllowList:
    """The peers that may send; without any, everything on this computer."""

    def __init__(self, peers: Iterable[Peer] = ()) -> None:
        self._peers = tuple(peers) or (Peer.parse("*@127.0.0.0/8"), Peer.parse("*@::1"))

    def knows_address(self, address: str) -> bool:
        """Say whether a connection from there may be opened at all."""
        return any(_is_in(address, peer.network) for peer in self._peers)

    def admits(self, title: str, address: str) -> bool:
        """Say whether an application entity at an address may send."""
        return any(peer.title in (None, title.strip()) and _is_in(address, peer.network) for peer in self._peers)


@dataclass(frozen=True)
class Limits:
    """What no peer may exceed, so that none can take the node from the others.

    Attributes
    ----------
    connections
        Associations at a time, and requests by HTTP; one address may have half of them. As many again may be open to
        hear that they are too many; what comes beyond that is cut off when it is accepted.
    image_bytes
        The largest image.
    free_bytes
        Room on the disk below which no image is taken.
    idle_s
        How long a peer may be silent where it has to speak, in a TLS handshake too.
    pdu_bytes, pdu_s
        The largest protocol data unit of DICOM, and how long it may take to come.
    """

    connections: int = 64
    image_bytes: int = 512 * 2**20
    free_bytes: int = 2 * 2**30
    idle_s: float = 30.0
    pdu_bytes: int = 1 << 17
    pdu_s: float = 60.0

    def places(self) -> Places:
        """Return places for associations or requests."""
        return Places(self.connections, max(1, self.connections // 2))

    def places_to_connect(self) -> Places:
        """Return places for connections, whatever they turn out to be."""
        return Places(2 * self.connections, self.connections)

    def has_room(self, folder: Path, size: int = 0, share: float = 1.0) -> bool:
        """Say whether ``size`` bytes more in a folder leave ``share`` of the room that is to stay free."""
        return shutil.disk_usage(folder).free >= share * self.free_bytes + size


class Told(Protocol):
    """Who wants to know what arrives."""

    def received(self, size: int, seconds: float, *, new: bool) -> None:
        """Take an image that was acknowledged."""

    def turned_away(self, reason: str) -> None:
        """Take a connection, association or image that was not taken."""


def _is_in(address: str, network: Network | None) -> bool:
    if network is None:
        return True
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed in network
