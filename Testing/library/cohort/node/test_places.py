from __future__ import annotations

import socket
import threading
from socketserver import BaseRequestHandler, TCPServer

import pytest
from support.waiting import wait_until

from MCDetect.cohort.node.admission import Limits
from MCDetect.cohort.node.places import CountedConnections, Places


def test_an_address_has_its_share_and_the_others_the_rest():
    places = Places(4, 2)
    assert [places.take(guest, "10.0.0.1") for guest in "abc"] == [True, True, False]
    assert [places.take(guest, "10.0.0.2") for guest in "de"] == [True, True]
    assert not places.take("f", "10.0.0.3")
    places.leave("c")  # it had none
    assert not places.take("f", "10.0.0.3")
    places.leave("a")
    places.leave("a")
    assert places.take("f", "10.0.0.3")
    assert len(places) == 4


@pytest.mark.parametrize("connections", [2, 3, 64])
def test_no_address_can_have_all_places(connections):
    for places in (Limits(connections=connections).places(), Limits(connections=connections).places_to_connect()):
        number = 0
        while places.take(number, "10.0.0.1"):
            number += 1
        assert places.take("another", "10.0.0.2")


def test_many_threads_take_no_more_places_than_there_are():
    places = Places(50, 50)
    given: list[bool] = []

    def take(thread: int) -> None:
        given.extend(places.take((thread, number), "10.0.0.1") for number in range(100))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(given) == len(places) == 50


def test_a_connection_for_which_there_is_no_thread_gives_its_place_back(monkeypatch):
    class Server(CountedConnections, TCPServer):
        places = Places(1, 1)

        def handle_error(self, request, client_address):
            failed.append(client_address)

    def no_thread(*_):
        raise RuntimeError("can't start new thread")

    failed: list[object] = []
    with Server(("127.0.0.1", 0), BaseRequestHandler) as server:
        monkeypatch.setattr("socketserver.ThreadingMixIn.process_request", no_thread)
        with socket.create_connection(server.server_address, timeout=60) as connection:
            server.handle_request()
            assert connection.recv(1) == b""
        assert (len(failed), len(server.places)) == (1, 0)
        monkeypatch.undo()
        with socket.create_connection(server.server_address, timeout=60) as connection:
            server.handle_request()
            assert connection.recv(1) == b""
        wait_until(lambda: len(server.places) == 0)
        assert len(failed) == 1
