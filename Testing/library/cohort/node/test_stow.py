from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from pydicom.uid import CTImageStorage
from support.certificates import Authority
from support.cohorts import study_uid, write_examination
from support.tally import Tally

from MCDetect.cohort.manifest import Manifest
from MCDetect.cohort.node.admission import AllowList, Limits, Peer
from MCDetect.cohort.node.inbox import Inbox
from MCDetect.cohort.node.receipt import CANNOT_UNDERSTAND, MISMATCH, SOP_CLASS_NOT_SUPPORTED
from MCDetect.cohort.node.service import tls_context
from MCDetect.cohort.node.stow import StowServer

DICOM = 'multipart/related; type="application/dicom"; boundary=edge'


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Callable[..., StowServer]]:
    """Return a function that starts a server with an inbox."""
    folder = tmp_path / "node"
    folder.mkdir()
    started: list[StowServer] = []
    with Manifest(folder) as manifest:

        def start(peers=(), tls=None, **limits) -> StowServer:
            made = StowServer(
                ("127.0.0.1", 0),
                Inbox(folder, manifest, views=2, wait_s=60),
                allowed=AllowList(map(Peer.parse, peers)),
                limits=Limits(**{"free_bytes": 0, "idle_s": 5.0, **limits}),
                told=(tally := Tally()),
                tls=tls,
            )
            made.tally, made.manifest = tally, manifest
            started.append(made)
            return made

        yield start
        for server in started:
            server.close()


def images_in(folder: Path) -> list[Path]:
    return list((folder / "node" / "inbox").rglob("*.dcm"))


def nothing_is_left(folder: Path) -> bool:
    return not list((folder / "node" / "incoming").iterdir())


def client(server: StowServer) -> DICOMwebClient:
    return DICOMwebClient(f"http://127.0.0.1:{server.port}")


def body(*parts: bytes) -> bytes:
    return (
        b"".join(b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts) + b"--edge--"
    )


def post(server: StowServer, content: bytes, kind: str = DICOM, path: str = "/studies") -> requests.Response:
    address = f"http://127.0.0.1:{server.port}{path}"
    return requests.post(address, data=content, headers={"Content-Type": kind}, timeout=20)


def reasons(answer: requests.Response) -> list[int]:
    return [item["00081197"]["Value"][0] for item in answer.json()["00081198"]["Value"]]


def test_an_examination_sent_by_a_dicomweb_client_lies_in_the_inbox(node, tmp_path):
    server = node()
    paths = write_examination(tmp_path / "sent", 1)
    datasets = [dcmread(path) for path in paths]
    answer = client(server).store_instances(datasets, study_instance_uid=study_uid(1))
    stored = [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence]
    assert stored == [dataset.SOPInstanceUID for dataset in datasets]
    kept = sorted(images_in(tmp_path), key=lambda path: dcmread(path).ImageLaterality, reverse=True)
    assert [dcmread(path).PixelData for path in kept] == [dataset.PixelData for dataset in datasets]
    assert server.tally.taken == [True, True]
    assert server.manifest.counts() == {"waiting": 1}
    assert nothing_is_left(tmp_path)


def test_a_file_arrives_byte_by_byte_as_it_was_and_once(node, tmp_path):
    server = node()
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    for _ in range(2):
        assert post(server, body(path.read_bytes())).status_code == 200
    assert [kept.read_bytes() for kept in images_in(tmp_path)] == [path.read_bytes()]
    assert server.tally.taken == [True, False]


def test_what_cannot_be_kept_does_not_cost_the_others_their_place(node, tmp_path):
    server = node()
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    other = dcmread(path)
    other.SOPClassUID = other.file_meta.MediaStorageSOPClassUID = CTImageStorage
    other.save_as(tmp_path / "ct.dcm")
    answer = post(server, body(b"no DICOM", (tmp_path / "ct.dcm").read_bytes(), path.read_bytes()))
    assert answer.status_code == 202
    assert reasons(answer) == [CANNOT_UNDERSTAND, SOP_CLASS_NOT_SUPPORTED]
    assert len(answer.json()["00081199"]["Value"]) == len(images_in(tmp_path)) == 1
    assert nothing_is_left(tmp_path)


def test_an_image_of_another_study_than_the_address_says_is_turned_away(node, tmp_path):
    server = node()
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    answer = post(server, body(path.read_bytes()), path=f"/studies/{study_uid(2)}")
    assert (answer.status_code, reasons(answer)) == (409, [MISMATCH])
    assert not images_in(tmp_path)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", DICOM, 400),
        (b"no parts at all", DICOM, 400),
        (b"--edge\r\nContent-Type: application/dicom\r\n\r\ncut short", DICOM, 400),
        (b"--edge--", DICOM, 400),
        (b"{}", "application/json", 415),
        (body(b""), "multipart/form-data; boundary=edge", 415),
        (body(b""), 'multipart/related; type="application/dicom"', 400),
        (body(*[b"x"] * 65), DICOM, 413),
        (body(b"x" * 5000), DICOM, 413),
    ],
)
def test_garbage_is_answered_and_leaves_nothing(node, tmp_path, content, kind, status):
    server = node(image_bytes=4000)
    assert post(server, content, kind).status_code == status
    assert nothing_is_left(tmp_path)
    assert not server.tally.taken
    assert sum(server.tally.away.values()) == 1


def test_strangers_and_peers_with_a_title_only_may_not_send(node, tmp_path):
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    for peers in (["*@10.0.0.1"], ["MAMMO1@127.0.0.1"]):
        assert post(node(peers), body(path.read_bytes())).status_code == 403
    assert not images_in(tmp_path)
    assert post(node(["*@127.0.0.1"]), body(path.read_bytes())).status_code == 200


def test_a_disk_that_is_nearly_full_takes_nothing_and_says_so(node, tmp_path):
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    assert post(node(free_bytes=2**62), body(path.read_bytes())).status_code == 503
    assert not images_in(tmp_path)


def test_only_so_many_requests_are_open_at_once_and_a_broken_one_makes_room(node, tmp_path):
    server = node(connections=1)
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    slow = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    slow.putrequest("POST", "/studies")
    slow.putheader("Content-Type", DICOM)
    slow.putheader("Content-Length", "100000")
    slow.endheaders()
    slow.send(body(b"begun")[:-10])
    for _ in range(200):  # until its first part lies on the disk
        if not nothing_is_left(tmp_path):
            break
        time.sleep(0.02)
    assert post(server, body(path.read_bytes())).status_code == 503
    slow.close()
    for _ in range(200):
        if nothing_is_left(tmp_path):
            break
        time.sleep(0.02)
    assert post(server, body(path.read_bytes())).status_code == 200


def test_nothing_else_is_served(node):
    server = node()
    address = f"http://127.0.0.1:{server.port}"
    assert requests.get(f"{address}/studies", timeout=20).status_code == 405
    assert requests.get(f"{address}/", timeout=20).status_code == 404


def test_with_tls_the_client_trusts_the_certificate(node, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("node")
    server = node(tls=tls_context(certificate, key, None))
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    address = f"https://127.0.0.1:{server.port}/studies"
    send = {"data": body(path.read_bytes()), "headers": {"Content-Type": DICOM}, "timeout": 20}
    assert requests.post(address, verify=str(authority.certificate), **send).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(address, **send)
