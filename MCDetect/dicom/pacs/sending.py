"""The course of a send: reading, what is known already, sending, commitment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from MCDetect.dicom.pacs.back_off import BackOff
from MCDetect.dicom.pacs.course import Course
from MCDetect.dicom.pacs.journal import Journal, journal_path
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.dicom.pacs.objects import StoredObject, find_objects
from MCDetect.dicom.pacs.protocols import Talk
from MCDetect.dicom.pacs.reports import SENDING, Failure, Progress, SendReport, Tell
from MCDetect.errors import MCDetectError, OutputError


def send_objects(
    paths: Sequence[Path], node: Node, talk: Talk, *, again: bool, convert: bool, tell: Tell
) -> SendReport:
    """Send; see :func:`MCDetect.dicom.pacs.client.send`."""
    found = find_objects(paths, tell)
    journal = Journal(journal_path(node.address, paths))
    if again:
        journal.discard([item.digest for item in found.objects])
    sending = _Send(node, talk, journal, tell)
    sending.failed += found.failed
    sending.waiting += [item for item in found.objects if item.digest not in journal]
    known = [item.path for item in found.objects if item.digest in journal]
    sending.run(convert, is_alone=not known)
    committed = sending.commit()
    if journal.problem:
        sending.notes.append(journal.problem)
    return SendReport(
        tuple(item.path for item in sending.sent),
        tuple(known),
        tuple(item.path for item in sending.sent if item.sop_instance in committed),
        tuple(sending.failed),
        found.passed_over,
        tuple(sending.notes),
    )


class _Send:
    """One send on its way."""

    def __init__(self, node: Node, talk: Talk, journal: Journal, tell: Tell) -> None:
        self.waiting: list[StoredObject] = []
        self.sent: list[StoredObject] = []
        self.failed: list[Failure] = []
        self.notes: list[str] = []
        self._node = node
        self._talk = talk
        self._journal = journal
        self._tell = tell
        self._done = 0

    def run(self, convert: bool, *, is_alone: bool) -> None:
        """Send all that waits; what a failure of the peer leaves over is told as not acknowledged."""
        if not self.waiting:
            return
        self._say("sending")
        course = Course(convert, self._stored, self._refused, BackOff(self._node.attempts, self._say))
        try:
            self._talk.send(self.waiting, course)
        except MCDetectError as error:
            if is_alone and not self.sent and not self.failed:
                raise
            told = {failure.path for failure in self.failed} | {item.path for item in self.sent}
            self.failed += [Failure(item.path, error) for item in self.waiting if item.path not in told]

    def commit(self) -> set[str]:
        """Ask for storage commitment where the node is to be asked; return the identifiers it commits itself to."""
        if not (self._talk.commits and self.sent):
            return set()
        self._say("waiting for storage commitment")
        try:
            committed, refused = self._talk.commit(self.sent)
        except MCDetectError as error:
            self.notes.append(str(error))
            return set()
        silent = sum(item.sop_instance not in committed | refused for item in self.sent)
        if silent:
            self.notes.append(
                f"The node {self._node.name!r} does not say of {silent} of {len(self.sent)} objects whether it commits "
                "itself to keep them. Keep the files; ask the administrator."
            )
        lost = [item for item in self.sent if item.sop_instance in refused]
        self._journal.discard([item.digest for item in lost])
        self.sent = [item for item in self.sent if item not in lost]
        self.failed += [Failure(item.path, _not_committed(self._node, item)) for item in lost]
        return committed

    def _stored(self, item: StoredObject, said: str) -> None:
        self._journal.add(item.digest)
        self.sent.append(item)
        if said:
            self.notes.append(f"The node {self._node.name!r} stored {item.path}, and {said}.")
        self._step()

    def _refused(self, item: StoredObject, error: MCDetectError) -> None:
        self.failed.append(Failure(item.path, error))
        self._step()

    def _step(self) -> None:
        self._done += 1
        self._say(SENDING)

    def _say(self, stage: str) -> None:
        self._tell(Progress(self._done, len(self.waiting), stage))


def _not_committed(node: Node, item: StoredObject) -> OutputError:
    return OutputError(
        "not-committed",
        f"The node {node.name!r} took {item.path} and does not commit itself to keep it.",
        "Keep the file and send it again; ask the administrator.",
    )
