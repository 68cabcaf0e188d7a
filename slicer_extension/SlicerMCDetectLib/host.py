"""What the shared panel asks of Slicer (see MCDetect.review.panel.host.Host): dialogs, views, threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from SlicerMCDetectLib import dialogs, installing, panel_texts, telling
from SlicerMCDetectLib.database import DatabaseImport

if TYPE_CHECKING:
    from SlicerMCDetectLib.seat import Seat

_STATUS_MS = 5000


class SlicerHost:
    """Slicer, as the panel sees it.

    Parameters
    ----------
    seat
        What holds the views and the examination.
    python
        The interpreter for processes of its own.
    """

    def __init__(self, seat: Seat, python: str | None) -> None:
        self._seat = seat
        self._database = DatabaseImport()
        self.python = python

    def open_examination(self) -> None:
        """Open an examination of the scene that is not open; where there is none, show the DICOM browser."""
        if not self._seat.choose_examination():
            slicer.util.selectModule("DICOM")
            self.status(_("Load the mammograms of an examination, then come back to MCDetect."))

    def show_finding(self, key: str, cluster: Any) -> None:
        """Centre and magnify a cluster."""
        self._seat.views.show_finding(key, cluster)

    def set_marks(self, outlines: bool, calcifications: bool) -> None:
        """Show or hide outlines and marks."""
        self._seat.views.set_marks(outlines, calcifications)

    def set_probability_map(self, key: str, probability: Any) -> None:
        """Show the probability map of a view; None takes it away."""
        self._seat.views.set_probability_map(key, probability)

    def set_tool(self, tool: Any) -> None:
        """Bring clicks and lines to the panel."""
        self._seat.set_tool(tool)

    def status(self, text: str) -> None:
        """Show one line of text."""
        slicer.util.showStatusMessage(text, _STATUS_MS)

    def tell(self, message: str, hint: str, details: str = "") -> None:
        """Show what went wrong."""
        telling.tell(message, hint, details)

    def ask(self, question: str, choices: Sequence[str]) -> int:
        """Return the index of the chosen answer, -1 for none."""
        return dialogs.ask(question, choices)

    def ask_text(self, title: str, label: str, text: str = "") -> str | None:
        """Return what the user types, None when it is cancelled."""
        return dialogs.ask_text(title, label, text)

    def ask_folder(self, title: str) -> str | None:
        """Return a folder for results, None when it is cancelled."""
        return dialogs.ask_folder(title)

    def ask_file(self, title: str, name: str) -> str | None:
        """Return a file to be written, None when it is cancelled."""
        return dialogs.ask_file(title, name)

    def background(
        self, work: Callable[[], Any], done: Callable[[Any], object], failed: Callable[[BaseException], object]
    ) -> None:
        """Run ``work`` in a thread."""
        self._seat.background.run(work, done, failed)

    def offer_installation(self, error: Any) -> None:
        """Ask whether to install what is missing; go on with the detection if it is there afterwards."""
        with telling.errors_told():
            if not installing.is_needed():
                telling.tell(error.message, error.hint)  # it is there and does not work
            elif installing.offer() and error.code == "no-torch":
                self._seat.panel.detect()

    def exported(self, files: Sequence[Path], say: Callable[[str], object]) -> None:
        """Put exported DICOM objects into Slicer's database too, if the reader wants it."""
        if files and self._seat.settings.database:
            self._database.add(files, say)

    def translate(self, text: str) -> str:
        """Return the text in the user's language."""
        return panel_texts.translate(text)
