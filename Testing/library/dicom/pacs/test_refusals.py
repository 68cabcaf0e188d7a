"""Peers that refuse, fail, or are not there: each gets one sentence that says what to do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)
from pynetdicom import AE, evt
from pynetdicom.acse import ACSE
from support.orthanc import free_port
from support.sample_files import write_mammogram

from MCDetect.dicom.pacs.client import echo, fetch, find_studies, send
from MCDetect.dicom.pacs.reports import SendReport, StudyQuery
from MCDetect.errors import MCDetectError

MAMMOGRAM = DigitalMammographyXRayImageStorageForPresentation


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_mammogram(tmp_path / "image.dcm")


@contextmanager
def peer(store: Callable[[evt.Event], int], syntaxes=(ExplicitVRLittleEndian,), sop_class=MAMMOGRAM) -> Iterator[int]:
    """Listen as a peer that answers each C-STORE as ``store`` says; yield its port."""
    entity = AE("ORTHANC")
    entity.add_supported_context(sop_class, list(syntaxes))
    port = free_port()
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    try:
        yield port
    finally:
        server.shutdown()


@contextmanager
def web_peer(*statuses: int, body: bytes = b"", kind: str = "application/dicom+json") -> Iterator[str]:
    """Listen as a web server that answers with these statuses, the last one from then on; yield its url."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    self.rfile.read(size + 2)
                self.rfile.readline()
            else:
                self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def only_error(report: SendReport) -> MCDetectError:
    assert not report.sent
    (failure,) = report.failed
    return failure.error


def test_nothing_listening_is_told(node_for, web_node):
    for node in (node_for(free_port(), attempts=1), web_node(f"http://127.0.0.1:{free_port()}")):
        with pytest.raises(MCDetectError) as failed:
            echo(node)
        assert failed.value.code == "nothing-listens"


def test_an_unknown_computer_is_told(node_for, web_node):
    for node in (node_for(104, host="no-such-host.invalid"), web_node("http://no-such-host.invalid")):
        with pytest.raises(MCDetectError) as failed:
            echo(node)
        assert failed.value.code == "no-such-host"


def test_a_peer_that_does_not_answer_is_told(node_for, web_node):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(MCDetectError) as failed:
            echo(node_for(port, timeout_s=0.3))
        assert failed.value.code == "connection-lost"
        with pytest.raises(MCDetectError) as failed:
            echo(web_node(f"http://127.0.0.1:{port}", timeout_s=0.3))
        assert failed.value.code == "timed-out"


def test_a_wrong_ae_title_is_told(orthanc, node_for):
    with pytest.raises(MCDetectError) as failed:
        echo(node_for(orthanc, ae_title="WRONG"))
    assert failed.value.code == "association-rejected"
    assert "AE title WRONG" in failed.value.message


def test_a_rejection_is_told_where_the_peer_closes_before_its_answer_was_looked_at(node_for, monkeypatch):
    """On a busy computer pynetdicom then says that it aborted, and forgets why."""
    rejection = bytes([3, 0, 0, 0, 0, 4, 0, 1, 1, 7])  # permanent, by the user, called AE title (PS3.8 9.3.4)
    send_request = ACSE.send_request

    def send_and_be_late(acse: ACSE) -> None:
        send_request(acse)
        closed.wait(10)
        time.sleep(0.5)

    closed = threading.Event()
    monkeypatch.setattr(ACSE, "send_request", send_and_be_late)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reject() -> None:
            with server.accept()[0] as connection:
                connection.recv(100_000)
                connection.sendall(rejection)
            closed.set()

        threading.Thread(target=reject, daemon=True).start()
        with pytest.raises(MCDetectError, match="does not answer to the AE title") as failed:
            echo(node_for(server.getsockname()[1]))
    assert failed.value.code == "association-rejected"


def test_an_ae_title_of_ours_that_is_not_known_is_told(node_for):
    entity = AE("ORTHANC")
    entity.add_supported_context("1.2.840.10008.1.1")
    entity.require_calling_aet = ["SOMEBODY"]
    port = free_port()
    server = entity.start_server(("127.0.0.1", port), block=False)
    with pytest.raises(MCDetectError) as failed:
        echo(node_for(port))
    server.shutdown()
    assert failed.value.code == "association-rejected"
    assert "MCDETECT" in failed.value.message


@pytest.mark.parametrize(("status", "code"), [(0xA700, "no-room"), (0xA900, "not-stored"), (0x0124, "not-stored")])
def test_a_failure_status_is_told_with_the_file(status, code, image, node_for):
    with peer(lambda _: status) as port:
        if code == "no-room":
            with pytest.raises(MCDetectError) as failed:
                send([image], node_for(port))
            error = failed.value
        else:
            error = only_error(send([image], node_for(port)))
    assert error.code == code
    assert str(image) in error.message
    assert f"{status:04X}" in error.message


def test_a_warning_status_is_told_and_the_object_is_stored(image, node_for):
    with peer(lambda _: 0xB000) as port:
        report = send([image], node_for(port))
    assert report.sent == (image,)
    assert "changed values" in report.notes[0]


def test_a_peer_that_is_full_for_a_moment_is_tried_again(image, node_for):
    statuses = [0xA700, 0xA700, 0x0000]
    with peer(lambda _: statuses.pop(0)) as port:
        assert send([image], node_for(port)).sent == (image,)
    assert not statuses


