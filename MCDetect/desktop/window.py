"""The main window: views on the left, the review panel on the right; it is the panel's host."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt5 import uic
from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShowEvent
from PyQt5.QtWidgets import QAction, QApplication, QDockWidget, QMessageBox, QPushButton, QScrollArea, QWidget

from MCDetect.desktop.actions import MENUS, Command, help_sheet
from MCDetect.desktop.commands import Commands
from MCDetect.desktop.help_sheet import HelpSheet
from MCDetect.desktop.opening_window import TITLE, OpeningWindow
from MCDetect.desktop.qt_toolkit import PyQt5Toolkit
from MCDetect.errors import UsageError
from MCDetect.polygons import contains
from MCDetect.review.panel import UI_FILE
from MCDetect.review.panel.folding import FOLDED_FIRST
from MCDetect.review.panel.host import Tool
from MCDetect.review.panel.panel import ReviewPanel
from MCDetect.review.session import ReviewSession
from MCDetect.version import __version__

if TYPE_CHECKING:
    from MCDetect.desktop.fetching import Fetching

_POLL_MS = 100
_LAYOUT_MS = 50
_PANEL_WIDTH = 570
_PANEL_SHARE = 0.36  # of the screen at most


class MainWindow(OpeningWindow):
    """The window of ``mcdetect review``.

    Parameters
    ----------
    client
        :class:`MCDetect.inference.worker.client.WorkerClient`; None where nothing can be detected.
    folder
        Where unfinished work is kept; None keeps nothing.
    """

    def __init__(self, client: Any = None, folder: Path | None = None) -> None:
        super().__init__()
        self.client = client
        self.folder = folder
        self.session: ReviewSession | None = None
        self.fetching: Fetching | None = None
        self._is_fitted = self._is_leaving = False
        self.setWindowTitle(TITLE.format(version=__version__))
        self.setAcceptDrops(True)
        self.setCentralWidget(self.views)
        self.widgets = self._make_panel()
        self.panel = ReviewPanel(self.widgets, PyQt5Toolkit(), self, client)
        self.actions_by_name = self._make_menus()
        self.views.clicked.connect(self._clicked)
        self.views.drawn.connect(self.panel.drawn)
        self.views.failed.connect(self.panel.detection.tell)
        self.views.loaded.connect(self.view_loaded)
        self.views.layout_changed.connect(self.panel.editing.settle)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)
        self._timer.start(_POLL_MS)
        # The button that was clicked is off now, and the focus must not go on to a switch beside it.
        detect_button: QPushButton = self.widgets.detectButton  # type: ignore[attr-defined]
        detect_button.clicked.connect(self._focus_on_view)

    def _make_panel(self) -> QWidget:
        panel = QWidget()
        uic.loadUi(UI_FILE, panel)  # type: ignore[no-untyped-call]
        scrolled = QScrollArea()
        scrolled.setWidget(panel)
        scrolled.setWidgetResizable(True)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        dock = QDockWidget(self.translate("Review"), self)
        dock.setObjectName("panelDock")
        dock.setWidget(scrolled)
        self._scrolled = scrolled
        for name in FOLDED_FIRST:
            button: QPushButton = getattr(panel, f"{name}FoldButton")
            button.clicked.connect(partial(self._show_group, getattr(panel, f"{name}Group")))
        dock.setFeatures(QDockWidget.DockWidgetMovable)
        self.addDockWidget(Qt.RightDockWidgetArea, dock)
        scrolled.setMinimumWidth(max(420, panel.minimumSizeHint().width() + 30))
        # Views are higher than wide: on a wide screen the panel may have what they leave free.
        screen = QApplication.primaryScreen()
        room = _PANEL_WIDTH if screen is None else round(screen.availableGeometry().width() * _PANEL_SHARE)
        self.resizeDocks([dock], [min(_PANEL_WIDTH, room)], Qt.Horizontal)
        return panel

    def _make_menus(self) -> dict[str, QAction]:
        commands = Commands(self)
        made: dict[str, QAction] = {}
        for title, entries in MENUS.items():
            menu = self.menuBar().addMenu(self.translate(title))
            for entry in entries:
                made[entry.name] = action = self._make_action(entry, getattr(commands, entry.name))
                menu.addAction(action)
        made["synchronise"].setChecked(True)
        return made

    def _make_action(self, command: Command, do: Callable[..., object]) -> QAction:
        action = QAction(self.translate(command.text), self)
        action.setObjectName(command.name)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setCheckable(command.is_switch)
        if command.is_switch:
            action.toggled.connect(lambda on: self.panel.detection.attempt(partial(do, on)))
        else:
            action.triggered.connect(lambda _checked: self.panel.detection.attempt(do))
        return action

    def _focus_on_view(self) -> None:
        self.views.active.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Fold what is used least where the screen has no room for the whole panel."""
        super().showEvent(event)
        QTimer.singleShot(0, self._fold_panel)  # sizes are those of the screen only then

    def _fold_panel(self) -> None:
        for name in () if self._is_fitted else FOLDED_FIRST:
            if self.widgets.minimumSizeHint().height() <= self._scrolled.viewport().height():
                break
            self.panel.folding.fold(name, True)
            self.widgets.layout().activate()
        self._is_fitted = True

    def _show_group(self, group: QWidget, _checked: bool) -> None:
        """Scroll to a group that was unfolded."""
        # The panel grows only when its layout has been made anew, some events later.
        QTimer.singleShot(_LAYOUT_MS, lambda: self._scrolled.ensureWidgetVisible(group) if group.isVisible() else None)

    # Opening

    def fetch(self) -> None:
        """Look for an examination in a PACS and fetch it."""
        from MCDetect.desktop.fetching import Fetching
        from MCDetect.review.panel.sending import configured_nodes

        if self.fetching is None or self.fetching.nodes != configured_nodes():
            self.fetching = Fetching(self)
        self.fetching.show()

    # What happens in the window

    def _clicked(self, key: str, row: float, column: float) -> None:
        if self.panel.tool is not Tool.NONE:
            self.panel.clicked(key, row, column)
        elif self.session is not None:
            hit = [c for c in self.session.clusters(key) if contains(c.outline, (row, column))]
            self.selects_in_view = True
            try:
                self.session.select(min(hit, key=lambda c: c.area_mm2).tracking_uid if hit else None)
            finally:
                self.selects_in_view = False

    def show_help(self) -> None:
        """Show all keys."""
        self.help_box = HelpSheet(help_sheet(self.translate), self.translate("Keys and mouse"), self)
        self.help_box.show()

    def show_about(self) -> None:
        """Say what this is."""
        text = self.translate(
            "MCDetect {version} finds microcalcifications in mammograms.\n\n"
            "For research use only. It is not a medical device and must not be used for diagnosis."
        )
        box = QMessageBox(QMessageBox.Information, "MCDetect", text.format(version=__version__), QMessageBox.Ok, self)
        box.setModal(False)
        box.show()
        self.about_box = box

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths:
            self.panel.detection.tell(UsageError("not-local", "Only files of this computer can be dropped.", ""))
            return
        event.acceptProposedAction()
        # The program that the files come from waits until this returns.
        QTimer.singleShot(0, lambda: self.open_paths([os.fspath(path) for path in paths]))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Go at once; what is being written or sent comes to its end behind a window that is not seen any more."""
        if not self._is_leaving and not self._work_is_being_exported() and not self._may_leave():
            event.ignore()
            return
        self.hide()
        if self.panel.reporting.is_busy:
            self._is_leaving = True
            self.panel.cancel()
            event.ignore()
            return
        self._timer.stop()
        if self.fetching is not None:
            self.fetching.stop()
        self.background_work.close()
        self._end_session()
        self.panel.close()
        if self.client is not None:
            self.client.close()
        self.views.finish()
        event.accept()

    def _work_is_being_exported(self) -> bool:
        session = self.session
        return session is not None and self.panel.reporting.exports is session.state

    def _poll(self) -> None:
        self.panel.poll()
        if self._is_leaving and not self.panel.reporting.is_busy:
            self._leave()

    def _leave(self) -> None:
        """Close for good, or come back with what went wrong while it was written or sent."""
        if self.panel.reporting.has_failed:
            self._is_leaving, self._keeps_work = False, True
            self.show()
        else:
            self.close()
