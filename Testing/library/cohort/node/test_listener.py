from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import time
from pathlib import Path

import pytest
from pydicom.pixels import get_decoder
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation
from pynetdicom import AE
from support.certificates import Authority
from support.cohorts import study_uid, write_examination
from support.dicom_nodes import send
from support.waiting import wait_until

from MCDetect.cohort.node.admission import AllowList, Limits, Peer
from MCDetect.cohort.node.encryption import tls_context
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.node.listener import Listener
from MCDetect.cohort.node.receipt import MISMATCH, OUT_OF_RESOURCES, READABLE, SUCCESS
from MCDetect.errors import UsageError


def images_in(folder: Path) -> list[Path]:
    return list((folder / "node" / "inbox").rglob("*.dcm"))


def test_what_was_acknowledged_lies_on_the_disk_and_in_the_manifest(listening, tmp_path):
    listener = listening()
    paths = write_examination(tmp_path / "sent", 1)
    assert send(paths, listener.port) == [SUCCESS, SUCCESS]
    assert len(images_in(tmp_path)) == 2
    assert listener.manifest.counts() == {"waiting": 1}
    assert not list(listener.inbox.incoming.iterdir())
    listener.inbox.ripen()
    (examination,) = listener.manifest.pending(5)
    assert examination.study == study_uid(1)
    assert sorted(examination.files) == sorted(map(str, images_in(tmp_path)))


def test_the_same_image_sent_again_changes_nothing(listening, tmp_path):
    listener = listening()
    path = write_examination(tmp_path / "sent", 1, images=1)
    assert send(path * 3, listener.port) == [SUCCESS] * 3
    assert len(images_in(tmp_path)) == 1
    assert listener.tally.taken == [True, False, False]


def test_an_incomplete_examination_is_handed_on_after_a_while(listening, tmp_path):
    listener = listening()
    send(write_examination(tmp_path / "sent", 1, images=1), listener.port)
    listener.inbox.ripen()
    assert listener.manifest.counts() == {"waiting": 1}
    patient = Inbox(tmp_path / "node", listener.manifest, views=2, wait_s=0)
    patient.ripen()
    assert listener.manifest.counts() == {"pending": 1}


def test_an_image_without_a_valid_study_is_refused(listening, tmp_path):
    listener = listening()
    paths = write_examination(tmp_path / "sent", 1, images=1, StudyInstanceUID=None)
    assert send(paths, listener.port) == [MISMATCH]
    assert not images_in(tmp_path)


@pytest.mark.parametrize(("left", "status"), [(0.9, OUT_OF_RESOURCES), (0.4, None)])
def test_a_disk_without_room_refuses_before_it_is_full(listening, tmp_path, monkeypatch, left, status):
    listener = listening(free_bytes=2**40)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**50, 0, int(left * 2**40)))
    # A whole image can be refused with a status; one on its way is cut off when half of the room is used up.
    assert send(write_examination(tmp_path / "sent", 1, images=1), listener.port) == [status]
    wait_until(lambda: not list(listener.inbox.incoming.iterdir()))
    assert not images_in(tmp_path)


def test_strangers_are_turned_away_by_title_and_by_address(listening, tmp_path):
    paths = write_examination(tmp_path / "sent", 1, images=1)
    by_title = listening(("MAMMO1@127.0.0.0/8",))
    assert send(paths, by_title.port, calling="OTHER") == [None]
    assert send(paths, by_title.port, calling="MAMMO1") == [SUCCESS]
    assert send(paths, by_title.port, title="SOMEONE", calling="MAMMO1") == [None]
    by_address = listening(("*@10.1.2.0/24",))
    assert send(paths, by_address.port) == [None]
    assert by_address.tally.away["address"] == 1


def test_with_tls_only_peers_with_a_certificate_of_the_authority_are_heard(listening, tmp_path):
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    listener = listening(tls=tls_context(*authority.issue("node"), authority.certificate), idle_s=2.0)
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


