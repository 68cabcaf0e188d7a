"""Connections that want to take a server from the others, and those others."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from typing import Protocol

import pytest
from support.tally import Tally
from support.waiting import wait_until

FLOODING, OTHER = "127.0.0.1", "127.0.0.2"

if sys.platform == "darwin":
    pytest.skip("macOS has one address of loopback", allow_module_level=True)


class Server(Protocol):
    """What can be flooded."""

    port: int
    tally: Tally

    @property
    def connections(self) -> int: ...


@contextlib.contextmanager
def flood(server: Server, opening: bytes = b"", *, address: str = FLOODING) -> Iterator[list[socket.socket]]:
    """Hold as many connections from an address as the server lets in; each says ``opening`` and nothing more."""
    with contextlib.ExitStack() as all_of_them:
        held: list[socket.socket] = []
        turned_away, before = server.tally.away["flood"], server.connections
        while True:
            connection = socket.create_connection((FLOODING, server.port), 30, source_address=(address, 0))
            all_of_them.enter_context(connection)
            wanted = before + len(held) + 1
            wait_until(lambda wanted=wanted: server.connections >= wanted or server.tally.away["flood"] > turned_away)
            if server.tally.away["flood"] > turned_away:
                break
            connection.sendall(opening)
            held.append(connection)
        yield held
        assert server.connections >= before + len(held), "the flood has gone"


def is_open(connection: socket.socket) -> bool:
    """Say whether the other side has left a connection open, that has sent nothing."""
    connection.settimeout(0.05)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False
