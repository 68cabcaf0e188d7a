"""Storage commitment with a peer that answers over the same connection, refuses, or does not answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian
from pynetdicom import AE, evt
from support.orthanc import free_port
from support.sample_files import bright_pixels, write_mammogram

from MCDetect.dicom.pacs.client import send

PUSH_MODEL = "1.2.840.10008.1.20.1"
PUSH_INSTANCE = "1.2.840.10008.1.20.1.1"


@contextmanager
def committing_peer(
    refused: set[str], *, answers: bool = True, status: int = 0, silent: frozenset[str] = frozenset()
) -> Iterator[int]:
    """Listen as a PACS that stores everything and commits itself to all but ``refused``; yield its port.

    Of ``silent`` it says nothing.
    """

    def act(event: evt.Event) -> tuple[int, None]:
        asked = event.action_information
        if answers:
            threading.Timer(0.2, report, [event.assoc, asked]).start()
        return status, None

    def report(association, asked: Dataset) -> None:
        information = Dataset()
        information.TransactionUID = asked.TransactionUID
        kept = [item for item in asked.ReferencedSOPSequence if item.ReferencedSOPInstanceUID not in refused | silent]
        lost = [item for item in asked.ReferencedSOPSequence if item.ReferencedSOPInstanceUID in refused]
        information.ReferencedSOPSequence = kept
        if lost:
            for item in lost:
                item.FailureReason = 0x0112
            information.FailedSOPSequence = lost
        association.send_n_event_report(information, 2 if lost else 1, PUSH_MODEL, PUSH_INSTANCE)

    entity = AE("ORTHANC")
    entity.add_supported_context(DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian)
    entity.add_supported_context(PUSH_MODEL)
    port = free_port()
    handlers = [(evt.EVT_C_STORE, lambda _: 0), (evt.EVT_N_ACTION, act)]
    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        yield port
    finally:
        server.shutdown()


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    return [write_mammogram(tmp_path / f"image{seed}.dcm", bright_pixels(seed=seed)) for seed in range(2)]


def test_an_answer_over_the_same_connection_is_taken(images, node_for):
    with committing_peer(set()) as port:
        report = send(images, node_for(port, storage_commitment=True))
    assert report.committed == report.sent == tuple(images)


def test_an_object_that_the_peer_does_not_commit_itself_to_is_told_and_sent_again(images, node_for):
    refused = {dcmread(images[1]).SOPInstanceUID}
    with committing_peer(refused) as port:
        node = node_for(port, storage_commitment=True)
        report = send(images, node)
        assert report.committed == report.sent == (images[0],)
        (failure,) = report.failed
        assert (failure.path, failure.error.code) == (images[1], "not-committed")
        refused.clear()
        again = send(images, node)
    assert (again.known, again.committed) == ((images[0],), (images[1],))


def test_objects_of_which_the_peer_says_nothing_are_counted(images, node_for):
    with committing_peer(set(), silent=frozenset({dcmread(images[1]).SOPInstanceUID})) as port:
        report = send(images, node_for(port, storage_commitment=True))
    assert (report.sent, report.committed) == (tuple(images), (images[0],))
    (note,) = report.notes
    assert "of 1 of 2 objects" in note


def test_a_peer_that_does_not_answer_in_time_is_told(images, node_for):
    with committing_peer(set(), answers=False) as port:
        report = send(images, node_for(port, storage_commitment=True, commitment_wait_s=0.5))
    assert report.sent == tuple(images)
    assert not report.committed
    assert "not yet answered" in report.notes[0]


def test_a_peer_that_refuses_commitment_is_told(images, node_for):
    with committing_peer(set(), answers=False, status=0x0110) as port:
        report = send(images, node_for(port, storage_commitment=True))
    assert report.sent == tuple(images)
    assert "refused storage commitment (status 0110)" in report.notes[0]
