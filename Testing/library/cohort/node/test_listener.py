from __future__ import annotations

import os
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pynetdicom._config
import pytest
from support.certificates import Authority
from support.cohorts import study_uid, write_examination
from support.dicom_nodes import send
from support.tally import Tally

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node.admission import AllowList, Limits, Peer
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.node.listener import Listener
from MCDetect.cohort.node.receipt import MISMATCH, OUT_OF_RESOURCES, SUCCESS
from MCDetect.cohort.node.service import tls_context
from MCDetect.errors import UsageError


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Listener]]:
    """Return a function that starts a listener with an inbox."""
    for name in ("STORE_RECV_CHUNKED_DATASET", "LOG_HANDLER_LEVEL"):
        monkeypatch.setattr(pynetdicom._config, name, getattr(pynetdicom._config, name))
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    folder = tmp_path / "node"
    folder.mkdir()
    started: list[Listener] = []
    with Manifest(folder) as manifest:

        def start(peers: tuple[str, ...] = (), tls: ssl.SSLContext | None = None, **limits: float) -> Listener:
            inbox = Inbox(folder, manifest, views=2, wait_s=60)
            values = {"free_bytes": 0, "idle_s": 5.0, **limits}
            allowed = AllowList(map(Peer.parse, peers))
            tally = Tally()
            made = Listener(
                ("127.0.0.1", 0), "MCDETECT", inbox, allowed=allowed, limits=Limits(**values), told=tally, tls=tls
            )
            made.tally, made.manifest, made.inbox = tally, manifest, inbox
            started.append(made)
            return made

        yield start
        for listener in started:
            listener.close()


def images_in(folder: Path) -> list[Path]:
    return list((folder / "node" / "inbox").rglob("*.dcm"))


def test_what_was_acknowledged_lies_on_the_disk_and_in_the_manifest(node, tmp_path):
    listener = node()
    paths = write_examination(tmp_path / "sent", 1)
    assert send(paths, listener.port) == [SUCCESS, SUCCESS]
    assert len(images_in(tmp_path)) == 2
    assert listener.manifest.counts() == {"waiting": 1}
    assert not list(listener.inbox.incoming.iterdir())
    listener.inbox.ripen()
    (examination,) = listener.manifest.pending(5)
    assert examination.study == study_uid(1)
    assert sorted(examination.files) == sorted(map(str, images_in(tmp_path)))


def test_the_same_image_sent_again_changes_nothing(node, tmp_path):
    listener = node()
    path = write_examination(tmp_path / "sent", 1, images=1)
    assert send(path * 3, listener.port) == [SUCCESS] * 3
    assert len(images_in(tmp_path)) == 1
    assert listener.tally.taken == [True, False, False]


def test_an_incomplete_examination_is_handed_on_after_a_while(node, tmp_path):
    listener = node()
    send(write_examination(tmp_path / "sent", 1, images=1), listener.port)
    listener.inbox.ripen()
    assert listener.manifest.counts() == {"waiting": 1}
    patient = Inbox(tmp_path / "node", listener.manifest, views=2, wait_s=0)
    patient.ripen()
    assert listener.manifest.counts() == {"pending": 1}


def test_an_image_without_a_valid_study_is_refused(node, tmp_path):
    listener = node()
    paths = write_examination(tmp_path / "sent", 1, images=1, StudyInstanceUID=None)
    assert send(paths, listener.port) == [MISMATCH]
    assert not images_in(tmp_path)


def test_a_disk_without_room_refuses_before_it_is_full(node, tmp_path):
    listener = node(free_bytes=1 << 60)
    assert send(write_examination(tmp_path / "sent", 1, images=1), listener.port) == [OUT_OF_RESOURCES]
    assert not images_in(tmp_path)
    assert not list(listener.inbox.incoming.iterdir())


def test_strangers_are_turned_away_by_title_and_by_address(node, tmp_path):
    paths = write_examination(tmp_path / "sent", 1, images=1)
    by_title = node(("MAMMO1@127.0.0.0/8",))
    assert send(paths, by_title.port, calling="OTHER") == [None]
    assert send(paths, by_title.port, calling="MAMMO1") == [SUCCESS]
    assert send(paths, by_title.port, title="SOMEONE", calling="MAMMO1") == [None]
    by_address = node(("*@10.1.2.0/24",))
    assert send(paths, by_address.port) == [None]
    assert by_address.tally.away["address"] == 1


