"""Who is connected, counted from the beginning to the end: of all, and of each address."""

from __future__ import annotations

import threading
from collections import Counter
from socketserver import BaseServer, ThreadingMixIn
from typing import Any


class Places:
    """Places of which no address may have more than its share, so that the others find some; for any thread.

    Parameters
    ----------
    most
        How many there are.
    most_of_one
        How many of them one address may have.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._lock = threading.Lock()
        self._addresses: dict[object, str] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    def take(self, guest: object, address: str) -> bool:
        """Give a guest from an address a place; False if there is none for it."""
        with self._lock:
            if len(self) >= self._most or Counter(self._addresses.values())[address] >= self._most_of_one:
                return False
            self._addresses[guest] = address
            return True

    def leave(self, guest: object) -> None:
        """Take the place back, if the guest has one."""
        with self._lock:
            self._addresses.pop(guest, None)


class CountedConnections(ThreadingMixIn, BaseServer):
    """A server with threads whose connections have places, from where they are accepted until their thread ends.

    Nothing has been read of a connection without a place, nor has its TLS handshake begun.
    """

    places: Places
    daemon_threads = True

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Say whether a connection is served."""
        return self.places.take(request, client_address[0])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a connection served by a thread of its own."""
        try:
            super().process_request(request, client_address)
        except BaseException:  # there is no thread: nobody else gives the place back
            self.places.leave(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.leave(request)
