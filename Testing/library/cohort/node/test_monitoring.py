"""Health and metrics: where they are shown, and to how many."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.waiting import wait_until

from MCDetect.cohort.node import service
from MCDetect.cohort.node.monitoring import Metrics, MonitoringServer
from MCDetect.commands import serve
from MCDetect.errors import UsageError

HEALTHY = {"status": "ok", "reasons": []}


@pytest.fixture
def monitoring() -> Iterator[Callable[..., MonitoringServer]]:
    """Return a function that starts a server on an address."""
    started = []

    def start(host: str = "127.0.0.1", health: Callable[[], dict[str, Any]] = lambda: HEALTHY) -> MonitoringServer:
        metrics = Metrics()
        started.append(
            MonitoringServer((host, 0), metrics, health, lambda: metrics.states({"done": 2}, 1, 3, away=True))
        )
        return started[-1]

    yield start
    for server in started:
        server.close()


def get(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}", timeout=60) as answer:
        return answer.read().decode()


def test_a_prometheus_reads_how_many_examinations_there_are_and_wait_to_be_sent(monitoring):
    text = get(f"127.0.0.1:{monitoring().port}/metrics")
    assert 'mcdetect_examinations{state="done"} 2.0' in text
    assert "mcdetect_undelivered 1.0" in text
    assert "mcdetect_given_up 3.0" in text
    assert "mcdetect_destination_away 1.0" in text


def test_a_watchdog_hears_what_is_wrong(monitoring):
    assert json.loads(get(f"127.0.0.1:{monitoring().port}/health")) == HEALTHY
    server = monitoring(health=lambda: {"status": "failing", "reasons": ["No worker is running."]})
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"127.0.0.1:{server.port}/health")
    assert caught.value.code == 503
    assert json.loads(caught.value.read())["reasons"] == ["No worker is running."]


def test_a_watchdog_hears_that_the_state_cannot_be_told(monitoring):
    def health() -> dict[str, Any]:
        raise OSError("the disk is gone")

    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"127.0.0.1:{monitoring(health=health).port}/health")
    assert caught.value.code == 500


def test_it_is_shown_on_the_address_that_was_given_and_on_no_other(monitoring):
    try:
        server = monitoring("127.0.0.2")
    except UsageError:
        pytest.skip("this computer has one address of loopback")
    assert "mcdetect_" in get(f"127.0.0.2:{server.port}/metrics")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.port), timeout=60):
        pass


def test_it_is_shown_on_an_address_of_ip_version_6(monitoring):
    try:
        server = monitoring("::1")
    except UsageError:
        pytest.skip("this computer has no address ::1")
    assert "mcdetect_" in get(f"[::1]:{server.port}/metrics")


def test_an_address_of_another_computer_is_told(monitoring):
    with pytest.raises(UsageError, match=r"192\.0\.2\.1 cannot be opened") as caught:
        monitoring("192.0.2.1")
    assert "--metrics-host" in caught.value.hint


def test_connections_that_say_nothing_are_so_many_and_no_more(monitoring):
    server = monitoring()
    with ExitStack() as held:
        connections = [
            held.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60)) for _ in range(9)
        ]
        assert connections[8].recv(1) == b""  # the ninth of an address is cut off

    def answers() -> bool:
        try:
            return "mcdetect_" in get(f"127.0.0.1:{server.port}/metrics")
        except OSError:
            return False

    wait_until(answers)


@pytest.mark.parametrize(
    ("words", "shown"),
    [([], ("127.0.0.1", 9114)), (["--metrics-host", "0.0.0.0", "--metrics-port", "9200"], ("0.0.0.0", 9200))],
)
def test_only_this_computer_sees_them_unless_another_address_is_given(monkeypatch, tmp_path, words, shown):
    asked: list[service.Service] = []
    monkeypatch.setattr(service, "serve", lambda wanted, stop, tell: asked.append(wanted))
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    serve.run(parser.parse_args(["--output", str(Path(tmp_path)), *words]))
    assert [one.monitoring for one in asked] == [shown]