@pytest.fixture
def compressed(image: Path) -> Path:
    dataset = dcmread(image)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(image)
    return image


def test_a_transfer_syntax_that_is_not_accepted_is_named(compressed, node_for):
    with peer(lambda _: 0) as port:
        error = only_error(send([compressed], node_for(port)))
    assert error.code == "transfer-syntax-not-accepted"
    assert "RLE Lossless" in error.message
    assert "--convert" in error.hint


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_an_image_is_converted_without_loss_if_the_user_asks(syntax, compressed, node_for):
    received = []

    def store(event: evt.Event) -> int:
        received.append(event.dataset)
        received[-1].file_meta = event.file_meta
        return 0

    with peer(store, (syntax,)) as port:
        assert send([compressed], node_for(port), convert=True).sent == (compressed,)
    (dataset,) = received
    original = dcmread(compressed)
    assert dataset.SOPInstanceUID == original.SOPInstanceUID
    assert (dataset.pixel_array == original.pixel_array).all()
    assert dataset.file_meta.TransferSyntaxUID == syntax
    for element in original:
        if element.keyword != "PixelData":
            assert dataset[element.tag].value == element.value


def test_an_uncompressed_image_is_not_re_encoded_unless_the_user_asks(image, node_for):
    with peer(lambda _: 0, (ImplicitVRLittleEndian,)) as port:
        assert only_error(send([image], node_for(port))).code == "transfer-syntax-not-accepted"
        assert send([image], node_for(port), convert=True).sent == (image,)


def test_a_lossy_image_is_never_converted(image, node_for):
    dataset = dcmread(image)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([b"\xff\xd8 not decoded here \xff\xd9"])
    dataset.save_as(image)
    with peer(lambda _: 0) as port:
        error = only_error(send([image], node_for(port), convert=True))
    assert error.code == "transfer-syntax-not-accepted"
    assert "--convert" not in error.hint


def test_a_sop_class_that_is_not_accepted_is_named(image, node_for):
    with peer(lambda _: 0, sop_class="1.2.840.10008.5.1.4.1.1.2") as port:
        error = only_error(send([image], node_for(port)))
    assert error.code == "sop-class-not-accepted"
    assert "Mammography" in error.message


def test_a_peer_without_storage_commitment_is_told(image, node_for):
    with peer(lambda _: 0) as port:
        report = send([image], node_for(port, storage_commitment=True))
    assert report.sent == (image,)
    assert not report.committed
    assert "does not offer storage commitment" in report.notes[0]


def test_a_peer_without_queries_is_told(node_for, tmp_path):
    with peer(lambda _: 0) as port, pytest.raises(MCDetectError) as failed:
        fetch(node_for(port), StudyQuery(patient="A"), tmp_path / "fetched")
    assert failed.value.code == "cannot-query"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "not-authenticated"), (403, "not-authorised"), (404, "no-such-service"), (503, "server-failed")],
)
def test_an_http_failure_of_the_whole_service_is_told(status, code, image, web_node):
    with web_peer(status) as url:
        node = web_node(url)
        for call in (
            lambda: echo(node),
            lambda: send([image], node),
            lambda: find_studies(node, StudyQuery(patient="A")),
        ):
            with pytest.raises(MCDetectError) as failed:
                call()
            assert failed.value.code == code
            assert str(status) in failed.value.message


@pytest.mark.parametrize(("status", "code"), [(413, "too-large"), (400, "not-stored"), (415, "not-stored")])
def test_an_http_failure_of_one_object_is_told_with_its_file(status, code, image, web_node):
    with web_peer(status) as url:
        error = only_error(send([image], web_node(url)))
    assert error.code == code
    assert str(image) in error.message


def test_a_reason_that_a_web_service_gives_is_told(image, web_node):
    body = b'{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [43264]}}]}}'
    with web_peer(409, body=body) as url:
        error = only_error(send([image], web_node(url)))
    assert error.code == "not-stored"
    assert "A900" in error.message


def test_a_web_service_that_fails_for_a_moment_is_tried_again(image, web_node):
    with web_peer(500, 503, 200) as url:
        assert send([image], web_node(url)).sent == (image,)


def test_a_web_server_that_is_no_dicomweb_is_told(web_node):
    with web_peer(200, body=b"<html>Welcome</html>", kind="text/html") as url, pytest.raises(MCDetectError) as failed:
        find_studies(web_node(url), StudyQuery(patient="A"))
    assert failed.value.code == "no-dicomweb"


def test_a_port_that_is_in_use_is_told(orthanc, node_for, tmp_path, image):
    send([image], node_for(orthanc))
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        node = node_for(orthanc, retrieve="move", listen_port=other.getsockname()[1])
        with pytest.raises(MCDetectError) as failed:
            fetch(node, StudyQuery(patient="SECRET-ID"), tmp_path / "fetched")
    assert failed.value.code == "cannot-listen"


def test_a_move_to_an_ae_title_that_the_peer_does_not_know_is_told(orthanc, node_for, tmp_path, image):
    send([image], node_for(orthanc))
    node = node_for(orthanc, retrieve="move", calling_ae_title="STRANGER")
    with pytest.raises(MCDetectError) as failed:
        fetch(node, StudyQuery(patient="SECRET-ID"), tmp_path / "fetched")
    assert failed.value.code in ("unknown-destination", "cannot-retrieve")
