"""The window as the host of the review panel: views, dialogs and threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QCoreApplication
from PyQt5.QtWidgets import QMainWindow, QProgressBar

from MCDetect.desktop.background import Background
from MCDetect.desktop.dialogs import Dialogs
from MCDetect.desktop.view_area import ViewArea
from MCDetect.errors import MCDetectError
from MCDetect.findings import Cluster
from MCDetect.installation import install_command
from MCDetect.review.panel.host import Tool

_THREADS = 4  # a search in a PACS that does not answer must not keep results from being written


class HostWindow(QMainWindow):
    """Implements :class:`MCDetect.review.panel.host.Host`, where the methods are described."""

    python: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.dialogs = Dialogs(self)
        self.background_work = Background(_THREADS)
        self.views = ViewArea(self)
        self.selects_in_view = False
        self.waiting_bar = QProgressBar()
        self.waiting_bar.setRange(0, 0)  # moves without end: how long reading takes is not known
        self.waiting_bar.setMaximumWidth(160)
        self.waiting_bar.hide()
        self.statusBar().addPermanentWidget(self.waiting_bar)

    def choose_files(self) -> None:
        """Let the user choose files."""
        raise NotImplementedError

    def choose_folder(self) -> None:
        """Let the user choose a folder."""
        raise NotImplementedError

    def open_examination(self) -> None:
        """See :class:`MCDetect.review.panel.host.Host`."""
        choices = [self.translate("Files…"), self.translate("Folder…")]
        answer = self.ask(self.translate("Open files or a whole folder?"), choices)
        if answer >= 0:
            (self.choose_files, self.choose_folder)[answer]()

    def show_finding(self, key: str, cluster: Cluster) -> None:
        """See Host; a finding that was clicked in its view stays where it is."""
        if not self.selects_in_view:
            self.views.show_finding(key, cluster)

    def set_marks(self, outlines: bool, calcifications: bool) -> None:
        """See Host."""
        self.views.set_marks(outlines, calcifications)

    def set_probability_map(self, key: str, probability: Any) -> None:
        """See Host."""
        self.views.set_probability_map(key, probability)

    def set_tool(self, tool: Tool) -> None:
        """See Host."""
        self.views.set_tool(tool)

    def status(self, text: str) -> None:
        """See Host."""
        self.statusBar().showMessage(text)

    def tell(self, message: str, hint: str, details: str = "") -> None:
        """See Host."""
        self.dialogs.tell(message, hint, details)

    def ask(self, question: str, choices: Sequence[str]) -> int:
        """See Host."""
        return self.dialogs.ask(question, choices)

    def ask_text(self, title: str, label: str, text: str = "") -> str | None:
        """See Host."""
        return self.dialogs.ask_text(title, label, text)

    def ask_folder(self, title: str) -> str | None:
        """See Host."""
        return self.dialogs.ask_folder(title)

    def ask_file(self, title: str, name: str) -> str | None:
        """See Host."""
        return self.dialogs.ask_file(title, name)

    def background(
        self, work: Callable[[], Any], done: Callable[[Any], object], failed: Callable[[BaseException], object]
    ) -> None:
        """See Host."""
        self.background_work.run(work, done, failed)

    def offer_installation(self, error: MCDetectError) -> None:
        """See Host; the window does not install, it says how."""
        if error.code != "no-torch":
            self.tell(error.message, error.hint)
            return
        hint = self.translate("Close the window and run: {command} (about 1 GB with PyTorch).")
        hint = hint.format(command=install_command("inference"))
        self.tell(error.message, hint, f"{error.hint}\n{self.translate('Everything except detection works without.')}")

    def exported(self, files: Sequence[Path], say: Callable[[str], object]) -> None:
        """See Host; the window has no database of its own."""

    def translate(self, text: str) -> str:
        """See Host."""
        return QCoreApplication.translate("MCDetect", text)
