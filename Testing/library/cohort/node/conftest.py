from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pynetdicom._config
import pytest
from support.tally import Tally

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node.admission import AllowList, Limits, Peer
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.node.listener import Listener
from MCDetect.cohort.node.stow import StowServer


@pytest.fixture
def manifest(tmp_path: Path) -> Iterator[Manifest]:
    """Make the folder of a node, with an empty manifest."""
    (tmp_path / "node").mkdir()
    with Manifest(tmp_path / "node") as made:
        yield made


@pytest.fixture
def starting(tmp_path: Path, manifest: Manifest) -> Iterator[Callable[..., Listener | StowServer]]:
    """Return a function that starts a server of a class with an inbox."""
    started: list[Listener | StowServer] = []

    def start(
        kind: type[Listener | StowServer],
        *title: str,
        peers: tuple[str, ...] = (),
        tls: ssl.SSLContext | None = None,
        **limits: float,
    ) -> Listener | StowServer:
        inbox = Inbox(tmp_path / "node", manifest, views=2, wait_s=60)
        made = kind(
            ("127.0.0.1", 0),
            *title,
            inbox,
            allowed=AllowList(map(Peer.parse, peers)),
            limits=Limits(**{"free_bytes": 0, "idle_s": 5.0, **limits}),
            told=(tally := Tally()),
            tls=tls,
        )
        made.tally, made.manifest, made.inbox = tally, manifest, inbox
        started.append(made)
        return made

    yield start
    for server in started:
        server.close()


@pytest.fixture
def listening(starting: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Listener]:
    """Return a function that starts a listener."""
    for name in ("STORE_RECV_CHUNKED_DATASET", "LOG_HANDLER_LEVEL"):
        monkeypatch.setattr(pynetdicom._config, name, getattr(pynetdicom._config, name))
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)

    def start(peers: tuple[str, ...] = (), tls: ssl.SSLContext | None = None, **limits: float) -> Listener:
        return starting(Listener, "MCDETECT", peers=peers, tls=tls, **limits)

    return start


@pytest.fixture
def stowing(starting: Callable[..., StowServer]) -> Callable[..., StowServer]:
    """Return a function that starts a server of STOW-RS."""

    def start(peers: tuple[str, ...] = (), tls: ssl.SSLContext | None = None, **limits: float) -> StowServer:
        return starting(StowServer, peers=peers, tls=tls, **limits)

    return start
