"""The window when something is opened: files, folders, what was dropped, what a PACS sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.desktop.hosting import HostWindow
from MCDetect.errors import MCDetectError
from MCDetect.review.child import Children
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
    _keeps_work = True
    _asked = _shown = 0
    """How often something was to be opened, and which of these is open now."""

    def __init__(self) -> None:
        super().__init__()
        self._decoders = Children()

    def _may_leave(self) -> bool:
        """Ask what becomes of work that was not exported; it is kept unless the reader says otherwise."""
        keep_work = self.panel.ask_about_work()
        self._keeps_work = keep_work is not False
        return keep_work is not None

    def _end_session(self) -> None:
        """Close what is open; nothing here waits for a disk or a process."""
        session, self.session = self.session, None
        self.panel.set_session(None)
        self.views.set_session(None)
        if session is None:
            return
        session.close(keep_work=self._keeps_work)
        self._keeps_work = True
        if not self.panel.reporting.is_busy:
            self._decoders.end()
        self._decoders = Children()

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
        self._asked += 1
        number = self._asked
        self.background_work.run(
            partial(open_given, list(paths), spacing_mm, current),
            lambda opened: self._opened(opened, current, then, number),
            lambda error: self._not_opened(list(paths), error, then),
        )

    def _opened(
        self, opened: Opened, current: Examination | None, then: Callable[[], object] | None, number: int
    ) -> None:
        if opened.examination is None:
            self._is_opened()
            if opened.results is not None and self.session is not None and self.session.examination is current:
                self.panel.show_results(opened.results)
            return
        # What was asked for last is shown, however long a disk takes to give what was asked for before.
        if number < self._shown or not self._may_leave() or number < self._shown:
            self._is_opened()
            return
        self._shown = number
        self._end_session()
        # Work that was kept a moment ago is read again, from a disk that may be slow.
        self.background_work.run(
            partial(ReviewSession, opened.examination, folder=self.folder),
            lambda session: self._begin(session, opened, then) if number == self._shown else session.close(),
            partial(self._not_opened, []),
        )

    def _begin(self, session: ReviewSession, opened: Opened, then: Callable[[], object] | None) -> None:
        self._is_opened()
        if self.session is not None:  # something else was opened meanwhile
            self._end_session()
        examination = session.examination
        examination.read_with(partial(read_in_process, children=self._decoders))
        self.session = session
        self.views.set_session(self.session)
        self.dialogs.place = examination.views[0].path.absolute().parent.parent
        self.setWindowTitle(f"{examination.views[0].path.parent.name} - {TITLE.format(version=__version__)}")
        for refusal in examination.refused:
            self.tell(refusal.message, refusal.hint)
        self.panel.set_session(self.session)
        self.status(self.translate("{count} views opened.").format(count=len(examination.views)))
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
        if session.holds(results):
            self.status(self.translate("The work that was left behind goes on; the results are in it already."))
            return
        about = {image.sop_instance_uid for image in results.findings.images}
        if not opened.is_wanted and (session.state.images or not about & set(session.examination.keys)):
            return  # work that was left behind goes on, or they are about something else
        if not opened.is_wanted:
            choices = [self.translate("Show them"), self.translate("Begin without them")]
            if self.ask(self.translate("Results of an earlier run lie beside these mammograms."), choices) != 0:
                return
        self.panel.show_results(results)

    def _is_opened(self) -> None:
        self.status("")
        self.waiting_bar.hide()

    def _not_opened(
        self, paths: list[str | Path], error: BaseException, then: Callable[[], object] | None = None
    ) -> None:
        self._is_opened()
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
                self.open_paths(paths, spacing, then)
            return
        self.panel.detection.tell(error)

    def view_loaded(self, _key: str) -> None:
        """Let correspondences be proposed when the pixels of all views are there."""
        session: Any = self.session
        if session is not None and all(view.is_loaded for view in session.examination.views):
            self.panel.find_nipples()
