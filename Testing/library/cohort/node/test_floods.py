"""One address takes all it can get, and another one sends meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.certificates import Authority
from support.cohorts import write_examination
from support.dicom_nodes import association_request, send
from support.floods import FLOODING, OTHER, flood, is_open
from support.waiting import wait_until

from MCDetect.cohort.node.encryption import tls_context
from MCDetect.cohort.node.listener import Listener
from MCDetect.cohort.node.receipt import SUCCESS
from MCDetect.cohort.node.stow import StowServer

CUT_OFF = (ConnectionError, ssl.SSLError)
ACCEPTED = 2
LIMIT_EXCEEDED = b"\x03\x00\x00\x00\x00\x04\x00\x02\x03\x02"  # PS3.8 table 9-21: for now, by the provider
PATIENT = {"idle_s": 600.0, "connections": 4}

BEGUN_POST = (
    b"POST /studies HTTP/1.1\r\nHost: node\r\nContent-Length: 1000000\r\n"
    b'Content-Type: multipart/related; type="application/dicom"; boundary=edge\r\n\r\n'
    b"--edge\r\nContent-Type: application/dicom\r\n\r\nbegun"
)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return write_examination(tmp_path / "sent", 1)


@pytest.fixture
def trust(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server and of its clients."""
    authority = Authority(tmp_path)
    server = tls_context(*authority.issue("server"), None)
    assert server is not None
    return server, ssl.create_default_context(cafile=authority.certificate)


@pytest.fixture
def post(paths: list[Path]) -> Callable[..., int]:
    """Return a function that sends an image by STOW-RS from an address and returns the status."""

    def post(server: StowServer, address: str, context: ssl.SSLContext | None = None) -> int:
        secure = {} if context is None else {"context": context}
        kind = http.client.HTTPConnection if context is None else http.client.HTTPSConnection
        with contextlib.closing(
            kind("127.0.0.1", server.port, timeout=60, source_address=(address, 0), **secure)
        ) as connection:
            part = b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + paths[0].read_bytes() + b"\r\n--edge--"
            header = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=edge'}
            connection.request("POST", "/studies", part, header)
            return connection.getresponse().status

    return post


@contextlib.contextmanager
def gone_afterwards(server: Listener | StowServer) -> Iterator[None]:
    """Wait at the end until the server has noticed that all connections are closed."""
    yield
    wait_until(lambda: server.connections == 0)


def test_connections_that_say_nothing_take_the_listener_from_nobody_else(listening, paths):
    listener = listening(**PATIENT)
    with gone_afterwards(listener), flood(listener) as held:
        assert send(paths, listener.port, address=FLOODING) == [None, None]
        assert send(paths, listener.port, address=OTHER) == [SUCCESS, SUCCESS]
        assert all(map(is_open, held))
    assert send(paths, listener.port, address=FLOODING) == [SUCCESS, SUCCESS]
    assert listener.alive


def test_associations_that_say_nothing_more_take_the_listener_from_nobody_else(listening, paths):
    listener = listening(**PATIENT)
    with gone_afterwards(listener), contextlib.ExitStack() as held:
        answers = []
        for _ in range(4):
            connection = held.enter_context(socket.create_connection((FLOODING, listener.port), 60))
            connection.sendall(association_request())
            answers.append(connection.recv(10))
        assert [answer[0] for answer in answers[:2]] == [ACCEPTED, ACCEPTED]
        assert answers[2:] == [LIMIT_EXCEEDED] * 2
        assert listener.tally.away["connections"] == 2
        wait_until(lambda: listener.connections == 2)  # the rejected ones make room
        with flood(listener):
            assert send(paths, listener.port, address=OTHER) == [SUCCESS, SUCCESS]
    assert send(paths, listener.port, address=FLOODING) == [SUCCESS, SUCCESS]


def test_tls_handshakes_that_never_end_take_the_listener_from_nobody_else(listening, paths, trust):
    listener = listening(tls=trust[0], **PATIENT)
    with gone_afterwards(listener), flood(listener, b"\x16\x03") as held:
        assert send(paths, listener.port, tls=trust[1], address=FLOODING) == [None, None]
        assert send(paths, listener.port, tls=trust[1], address=OTHER) == [SUCCESS, SUCCESS]
        assert all(map(is_open, held))
    assert send(paths, listener.port, tls=trust[1], address=FLOODING) == [SUCCESS, SUCCESS]


def test_two_addresses_that_take_all_places_are_told_and_leave_none(listening, paths):
    listener = listening(**PATIENT)
    with gone_afterwards(listener), flood(listener, address=FLOODING), flood(listener, address=OTHER):
        assert listener.connections == 2 * PATIENT["connections"]
        assert send(paths, listener.port, address="127.0.0.3") == [None, None]


def test_whoever_says_nothing_is_cut_off_after_a_while(listening, stowing):
    for server in (listening(idle_s=0.3), stowing(idle_s=0.3)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            assert connection.recv(1) == b""
        wait_until(lambda server=server: server.connections == 0)


def test_a_tls_handshake_may_not_take_longer_than_the_time_for_silence(listening, stowing, trust):
    for server in (listening(tls=trust[0], idle_s=0.3), stowing(tls=trust[0], idle_s=0.3)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(b"\x16\x03")
            with contextlib.suppress(ConnectionError):
                while connection.recv(100):  # an alert may come before the end
                    pass
        wait_until(lambda server=server: server.connections == 0)


def test_connections_that_say_nothing_take_the_web_server_from_nobody_else(stowing, post):
    server = stowing(**PATIENT)
    with gone_afterwards(server), flood(server) as held:
        with pytest.raises(CUT_OFF):
            post(server, FLOODING)
        assert post(server, OTHER) == 200
        assert all(map(is_open, held))
    assert post(server, FLOODING) == 200


def test_requests_that_never_end_take_the_web_server_from_nobody_else(stowing, post):
    server = stowing(**PATIENT)
    with gone_afterwards(server), contextlib.ExitStack() as held:
        for _ in range(2):
            connection = held.enter_context(socket.create_connection((FLOODING, server.port), 60))
            connection.sendall(BEGUN_POST)
        wait_until(lambda: len(list(server.inbox.incoming.iterdir())) == 2)
        assert post(server, FLOODING) == 503
        assert post(server, OTHER) == 200
        assert server.tally.away["connections"] == 1
    wait_until(lambda: not list(server.inbox.incoming.iterdir()))
    assert post(server, FLOODING) == 200


def test_tls_handshakes_that_never_end_take_the_web_server_from_nobody_else(stowing, post, trust):
    server = stowing(tls=trust[0], **PATIENT)
    with gone_afterwards(server), flood(server, b"\x16\x03") as held:
        with pytest.raises(CUT_OFF):
            post(server, FLOODING, trust[1])
        assert post(server, OTHER, trust[1]) == 200
        assert all(map(is_open, held))
    assert post(server, FLOODING, trust[1]) == 200


def test_strangers_are_cut_off_before_they_say_anything(listening, stowing, trust):
    for start in (listening, stowing):
        for tls in (None, trust[0]):
            server = start(["*@10.1.2.3"], tls=tls, idle_s=600.0)
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
                assert connection.recv(1) == b""
            assert server.tally.away["address"] == 1
