"""A DICOMweb service that lists objects which it does not give any more."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydicom import dcmread
from support.cohorts import study_uid, write_examination

from MCDetect.dicom.pacs.client import fetch
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.errors import UsageError

PATIENT = StudyQuery(patient="SECRET-ID")


@pytest.fixture
def service(tmp_path):
    """Yield a DICOMweb service of two examinations of two images: its url, and what it answers about an object."""
    files = [file for number in (1, 2) for file in write_examination(tmp_path / "sent" / str(number), number)]
    headers = [dcmread(file, stop_before_pixels=True) for file in files]
    answers: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = self.path.partition("?")[0].strip("/").split("/")
            if "offset=0" not in self.path and "offset" in self.path:
                self.answer(200, listed([]))  # there is one page
            elif parts == ["studies"]:
                self.answer(200, listed([headers[0], headers[2]]))
            elif parts[-1] == "instances":
                self.answer(200, listed([header for header in headers if header.StudyInstanceUID == parts[1]]))
            else:
                file = next(f for f, h in zip(files, headers, strict=True) if h.SOPInstanceUID == parts[-1])
                status = answers.get(parts[-1], answers.get("every object", 200))
                body = b"--here\r\nContent-Type: application/dicom\r\n\r\n" + file.read_bytes() + b"\r\n--here--"
                self.answer(status, body, 'multipart/related; type="application/dicom"; boundary=here')

        def answer(self, status: int, body: bytes, kind: str = "application/dicom+json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", [str(header.SOPInstanceUID) for header in headers], answers
    server.shutdown()
    server.server_close()


def listed(headers) -> bytes:
    keywords = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    return json.dumps(
        [{header[key].tag.json_key: header[key].to_json_dict(None, 0) for key in keywords} for header in headers]
    ).encode()


def studies_in(folder: Path) -> list[str]:
    return sorted(str(dcmread(file, stop_before_pixels=True).StudyInstanceUID) for file in folder.rglob("*.dcm"))


@pytest.mark.parametrize("status", [404, 410])
def test_an_object_that_was_deleted_is_told_and_all_others_come(service, web_node, status, tmp_path):
    url, objects, answers = service
    answers[objects[0]] = status
    report = fetch(web_node(url), PATIENT, tmp_path / "fetched")
    assert studies_in(tmp_path / "fetched") == sorted([study_uid(1), study_uid(2), study_uid(2)])
    assert [failure.error.code for failure in report.failed] == ["no-such-object", "not-received"]
    assert f"({status})" in report.failed[0].error.message


def test_a_service_that_gives_no_object_at_all_is_told_with_what_to_ask(service, web_node, tmp_path):
    url, _, answers = service
    answers["every object"] = 404
    report = fetch(web_node(url), PATIENT, tmp_path / "fetched")
    assert (report.written, report.known) == ((), ())
    assert "WADO-RS" in report.failed[0].error.hint


def test_an_object_that_our_user_may_not_have_still_ends_the_fetch(service, web_node, tmp_path):
    url, objects, answers = service
    answers[objects[0]] = 403
    with pytest.raises(UsageError) as refused:
        fetch(web_node(url), PATIENT, tmp_path / "fetched")
    assert refused.value.code == "not-authorised"
