from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.random_findings import findings

from MCDetect.findings import Refusal
from MCDetect.inference.worker import messages
from MCDetect.inference.worker.lines import from_line, to_line

PLAIN = [
    messages.Detect(1, ("/a/b c.dcm", "/ä\n.dcm", "/undecodable\udcff.dcm"), 0.07, 0.1),
    messages.Detect(2, ()),
    messages.MapProbability(3, "/a.dcm", "/b.npy", None),
    messages.Shutdown(),
    messages.Ready("1.0", "cpu", "default", "ab" * 32, {"balanced": 0.1}, "balanced", 1.5, 42),
    messages.Note("Out of memory: working on the CPU."),
    messages.ViewProgress(1, 0, 4, "/a.dcm", "judging patches", 0.5, 0.125, None),
    messages.ViewRefused(1, 0, 1, "/a.dcm", Refusal("/a.dcm", "not-dicom", "It is not DICOM.", "Give DICOM.")),
    messages.MapDone(3, "/a.dcm", "/b.npy", 3328, 2560, 2.0),
    messages.Finished(1, 3, 1, 4.0),
    messages.Failed(None, "worker-died", "It died.", "Try again.", "line\nline"),
    messages.Cancelled(7),
]


@pytest.mark.parametrize("item", PLAIN, ids=lambda item: type(item).__name__)
def test_a_line_says_what_was_put_into_it(item):
    line = to_line(item)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert from_line(line) == item


@settings(max_examples=20)
@given(findings, st.booleans())
def test_findings_arrive_as_they_were_sent(document, remembered):
    for image in document.images:
        item = messages.ViewDone(1, 0, 1, "/a.dcm", image, document.algorithm, 1.0, remembered)
        assert from_line(to_line(item)) == item


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"warning: something\n",
        b"[]\n",
        b"{}\n",
        b"\xff\xfe\n",
        b'{"kind": "Unknown"}\n',
        b'{"kind": ["Ready"]}\n',
        b'{"kind": "Finished", "request": 1}\n',
        b'{"kind": "Finished", "request": 1, "done": 1, "refused": 0, "seconds": 1, "more": 1}\n',
        b'{"kind": "ViewDone", "image": 3}\n',
        b'{"kind": "ViewDone", "image": {"schema_version": "1.1"}}\n',
        b'{"kind": "ViewRefused", "request": 1, "index": 0, "total": 1, "source": "", "refusal": 3}\n',
    ],
)
def test_anything_else_is_refused(line):
    with pytest.raises(ValueError, match=r".*"):
        from_line(line)
