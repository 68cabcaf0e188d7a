"""Cuts: the PACS is killed, the sender is killed, the journal is torn, no disk. Nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid
from support.orthanc import Orthanc
from support.sample_files import write_mammogram

from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.pacs.journal import Journal, journal_path

COUNT = 24


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Return a folder with many images."""
    folder = tmp_path_factory.mktemp("many")
    dataset = dcmread(write_mammogram(folder / "image0.dcm"))
    for number in range(1, COUNT):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(number)])
        dataset.save_as(folder / f"image{number}.dcm")
    return folder


def identifiers(folder: Path) -> list[str]:
    return sorted(dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in folder.glob("*.dcm"))


@pytest.mark.parametrize("protocol", ["dimse", "web"])
def test_a_pacs_killed_in_the_middle_of_a_send_and_started_again_has_everything_once(
    protocol, many, tmp_path, node_for, web_node
):
    server = Orthanc(tmp_path / "orthanc").start()
    make = node_for if protocol == "dimse" else web_node
    node = make(server, attempts=20)
    killed = []

    def tell(progress):
        if progress.stage == "sending" and progress.done in (5, 15) and progress.done not in killed:
            killed.append(progress.done)
            # A moment later, while the next objects are on their way.
            threading.Timer(0.03, lambda: (server.kill(), server.start())).start()

    try:
        report = send([many], node, tell=tell)
        assert killed == [5, 15]
        assert len(report.sent) == COUNT
        assert not report.failed
        while True:  # a killed server may still be starting
            try:
                assert server.instances() == identifiers(many)
                break
            except OSError:
                time.sleep(0.1)
    finally:
        server.kill()


def test_a_send_that_is_killed_goes_on_where_it_stopped(many, orthanc, node_for, tmp_path, own_state):
    node = node_for(orthanc)
    configuration = tmp_path / "nodes.toml"
    configuration.write_text(
        f'[nodes.archive]\nhost = "{node.host}"\nport = {node.port}\nae_title = "{node.ae_title}"\n'
    )
    command = [sys.executable, "-m", "MCDetect", "send", str(many), "--config", str(configuration)]
    process = subprocess.Popen(command, env={**os.environ, "XDG_STATE_HOME": str(own_state)})
    path = journal_path(node.address, [many])
    while process.poll() is None and (not path.exists() or path.read_text().count("\n") < 3):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"
    there = orthanc.instances()
    assert 3 <= len(there) < COUNT
    report = send([many], node)
    assert len(report.known) >= 3
    assert len(report.sent) + len(report.known) == COUNT
    assert orthanc.instances() == identifiers(many)


def test_what_a_pacs_that_stays_away_did_not_acknowledge_is_kept_and_said(many, tmp_path, node_for):
    server = Orthanc(tmp_path / "orthanc").start()
    node = node_for(server)

    def tell(progress):
        if progress.stage == "sending" and progress.done == 4:
            server.kill()

    report = send([many], node, tell=tell)
    assert len(report.sent) == 4
    assert len(report.failed) == COUNT - 4
    assert {failure.error.code for failure in report.failed} == {"nothing-listens"}
    assert not set(report.sent) & {failure.path for failure in report.failed}
    assert len(list(many.glob("*.dcm"))) == COUNT
    server.start()
    try:
        again = send([many], node)
        assert (set(again.known), len(again.sent), again.failed) == (set(report.sent), COUNT - 4, ())
        assert server.instances() == identifiers(many)
    finally:
        server.kill()


def test_a_torn_line_of_the_journal_is_ignored(tmp_path):
    journal = Journal(tmp_path / "journal.txt")
    first, second = "a" * 64, "b" * 64
    journal.add(first)
    with journal.path.open("a") as stream:
        stream.write(second[:20])
    torn = Journal(journal.path)
    assert first in torn
    assert second not in torn
    torn.add(second)
    whole = Journal(journal.path)
    assert first in whole
    assert second in whole


def test_a_journal_holds_neither_names_nor_identifiers(tmp_path, many, orthanc, node_for):
    node = node_for(orthanc)
    send([many / "image0.dcm"], node)
    path = journal_path(node.address, [many / "image0.dcm"])
    assert len(path.read_text()) == 65
    assert "image0" not in path.name


def test_a_send_goes_on_where_the_journal_cannot_be_written(many, orthanc, node_for, own_state):
    own_state.write_text("a file where a folder should be")
    report = send([many / "image0.dcm"], node_for(orthanc))
    assert len(report.sent) == 1
    assert "cannot be remembered" in report.notes[0]
