"""The sheet of all keys; where it is larger than the window it can be scrolled."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QLabel, QScrollArea, QVBoxLayout, QWidget

_MARGIN = 12


class HelpSheet(QDialog):
    """Stays open beside the work.

    Parameters
    ----------
    text
        HTML.
    title
        Of the window.
    parent
        The main window.
    """

    def __init__(self, text: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("helpSheet")
        self.setWindowTitle(title)
        self.setModal(False)
        self._sheet = QLabel(text)
        self._sheet.setTextFormat(Qt.RichText)
        self._sheet.setMargin(_MARGIN)
        scrolled = QScrollArea()
        scrolled.setFrameShape(QScrollArea.NoFrame)
        scrolled.setWidget(self._sheet)
        buttons = QDialogButtonBox(QDialogButtonBox.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(scrolled)
        layout.addWidget(buttons)
        wanted = self._sheet.sizeHint()
        bar = scrolled.verticalScrollBar().sizeHint().width()
        frame = layout.contentsMargins()
        width = wanted.width() + bar + frame.left() + frame.right()
        height = wanted.height() + buttons.sizeHint().height() + layout.spacing() + frame.top() + frame.bottom() + bar
        self.resize(min(width, parent.width()), min(height, parent.height()))

    def text(self) -> str:
        """Return what it shows."""
        return self._sheet.text()
