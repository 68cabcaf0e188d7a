"""TLS with another implementation: DCMTK's storescp, and a web server."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydicom import dcmread
from support.certificates import Authority
from support.orthanc import find_program, free_port
from support.sample_files import write_mammogram

from MCDetect.dicom.pacs.client import echo, send
from MCDetect.dicom.pacs.nodes import Tls
from MCDetect.errors import MCDetectError


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="module")
def own_certificate(authority: Authority) -> tuple[Path, Path]:
    return authority.issue("mcdetect")


@pytest.fixture(scope="module")
def storescp(authority: Authority, tmp_path_factory) -> Iterator[tuple[int, Path]]:
    """Start storescp with TLS, which asks for our certificate; yield its port and the folder it stores in."""
    program = find_program("storescp")
    folder = tmp_path_factory.mktemp("stored")
    certificate, key = authority.issue("storescp")
    port = free_port()
    options = ["+tls", key, certificate, "+cf", authority.certificate, "--aetitle", "ORTHANC", "-od", folder, "+B"]
    process = subprocess.Popen([program, *map(str, options), str(port)], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port, folder
    process.kill()
    process.wait()


def test_an_object_is_sent_encrypted_byte_for_byte(storescp, node_for, authority, own_certificate, tmp_path):
    port, folder = storescp
    image = write_mammogram(tmp_path / "image.dcm")
    report = send([image], node_for(port, tls=Tls(authority.certificate, *own_certificate)))
    assert report.sent == (image,)
    (stored,) = folder.iterdir()
    assert dcmread(stored) == dcmread(image)
    assert stored.read_bytes().endswith(dcmread(image).PixelData)


def test_a_certificate_of_a_stranger_is_refused(storescp, node_for, stranger, own_certificate):
    with pytest.raises(MCDetectError) as failed:
        echo(node_for(storescp[0], tls=Tls(stranger.certificate, *own_certificate)))
    assert failed.value.code == "certificate-refused"


def test_a_certificate_for_another_computer_is_refused_unless_names_are_not_checked(
    node_for, authority, own_certificate, tmp_path
):
    program = find_program("storescp")
    certificate, key = authority.issue("elsewhere", address="192.0.2.1")
    port = free_port()
    options = ["+tls", str(key), str(certificate), "+cf", str(authority.certificate), "--aetitle", "ORTHANC"]
    process = subprocess.Popen([program, *options, "-od", str(tmp_path), str(port)], stderr=subprocess.DEVNULL)
    try:
        strict = Tls(authority.certificate, *own_certificate)
        for _ in range(100):
            with pytest.raises(MCDetectError) as failed:
                echo(node_for(port, tls=strict))
            if failed.value.code != "nothing-listens":
                break
            time.sleep(0.05)
        assert failed.value.code == "certificate-refused"
        assert echo(node_for(port, tls=Tls(authority.certificate, *own_certificate, check_host_name=False))) > 0
    finally:
        process.kill()
        process.wait()


def test_a_peer_that_wants_our_certificate_is_told(storescp, node_for, authority):
    with pytest.raises(MCDetectError) as failed:
        echo(node_for(storescp[0], tls=Tls(authority.certificate)))
    assert failed.value.code == "tls-failed"
    assert "certificate_file" in failed.value.hint


def test_an_unencrypted_connection_to_an_encrypted_port_is_told(storescp, node_for):
    with pytest.raises(MCDetectError) as failed:
        echo(node_for(storescp[0], timeout_s=2.0))
    assert failed.value.code == "connection-lost"
    assert "TLS" in failed.value.hint


def test_an_encrypted_connection_to_an_unencrypted_port_is_told(orthanc, node_for, authority):
    with pytest.raises(MCDetectError) as failed:
        echo(node_for(orthanc, tls=Tls(authority.certificate), timeout_s=2.0))
    assert failed.value.code in ("tls-failed", "timed-out")


def test_a_certificate_file_that_is_none_is_told(node_for, tmp_path):
    (tmp_path / "certificate.pem").write_text("hello")
    with pytest.raises(MCDetectError) as failed:
        echo(node_for(1, tls=Tls(tmp_path / "certificate.pem")))
    assert failed.value.code == "wrong-certificate"


def test_a_web_service_is_asked_encrypted_and_its_certificate_is_checked(web_node, authority, stranger):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("web"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{server.server_port}"
    try:
        assert echo(web_node(url, tls=Tls(authority.certificate))) > 0
        assert echo(web_node(url, tls=Tls(authority.certificate, check_host_name=False))) > 0
        with pytest.raises(MCDetectError) as failed:
            echo(web_node(url, tls=Tls(stranger.certificate)))
        assert failed.value.code == "certificate-refused"
    finally:
        server.shutdown()
        server.server_close()
