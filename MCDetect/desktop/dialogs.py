"""Dialogs of the window. Errors do not block: they stand in a box that can be left open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QPushButton, QWidget


class Dialogs:
    """Asks and tells.

    Parameters
    ----------
    parent
        The window.
    """

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self.told: list[QMessageBox] = []
        self.place = Path.home()
        """Where dialogs for files and folders begin: where the last one ended, or beside what is open."""

    def tell(self, message: str, hint: str, details: str = "") -> None:
        """Show what went wrong; the same sentence is not shown twice at once."""
        self.told = [box for box in self.told if box.isVisible()]
        if any(box.text() == message for box in self.told):
            return
        box = QMessageBox(QMessageBox.Warning, "MCDetect", message, QMessageBox.Ok, self._parent)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(hint)
        if details:
            box.setDetailedText(details)
        box.setModal(False)
        box.show()
        self.told.append(box)

    def ask(self, question: str, choices: Sequence[str]) -> int:
        """Return the index of the answer, -1 for none."""
        box = QMessageBox(QMessageBox.Question, "MCDetect", question, QMessageBox.NoButton, self._parent)
        box.setTextFormat(Qt.TextFormat.PlainText)
        buttons: list[QPushButton] = []
        for choice in choices:
            button = box.addButton(choice, QMessageBox.ActionRole)
            assert button is not None
            buttons.append(button)
        box.addButton(QMessageBox.Cancel)
        box.exec_()
        clicked = box.clickedButton()
        return next((index for index, button in enumerate(buttons) if button is clicked), -1)

    def ask_text(self, title: str, label: str, text: str = "") -> str | None:
        """Return what is typed, None when cancelled."""
        typed, accepted = QInputDialog.getText(self._parent, title, label, text=text)
        return typed if accepted else None

    def ask_folder(self, title: str) -> str | None:
        """Return a folder, None when cancelled."""
        return self._chosen(QFileDialog.getExistingDirectory(self._parent, title, str(self.place)))

    def ask_files(self, title: str) -> list[str]:
        """Return files to open."""
        ours, every = (QCoreApplication.translate("MCDetect", text) for text in ("Mammograms and results", "All files"))
        kinds = f"{ours} (*.dcm *.DCM DICOMDIR *.png *.tif *.tiff *.json);;{every} (*)"
        return QFileDialog.getOpenFileNames(self._parent, title, str(self.place), kinds)[0]

    def ask_file(self, title: str, name: str) -> str | None:
        """Return a file to be written, None when cancelled."""
        return self._chosen(QFileDialog.getSaveFileName(self._parent, title, str(self.place / name))[0])

    def _chosen(self, path: str) -> str | None:
        if path:
            self.place = Path(path).parent
        return path or None
