"""The window when something is opened: files, folders, what was dropped, what a PACS sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.desktop.hosting import HostWindow
from MCDetect.errors import MCDetectError
from MCDetect.review.decoding_process import read_in_process
from MCDetect.review.opening import Opened, open_given
from MCDetect.review.session import ReviewSession
from MCDetect.version import __version__

if TYPE_CHECKING:
    from PyQt5.QtWidgets import QAction

    from MCDetect.review.examination import Examination
    from MCDetect.review.panel.panel import ReviewPanel

TITLE = "MCDetect {version} (research use only)"


class OpeningWindow(HostWindow):
    """What the window knows of opening."""

    session: ReviewSession | None
    panel: ReviewPanel
    folder: Path | None
    actions_by_name: dict[str, QAction]

    def _may_leave(self) -> bool:
        """Ask what becomes of work that was not exported."""
        raise NotImplementedError

    def _end_session(self) -> None:
        """Close what is open."""
        raise NotImplementedError

    def choose_files(self) -> None:
        """Let the user choose files."""
        paths = self.dialogs.ask_files(self.translate("Open mammograms or results"))
        if paths:
            self.open_paths(paths)

    def choose_folder(self) -> None:
        """Let the user choose a folder."""
        folder = self.dialogs.ask_folder(self.translate("Open a folder with mammograms or results"))
        if folder:
            self.open_paths([folder])

    def open_paths(
        self,
        paths: Sequence[str | Path],
        spacing_mm: float | None = None,
        then: Callable[[], object] | None = None,
    ) -> None:
        """Open an examination, results about it or both, then do ``then``; headers are read beside the window."""
        self.status(self.translate("Reading headers and results…"))
        self.waiting_bar.show()
        current = None if self.session is None else self.session.examination
        self.background_work.run(
            partial(open_given, list(paths), spacing_mm, current),
            lambda opened: self._opened(opened, current, then),
            partial(self._not_opened, list(paths)),
        )

    def _opened(self, opened: Opened, current: Examination | None, then: Callable[[], object] | None) -> None:
        self.status("")
        self.waiting_bar.hide()
        if opened.examination is None:
            if opened.results is not None and self.session is not None and self.session.examination is current:
                self.panel.show_results(opened.results)
            return
        if not self._may_leave():
            return
        examination = opened.examination
        self._end_session()
        examination.read_with(read_in_process)
        self.session = ReviewSession(examination, folder=self.folder)
        self.views.set_session(self.session)
        self.dialogs.place = examination.views[0].path.absolute().parent.parent
        self.setWindowTitle(f"{examination.views[0].path.parent.name} - {TITLE.format(version=__version__)}")
        self.status(self.translate("{count} views opened.").format(count=len(examination.views)))
        for refusal in examination.refused:
            self.tell(refusal.message, refusal.hint)
        self.panel.set_session(self.session)
        self.actions_by_name["invert"].setChecked(False)
        self._take_results(opened)
        if then is not None:
            then()

    def _take_results(self, opened: Opened) -> None:
        """Show results that were asked for; ask whether to show those that lie beside the mammograms."""
        if opened.problem is not None:
            self.panel.detection.tell(opened.problem)
        session, results = self.session, opened.results
        if results is None or session is None:
            return
        about = {image.sop_instance_uid for image in results.findings.images}
        if not opened.is_wanted and (session.state.images or not about & set(session.examination.keys)):
            return  # work that was left behind goes on, or they are about something else
        if not opened.is_wanted:
            choices = [self.translate("Show them"), self.translate("Begin without them")]
            if self.ask(self.translate("Results of an earlier run lie beside these mammograms."), choices) != 0:
                return
        self.panel.show_results(results)

    def _not_opened(self, paths: list[str | Path], error: BaseException) -> None:
        self.status("")
        self.waiting_bar.hide()
        if isinstance(error, MCDetectError) and error.code == "no-spacing":
            typed = self.ask_text(
                self.translate("Size of a pixel"),
                f"{error.message} {self.translate('Size of a pixel in millimetres:')}",
            )
            try:
                spacing = float((typed or "").replace(",", "."))
            except ValueError:
                return
            if spacing > 0:
                self.open_paths(paths, spacing)
            return
        self.panel.detection.tell(error)

    def view_loaded(self, _key: str) -> None:
        """Let correspondences be proposed when the pixels of all views are there."""
        session: Any = self.session
        if session is not None and all(view.is_loaded for view in session.examination.views):
            self.panel.find_nipples()
