"""Export: into a folder, as a page with pictures, to a PACS; and saying exactly what was written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from MCDetect.errors import OutputError, UsageError
from MCDetect.findings import Findings, Origin
from MCDetect.review.earlier_results import reports_in
from MCDetect.review.examination import Examination
from MCDetect.review.export_process import export_in_process
from MCDetect.review.exporting import Exported, what_was_written
from MCDetect.review.panel.host import Host
from MCDetect.review.panel.names import as_dicom_name, as_typed
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.sending import choose_node, send, send_report
from MCDetect.review.panel.toolkit import Toolkit
from MCDetect.review.panel.waiting import Waiting
from MCDetect.review.session import ReviewSession
from MCDetect.review.state import ReviewState


class ReportingPart(Part):
    """The reader's name, and what is written.

    Attributes
    ----------
    exported
        What was exported last.
    is_busy
        Whether something is being written or sent; a viewer that is closed lets that come to its end.
    has_failed
        Whether the last of it went wrong, in part or as a whole.
    exports
        The state that is being exported.
    """

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host) -> None:
        super().__init__(widgets, toolkit, host)
        self.exported: Exported | None = None
        self.is_busy = self.has_failed = False
        self.exports: ReviewState | None = None
        self._waiting = Waiting(widgets.exportBar)
        self.listen("readerEdit", "editingFinished()", self._named)
        self.listen("completeCheckBox", "toggled(bool)", self._completed)
        self.listen("exportButton", "clicked()", self.export)
        self.listen("pdfButton", "clicked()", self.write_picture_report)
        self.listen("sendButton", "clicked()", self.send)
        self._say("")
        self.refresh()

    def set_session(self, session: ReviewSession | None) -> None:
        """Work on another session; the reader stays the same."""
        self.exported = None
        self._say("")
        super().set_session(session)
        if session is not None:
            self._named()

    def refresh(self) -> None:
        """Switch the buttons on and off."""
        session = self.session
        has_results = session is not None and self._has_results(session)
        self.enable(has_results and not self.is_busy, "exportButton", "pdfButton")
        self.enable(self.exported is not None and not self.is_busy, "sendButton")
        self.enable(session is not None, "completeCheckBox")
        with self.quiet("completeCheckBox"):
            self.widgets.completeCheckBox.setChecked(session is not None and session.state.complete)
        is_typing = bool(self.widgets.readerEdit.property("focus"))
        if session is not None and session.reader and not self.widgets.readerEdit.property("text") and not is_typing:
            with self.quiet("readerEdit"):
                self.widgets.readerEdit.setText(as_typed(session.reader))

    def poll(self) -> None:
        """Show how far the writing or sending is."""
        self._waiting.show()

    def export(self) -> None:
        """Ask for a folder and write everything into it."""
        session = self.session
        if session is None or not self._may_write():
            return
        folder = self._folder()
        if not folder or session is not self.session:
            return
        # After the dialogs: views may have been searched while they were open.
        findings, state = self._findings(session), session.state
        self._start(self.text("Writing…"))
        self.exports = state
        self.host.background(
            partial(
                export_in_process,
                findings,
                session.examination,
                Path(folder),
                python=self.host.python,
                reports=list(session.reports.values()),
                report=self._waiting.report,
            ),
            lambda exported: self.attempt(lambda: self._exported(session, state, exported)),
            self._failed,
        )

    def write_picture_report(self) -> None:
        """Ask for a file and write the page with each finding."""
        session = self.session
        if session is None or not self._may_write():
            return
        path = self.host.ask_file(self.text("Picture report"), "picture report.pdf")
        if not path or session is not self.session:
            return
        findings = self._findings(session)
        self._start(self.text("Writing…"))
        self.host.background(
            partial(_write_picture_report, Path(path), findings, session.examination),
            lambda written: self._end(self.text("Written: {path}").format(path=written)),
            self._failed,
        )

    def send(self) -> None:
        """Send what was exported to a PACS."""
        if self.exported is None or self.is_busy:
            return
        files = self.exported.dicom_files
        if not files:
            raise UsageError("nothing-to-send", "No DICOM object was exported.", "Export the results first.")
        session = self.session
        if session is not None and session.has_unsaved_changes:
            question = self.text("The review has changed since it was exported.")
            choices = (self.text("Send what was exported"), self.text("Do not send"))
            if self.host.ask(question, choices) != 0:
                return
        node = choose_node(self.host)
        if node is None:
            return
        self._start(self.text("Sending…"))
        self.host.background(partial(send, files, node, self._waiting.report), self._sent, self._failed)

    def _may_write(self) -> bool:
        """Say whether there is something to write, nothing is being written, and the reader has a name if need be."""
        session = self.session
        if session is None or self.is_busy or not self._has_results(session):
            return False
        self._named()
        if not session.reader and has_review(session.state):
            name = self.host.ask_text(
                self.text("Who is the reader?"),
                self.text("Reviewed reports carry the reader's name (family name, given name):"),
            )
            if not name or not name.strip():
                return False
            self.widgets.readerEdit.setText(name.strip())
            self._named()
        return True

    @staticmethod
    def _has_results(session: ReviewSession) -> bool:
        # A search of which every view was refused is a result too: the report says that the analysis failed.
        is_failed = session.algorithm is not None and bool(session.refusals)
        return bool(session.state.images) or has_review(session.state) or is_failed

    @staticmethod
    def _findings(session: ReviewSession) -> Findings:
        """Return reviewed findings where a reader has said something, else those of the algorithm."""
        return session.reviewed_findings() if session.reader and has_review(session.state) else session.findings()

    def _folder(self) -> str | None:
        """Ask for a folder, and again before reports of an earlier export go: somebody may have attested them."""
        question = self.text("This folder holds exported reports. Those about the same examination will be replaced.")
        choices = (self.text("Replace them"), self.text("Choose another folder"))
        while folder := self.host.ask_folder(self.text("Folder for the results")):
            answer = self.host.ask(question, choices) if reports_in(Path(folder)) else 0
            if answer != 1:
                return folder if answer == 0 else None
        return None

    def _named(self) -> None:
        typed = str(self.widgets.readerEdit.property("text")).strip()
        # What is shown of a name with more parts is not another name.
        if self.session is not None and typed and typed != as_typed(self.session.reader):
            name = as_dicom_name(typed)
            if name and name != self.session.reader:
                self.session.set_reader(name)

    def _completed(self) -> None:
        if self.session is not None:
            self.session.set_complete(bool(self.widgets.completeCheckBox.property("checked")))

    def _exported(self, session: ReviewSession, state: ReviewState, exported: Exported) -> None:
        session.reports.update({report.sop_instance_uid: report for report in exported.reports})
        if session is self.session:
            self.exported = exported
            if session.state is state and not exported.problems:
                session.mark_saved()
        parts = ", ".join(f"{count} {self.text(kind)}" for count, kind in what_was_written(exported.files))
        text = self.text("Written to {folder}: {parts}.").format(folder=exported.folder, parts=parts)
        self._end(" ".join((text, *exported.notes)))
        self.host.exported(exported.dicom_files, self._add)
        self.has_failed = bool(exported.problems)
        for problem in exported.problems:
            self.tell(problem)

    def _add(self, text: str) -> None:
        self._say(f"{self.widgets.exportLabel.property('text')} {text}")
        self.host.status(text)

    def _sent(self, report: Any) -> None:
        text, problem = send_report(report, self.text)
        self._end(text)
        self.has_failed = problem is not None
        if problem is not None:
            self.tell(problem)

    def _failed(self, error: BaseException) -> None:
        self.has_failed = True
        self._end("")
        if isinstance(error, OutputError) and error.code == "cannot-write":
            # The hint of the library is about the command line.
            hint = self.text("Choose another folder, or free space on the disk. The review is as it was.")
            error = OutputError(error.code, error.message, hint)
        self.tell(error)

    def _start(self, text: str) -> None:
        self.is_busy, self.has_failed = True, False
        self._waiting.begin()
        self._say(text)
        self.refresh()

    def _end(self, text: str) -> None:
        self.is_busy = False
        self.exports = None
        self._waiting.end()
        self._say(text)
        self.host.status(text)
        self.refresh()

    def _say(self, text: str) -> None:
        """Show a sentence; an empty label would take room from the findings."""
        self.widgets.exportLabel.setText(text)
        self.widgets.exportLabel.setVisible(bool(text))


def _write_picture_report(path: Path, findings: Findings, examination: Examination) -> Path:
    from MCDetect.review.picture_report import write_picture_report  # in the thread: what draws takes a while to load

    return write_picture_report(path, findings, examination)


def has_review(state: ReviewState) -> bool:
    """Say whether a reader has said, drawn or deleted anything, here or in the results that were opened."""
    is_said = bool(state.correspondences or state.declined or state.comment or state.complete or state.touched)
    marks = (mark for image in state.images for mark in image.calcifications)
    return state.edited or is_said or any(mark.origin is Origin.READER for mark in marks)
