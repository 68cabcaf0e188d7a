"""Fetching an examination from a PACS: looking for studies, choosing some, having them sent, opening them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from MCDetect.desktop.pacs_dialog import PacsDialog
from MCDetect.errors import InputError, UsageError
from MCDetect.review.panel.sending import configured_nodes

if TYPE_CHECKING:
    from MCDetect.desktop.window import MainWindow
    from MCDetect.dicom.pacs.study_search import FoundStudy, StudySearch


class Fetching:
    """What the dialog for a PACS does; everything that waits for the PACS is done beside the window.

    Parameters
    ----------
    window
        Opens what came.

    Raises
    ------
    MCDetectError
        Where no PACS is configured, or what it needs is not installed.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.nodes = configured_nodes()
        self._stop = Event()  # of what is going on; each piece of work has its own
        self.dialog = PacsDialog(self.nodes, window.translate, window)
        self.dialog.searched.connect(lambda: self._attempt(self._search))
        self.dialog.wanted.connect(lambda: self._attempt(self._fetch))
        self.dialog.stopped.connect(self.stop)

    def show(self) -> None:
        """Show the dialog."""
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.patient.setFocus()

    def stop(self) -> None:
        """Stop what is going on; what came is kept, and nothing is opened."""
        self._stop.set()
        self.dialog.set_busy("")

    def _attempt(self, action: Any) -> None:
        self._window.panel.detection.attempt(action)

    def _begin(self, doing: str) -> Event:
        self._stop.set()
        self._stop = Event()
        self.dialog.set_busy(doing)
        return self._stop

    def _ended(self, stop: Event, error: BaseException) -> None:
        if not stop.is_set():
            self.dialog.set_busy("")
            self._window.panel.detection.tell(error)

    @property
    def _node(self) -> Any:
        return self.nodes[self.dialog.node.currentText()]

    def _search(self) -> None:
        search, node = self.dialog.search(), self._node
        stop = self._begin(self._window.translate("Searching…"))
        self._window.background(
            lambda: _found(node, search),
            lambda studies: None if stop.is_set() else self._show(studies),
            lambda error: self._ended(stop, error),
        )

    def _show(self, studies: Sequence[FoundStudy]) -> None:
        self.dialog.set_busy("")
        self.dialog.show_found(studies)

    def _fetch(self) -> None:
        studies = self.dialog.table.chosen
        if len({study.patient_id for study in studies if study.patient_id}) > 1:
            raise UsageError(
                "several-patients", "The chosen studies belong to more than one patient.", "Choose those of one."
            )
        folder = self._window.ask_folder(self._window.translate("Folder for the images"))
        if not folder:
            return
        node, stop = self._node, self._begin(self._window.translate("Fetching…"))
        self._window.background(
            lambda: _fetch(node, studies, Path(folder), self.dialog.told.emit, stop),
            lambda reports: None if stop.is_set() else self._attempt(lambda: self._open(reports)),
            lambda error: self._ended(stop, error),
        )

    def _open(self, reports: Sequence[Any]) -> None:
        self.dialog.set_busy("")
        failures = [failure.error for report in reports for failure in report.failed]
        for failure in failures[:1]:
            self._window.tell(failure.message, failure.hint)
        files = [file for report in reports for file in (*report.written, *report.known)]
        if not files:
            if failures:
                return
            raise InputError("nothing-fetched", "The PACS sent no image.", "Choose another study.")
        self.dialog.hide()
        self._window.open_paths(files)


def _found(node: Any, search: StudySearch) -> list[FoundStudy]:
    from MCDetect.dicom.pacs.client import search_studies

    return search_studies(node, search)


def _fetch(node: Any, studies: Sequence[FoundStudy], folder: Path, tell: Any, stop: Event) -> list[Any]:
    from MCDetect.dicom.pacs.client import fetch
    from MCDetect.dicom.pacs.reports import Progress, StudyQuery

    reports: list[Any] = []
    before = 0
    expected = sum(study.objects or 0 for study in studies)

    def tell_of_all(progress: Progress) -> None:
        tell(Progress(before + progress.done, max(expected, before + progress.total), progress.stage))

    for study in studies:
        report = fetch(node, StudyQuery(study=study.uid), folder, tell=tell_of_all, is_cancelled=stop.is_set)
        before += len(report.written) + len(report.known)
        reports.append(report)
    return reports