def test_with_tls_only_peers_with_a_certificate_of_the_authority_are_heard(node, tmp_path):
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    listener = node(tls=tls_context(*authority.issue("node"), authority.certificate), idle_s=2.0)
    paths = write_examination(tmp_path / "sent", 1, images=1)

    def as_client(signed_by: Authority | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=authority.certificate)
        if signed_by is not None:
            context.load_cert_chain(*signed_by.issue("client"))
        return context

    assert send(paths, listener.port) == [None]  # not encrypted
    assert send(paths, listener.port, tls=as_client(None)) == [None]
    assert send(paths, listener.port, tls=as_client(stranger)) == [None]
    assert not images_in(tmp_path)
    assert send(paths, listener.port, tls=as_client(authority)) == [SUCCESS]
    assert listener.tally.away["tls"] >= 2


@pytest.mark.parametrize("given", [(None, "key", None), (None, None, "authority"), ("node", "authority", None)])
def test_certificates_that_do_not_fit_are_told(tmp_path, given):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("node")
    files = {"node": certificate, "key": key, "authority": authority.certificate, None: None}
    with pytest.raises(UsageError) as caught:
        tls_context(*(files[name] for name in given))
    assert caught.value.code == "wrong-certificate"


def test_an_image_beyond_the_limit_is_cut_off_and_leaves_nothing(node, tmp_path):
    listener = node(image_bytes=100_000)
    assert send(write_examination(tmp_path / "sent", 1, images=1), listener.port) == [None]
    time.sleep(0.5)
    assert not list(listener.inbox.incoming.iterdir())
    assert not images_in(tmp_path)


def test_garbage_and_floods_do_not_stop_it(node, tmp_path):
    listener = node(connections=2, connections_per_address=2, idle_s=2.0)
    announces_four_gigabytes = b"\x01\x00\xff\xff\xff\xff" + b"x" * 1000
    for garbage in (
        os.urandom(5000),
        b"GET / HTTP/1.1\r\n\r\n",
        announces_four_gigabytes,
        b"\x04\x00\x00\x00\x00\x06",
        b"",
    ):
        with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
            connection.sendall(garbage)
    held = [socket.create_connection(("127.0.0.1", listener.port), timeout=5) for _ in range(40)]
    deadline = time.monotonic() + 20
    while not listener.tally.away["flood"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert listener.tally.away["flood"]
    for connection in held:
        connection.close()
    paths = write_examination(tmp_path / "sent", 1)
    deadline = time.monotonic() + 60
    while (statuses := send(paths, listener.port)) != [SUCCESS, SUCCESS]:
        assert time.monotonic() < deadline, statuses
        time.sleep(0.2)
    assert listener.alive


def test_a_port_in_use_is_told(node):
    first = node()
    with pytest.raises(UsageError, match="cannot be opened"):
        Listener(("127.0.0.1", first.port), "X", first.inbox, allowed=AllowList(), limits=Limits(), told=first.tally)


def test_examinations_that_were_done_with_are_removed_after_their_time(node, tmp_path):
    listener = node()
    send(write_examination(tmp_path / "sent", 1), listener.port)
    assert listener.inbox.sweep(keep_s=0, now=time.time() + 10) == 0  # still waiting
    with listener.manifest.transaction() as database:
        database.execute("UPDATE examinations SET state = 'done'")
    assert listener.inbox.sweep(keep_s=3600) == 0
    assert listener.inbox.sweep(keep_s=0, now=time.time() + 10) == 1
    assert not images_in(tmp_path)
    assert listener.manifest.counts() == {}


@pytest.mark.parametrize("text", ["", "MAMMO", "@1.2.3.4", "A@nonsense", "A" * 17 + "@1.2.3.4"])
def test_a_wrong_peer_is_told(text):
    with pytest.raises(UsageError, match="TITLE@ADDRESS"):
        Peer.parse(text)
