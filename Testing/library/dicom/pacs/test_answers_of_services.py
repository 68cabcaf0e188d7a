"""What DICOMweb services answer that is no acknowledgement, breaks off, or is damaged."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from support.certificates import Authority
from support.sample_files import write_mammogram

from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.client import echo, fetch, find_studies, send
from MCDetect.dicom.pacs.nodes import Tls
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.dicom.pacs.web_retrieving import list_by_web
from MCDetect.errors import MCDetectError, UsageError

JSON = "application/dicom+json"
PATIENT = StudyQuery(patient="SECRET-ID")
STORED = b'{"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2"]}}]}}'
NO_ROOM = b'{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [42752]}}]}}'
IN_XML = (
    b'<NativeDicomModel><DicomAttribute keyword="RetrieveURL" tag="00081190" vr="UR"><Value number="1">http://a/b'
    b"</Value></DicomAttribute></NativeDicomModel>"
)
Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def service(respond: Callable[[BaseHTTPRequestHandler, bytes], Answer]) -> Iterator[str]:
    """Listen as a web server; ``respond`` gets each request and its body. Yield its url."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

        def answer(self, sent: bytes) -> None:
            status, headers, body = respond(self, sent)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Transfer-Encoding" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def always(status: int, kind: str, body: bytes) -> Callable[[BaseHTTPRequestHandler, bytes], Answer]:
    return lambda *_: (status, {"Content-Type": kind} if kind else {}, body)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_mammogram(tmp_path / "image.dcm", np.zeros((64, 48), np.uint16))


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<html>Log in</html>"), ("", b"OK"), (JSON, b"{}"), (JSON, b"[1]"), (JSON, b'{"status": "ok"}')],
)
def test_a_page_is_no_acknowledgement(kind, body, image, web_node):
    with service(always(200, kind, body)) as url:
        for _ in range(2):  # nor is it remembered as one
            with pytest.raises(UsageError) as failed:
                send([image], web_node(url))
            assert failed.value.code == "no-dicomweb"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_an_object_is_not_sent_on_to_the_page_to_log_in(status, image, web_node):
    asked = []

    def respond(request, _):
        asked.append((request.command, request.path))
        if request.command == "POST" and request.path == "/studies":
            return status, {"Location": "/login", "Content-Type": "text/html"}, b""
        return 200, {"Content-Type": JSON}, b""

    with service(respond) as url, pytest.raises(UsageError) as failed:
        send([image], web_node(url))
    assert failed.value.code == "redirected"
    assert str(status) in failed.value.message
    assert asked == [("POST", "/studies")]


@pytest.mark.parametrize("kind", [JSON, f"{JSON}; charset=utf-8", "Application/JSON;charset=UTF-8"])
def test_a_failure_is_read_whatever_parameters_its_media_type_has(kind, image, web_node):
    with service(always(202, kind, NO_ROOM)) as url, pytest.raises(PassingError) as failed:
        send([image], web_node(url, attempts=1))
    assert failed.value.code == "no-room"


def test_a_failure_without_an_object_is_a_failure(image, web_node):
    with (
        service(always(202, JSON, NO_ROOM.replace(b"00081198", b"0008119A"))) as url,
        pytest.raises(PassingError) as failed,
    ):
        send([image], web_node(url, attempts=1))
    assert failed.value.code == "no-room"


@pytest.mark.parametrize(
    ("kind", "body"),
    [(JSON, STORED), (f"{JSON}; charset=utf-8", STORED), ("application/dicom+xml;charset=utf-8", IN_XML), ("", b"")],
)
def test_an_acknowledgement_is_taken_in_json_in_xml_and_without_words(kind, body, image, web_node):
    asked = []

    def respond(request, _):
        asked.append(request.headers["Accept"])
        return 200, {"Content-Type": kind} if kind else {}, body

    with service(respond) as url:
        assert send([image], web_node(url)).sent == (image,)
    assert asked[0].split(", ")[0] == JSON


def test_a_deflated_object_is_sent_inflated_where_the_user_asks_for_conversion(image, web_node):
    dataset = dcmread(image)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(image)
    taken = []

    def respond(_, sent):
        if DeflatedExplicitVRLittleEndian.encode() + b"\0" in sent or sent.count(b"1.2.840.10008.1.2.1.99"):
            return 415, {}, b""
        taken.append(sent)
        return 200, {}, b""

    with service(respond) as url:
        assert send([image], web_node(url), convert=True).sent == (image,)
    assert len(taken) == 1
    assert ExplicitVRLittleEndian.encode() in taken[0]
    assert dataset.PixelData in taken[0]


