from __future__ import annotations

import http.client
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML, CTImageStorage
from support.certificates import Authority
from support.cohorts import study_uid, write_examination
from support.waiting import wait_until

from MCDetect.cohort.node.encryption import tls_context
from MCDetect.cohort.node.receipt import (
    CANNOT_UNDERSTAND,
    MISMATCH,
    SOP_CLASS_NOT_SUPPORTED,
    TRANSFER_SYNTAX_NOT_SUPPORTED,
)
from MCDetect.cohort.node.stow import StowServer

DICOM = 'multipart/related; type="application/dicom"; boundary=edge'


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


def test_an_examination_sent_by_a_dicomweb_client_lies_in_the_inbox(stowing, tmp_path):
    server = stowing()
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


def test_a_file_arrives_byte_by_byte_as_it_was_and_once(stowing, tmp_path):
    server = stowing()
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    for _ in range(2):
        assert post(server, body(path.read_bytes())).status_code == 200
    assert [kept.read_bytes() for kept in images_in(tmp_path)] == [path.read_bytes()]
    assert server.tally.taken == [True, False]


def test_what_cannot_be_kept_does_not_cost_the_others_their_place(stowing, tmp_path):
    server = stowing()
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    other = dcmread(path)
    other.SOPClassUID = other.file_meta.MediaStorageSOPClassUID = CTImageStorage
    other.save_as(tmp_path / "ct.dcm")
    answer = post(server, body(b"no DICOM", (tmp_path / "ct.dcm").read_bytes(), path.read_bytes()))
    assert answer.status_code == 202
    assert reasons(answer) == [CANNOT_UNDERSTAND, SOP_CLASS_NOT_SUPPORTED]
    assert len(answer.json()["00081199"]["Value"]) == len(images_in(tmp_path)) == 1
    assert nothing_is_left(tmp_path)


def test_an_image_of_another_study_than_the_address_says_is_turned_away(stowing, tmp_path):
    server = stowing()
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
def test_garbage_is_answered_and_leaves_nothing(stowing, tmp_path, content, kind, status):
    server = stowing(image_bytes=4000)
    assert post(server, content, kind).status_code == status
    assert nothing_is_left(tmp_path)
    assert not server.tally.taken
    assert sum(server.tally.away.values()) == 1


def test_peers_with_a_title_only_may_not_send(stowing, tmp_path):
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    assert post(stowing(["MAMMO1@127.0.0.1"]), body(path.read_bytes())).status_code == 403
    assert not images_in(tmp_path)
    assert post(stowing(["*@127.0.0.1"]), body(path.read_bytes())).status_code == 200


def test_pixels_that_cannot_be_decoded_are_told_as_failed(stowing, tmp_path):
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    other = dcmread(path)
    other.file_meta.TransferSyntaxUID = MPEG2MPML
    other.PixelData = encapsulate([b"no film"])
    other["PixelData"].VR = "OB"
    other.save_as(tmp_path / "film.dcm", enforce_file_format=True)
    answer = post(stowing(), body((tmp_path / "film.dcm").read_bytes()))
    assert (answer.status_code, reasons(answer)) == (409, [TRANSFER_SYNTAX_NOT_SUPPORTED])
    assert not images_in(tmp_path)


def test_a_disk_that_is_nearly_full_takes_nothing_and_says_so(stowing, tmp_path):
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    assert post(stowing(free_bytes=2**62), body(path.read_bytes())).status_code == 503
    assert not images_in(tmp_path)


def test_a_body_without_a_length_is_stopped_when_the_disk_fills(stowing, tmp_path, monkeypatch):
    server = stowing(free_bytes=2**40)
    free = [2**41]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**50, 0, free[0]))
    statuses = []

    def chunks() -> Iterator[bytes]:
        yield body(b"begun")[: -len(b"\r\n--edge--")]
        wait_until(lambda: not nothing_is_left(tmp_path))
        free[0] = 2**39
        yield b"x" * 1000
        wait_until(lambda: nothing_is_left(tmp_path))  # before the body has ended
        statuses.append("stopped")
        yield b"\r\n--edge--"

    address = f"http://127.0.0.1:{server.port}/studies"
    answer = requests.post(address, data=chunks(), headers={"Content-Type": DICOM}, timeout=120)
    assert (answer.status_code, statuses) == (503, ["stopped"])
    assert server.tally.away["disk"] == 1


def test_a_broken_request_leaves_nothing_and_makes_room(stowing, tmp_path):
    server = stowing(connections=2)
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    slow = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    slow.putrequest("POST", "/studies")
    slow.putheader("Content-Type", DICOM)
    slow.putheader("Content-Length", "100000")
    slow.endheaders()
    slow.send(body(b"begun")[:-10])
    wait_until(lambda: not nothing_is_left(tmp_path))
    assert post(server, body(path.read_bytes())).status_code == 503
    slow.close()
    wait_until(lambda: nothing_is_left(tmp_path))
    assert post(server, body(path.read_bytes())).status_code == 200


def test_nothing_else_is_served(stowing):
    server = stowing()
    address = f"http://127.0.0.1:{server.port}"
    assert requests.get(f"{address}/studies", timeout=20).status_code == 405
    assert requests.get(f"{address}/", timeout=20).status_code == 404


def test_with_tls_the_client_trusts_the_certificate(stowing, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("node")
    server = stowing(tls=tls_context(certificate, key, None))
    path = write_examination(tmp_path / "sent", 1, images=1)[0]
    address = f"https://127.0.0.1:{server.port}/studies"
    send = {"data": body(path.read_bytes()), "headers": {"Content-Type": DICOM}, "timeout": 20}
    assert requests.post(address, verify=str(authority.certificate), **send).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(address, **send)