def test_an_image_beyond_the_limit_is_cut_off_and_leaves_nothing(listening, tmp_path):
    listener = listening(image_bytes=100_000)
    assert send(write_examination(tmp_path / "sent", 1, images=1), listener.port) == [None]
    wait_until(lambda: not list(listener.inbox.incoming.iterdir()))
    assert not images_in(tmp_path)


def test_garbage_does_not_stop_it(listening, tmp_path):
    listener = listening(connections=2, idle_s=600.0)
    announces_four_gigabytes = b"\x01\x00\xff\xff\xff\xff" + b"x" * 1000
    for garbage in (
        os.urandom(5000),
        b"GET / HTTP/1.1\r\n\r\n",
        announces_four_gigabytes,
        b"\x04\x00\x00\x00\x00\x06",
        b"\x01",
        b"",
    ):
        with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as connection:
            wait_until(lambda: listener.connections == 1)  # it was accepted, or none of them would be waited for
            connection.sendall(garbage)
        wait_until(lambda: listener.connections == 0)  # none keeps its place
    assert not listener.tally.away["flood"]
    assert send(write_examination(tmp_path / "sent", 1), listener.port) == [SUCCESS, SUCCESS]
    assert listener.alive


def test_a_pdu_that_trickles_is_cut_off(listening):
    listener = listening(idle_s=600.0, pdu_s=0.3)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        connection.sendall(b"\x01\x00\x00\x00\x40\x00")  # an association request of 16 KiB
        connection.settimeout(0.02)
        trickled = 0
        while trickled < 16_000:
            try:
                connection.sendall(b"\x00")
                trickled += 1
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert trickled < 16_000
    wait_until(lambda: listener.connections == 0)


def test_only_pixels_that_can_be_decoded_are_accepted():
    encapsulated = [syntax for syntax in READABLE if syntax.is_encapsulated]
    assert len(encapsulated) == 12
    assert all(get_decoder(syntax).is_available for syntax in encapsulated)


@pytest.mark.parametrize("encrypted", [False, True])
def test_it_ends_at_once_though_senders_are_connected(listening, tmp_path, encrypted):
    authority = Authority(tmp_path)
    listener = listening(tls=tls_context(*authority.issue("node"), None) if encrypted else None, idle_s=600.0)
    entity = AE(ae_title="MAMMO")
    entity.add_requested_context(DigitalMammographyXRayImageStorageForPresentation)
    tls = (ssl.create_default_context(cafile=authority.certificate), "127.0.0.1") if encrypted else None
    association = entity.associate("127.0.0.1", listener.port, ae_title="MCDETECT", tls_args=tls)
    assert association.is_established
    listener.close()
    wait_until(lambda: listener.connections == 0)
    wait_until(lambda: not association.is_established)
    assert not listener.alive


def test_the_conformance_statement_lists_what_is_accepted(listening):
    listener = listening()
    text = (Path(__file__).parents[4] / "docs" / "dicom_conformance.md").read_text(encoding="utf-8")
    section = text[text.index("### The node") : text.index("## 7.")]
    named = {uid.replace("…", "1.2.840.10008.") for uid in re.findall(r"(?:…|1\.2\.840\.10008\.)[0-9.]*[0-9]", section)}
    contexts = listener._server.contexts
    assert len(contexts) == 2
    assert named == {uid for context in contexts for uid in (context.abstract_syntax, *context.transfer_syntax)}


def test_a_port_in_use_is_told(listening):
    first = listening()
    with pytest.raises(UsageError, match="cannot be opened"):
        Listener(("127.0.0.1", first.port), "X", first.inbox, allowed=AllowList(), limits=Limits(), told=first.tally)


@pytest.mark.parametrize("title", ["A_TITLE_THAT_IS_TOO_LONG", "PÄCS", "P\\CS", ""])
def test_a_title_that_is_none_is_told(title, listening):
    first = listening()
    with pytest.raises(UsageError, match=r"AE title|not a text") as refused:
        Listener(("127.0.0.1", 0), title, first.inbox, allowed=AllowList(), limits=Limits(), told=first.tally)
    assert refused.value.code == "wrong-title"


def test_examinations_that_were_done_with_are_removed_after_their_time(listening, tmp_path):
    listener = listening()
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