def of_objects(count: int) -> list[dict]:
    return [
        {
            "0020000D": {"vr": "UI", "Value": [f"1.2.{number}"]},
            "0020000E": {"vr": "UI", "Value": ["1.5"]},
            "00080018": {"vr": "UI", "Value": [f"1.2.{number}"]},
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("heeds_limit", [True, False])
@pytest.mark.parametrize("count", [0, 3, 200, 450])
def test_a_search_ends_with_a_service_that_heeds_no_offset_and_misses_nothing(count, heeds_limit, web_node):
    def respond(request, _):
        limit = int(parse_qs(urlsplit(request.path).query)["limit"][0])
        return 200, {"Content-Type": JSON}, json.dumps(of_objects(count)[: limit if heeds_limit else None]).encode()

    with service(respond) as url:
        assert len(find_studies(web_node(url), PATIENT)) == count
        assert len(list_by_web(web_node(url), "1.2")) == count


def test_answers_without_identifiers_are_passed_over(web_node):
    answers = of_objects(3)
    del answers[0]["00080018"], answers[1]["0020000E"]["Value"]
    with service(always(200, JSON, json.dumps(answers).encode())) as url:
        assert [item.sop_instance for item in list_by_web(web_node(url), "1.2")] == ["1.2.2"]


@pytest.mark.parametrize("encoding", [{"Transfer-Encoding": "chunked"}, {"Content-Encoding": "gzip"}])
def test_an_answer_that_breaks_off_may_pass(encoding, web_node):
    with (
        service(lambda *_: (200, {"Content-Type": JSON, **encoding}, b"ff\r\n[")) as url,
        pytest.raises(PassingError) as failed,
    ):
        find_studies(web_node(url), PATIENT)
    assert failed.value.code == "connection-lost"


@pytest.mark.parametrize(("kind", "code"), [("web", "certificate-refused"), ("dimse", "tls-failed")])
def test_a_server_that_ends_the_connection_while_encryption_is_agreed_on_may_do_better(
    kind, code, web_node, node_for, tmp_path
):
    tls = Tls(Authority(tmp_path).certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection:
                    connection.recv(100_000)

        threading.Thread(target=hang_up, daemon=True).start()
        node = web_node(f"https://127.0.0.1:{port}", tls=tls) if kind == "web" else node_for(port, tls=tls)
        with pytest.raises(PassingError) as failed:
            echo(node)
        server.shutdown(socket.SHUT_RDWR)
    assert failed.value.code == code


def related(body: bytes) -> Answer:
    kind = 'multipart/related; type="application/dicom"; boundary=here'
    return 200, {"Content-Type": kind}, b"--here\r\nContent-Type: application/dicom\r\n\r\n" + body + b"\r\n--here--"


def giving(images: list[Path], given: dict[str, Answer]) -> Callable[[BaseHTTPRequestHandler, bytes], Answer]:
    """Return the answers of a service of one study of these images, of which some are given otherwise."""
    headers = [dcmread(image) for image in images]
    keywords = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    listed = [{one[key].tag.json_key: one[key].to_json_dict(None, 0) for key in keywords} for one in headers]

    def respond(request, _):
        address = urlsplit(request.path)
        last = address.path.split("/")[-1]
        if last in ("studies", "instances"):
            is_first_page = parse_qs(address.query).get("offset", ["0"]) == ["0"]
            return 200, {"Content-Type": JSON}, json.dumps(listed if is_first_page else []).encode()
        whole = {header.SOPInstanceUID: image for header, image in zip(headers, images, strict=True)}[last]
        return given.get(last) or related(whole.read_bytes())

    return respond


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: related(b"no DICOM at all"),
        lambda whole: related(whole[:60]),
        lambda whole: related(whole[:400]),
        lambda whole: (200, {"Content-Type": 'multipart/related; type="application/dicom"; boundary=here'}, b""),
    ],
)
def test_a_damaged_object_is_told_and_the_others_are_fetched(damage, tmp_path, web_node):
    images = [write_mammogram(tmp_path / f"{number}.dcm", np.full((64, 48), number, np.uint16)) for number in range(3)]
    study = dcmread(images[0]).StudyInstanceUID
    for image in images:
        dataset = dcmread(image)
        dataset.StudyInstanceUID = study
        dataset.save_as(image)
    broken = dcmread(images[1]).SOPInstanceUID
    with service(giving(images, {broken: damage(images[1].read_bytes())})) as url:
        report = fetch(web_node(url), PATIENT, tmp_path / "fetched")
    assert [failure.error.code for failure in report.failed] == ["damaged", "not-received"]
    assert {dcmread(path).SOPInstanceUID for path in report.written} == {
        dcmread(image).SOPInstanceUID for image in (images[0], images[2])
    }


def test_a_page_instead_of_an_object_is_not_called_damaged(image, tmp_path, web_node):
    page: Answer = 200, {"Content-Type": "text/html"}, b"<html>Log in</html>"
    with service(giving([image], {dcmread(image).SOPInstanceUID: page})) as url, pytest.raises(MCDetectError) as failed:
        fetch(web_node(url), PATIENT, tmp_path / "fetched")
    assert failed.value.code == "no-dicomweb"
