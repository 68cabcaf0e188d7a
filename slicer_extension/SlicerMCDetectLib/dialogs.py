"""Questions to the user, through Slicer's Qt."""

from __future__ import annotations

from collections.abc import Sequence

import qt
import slicer


def ask(question: str, choices: Sequence[str]) -> int:
    """Return the index of the chosen answer, -1 for none."""
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.setIcon(qt.QMessageBox.Question)
    box.setWindowTitle("MCDetect")
    box.setText(question)
    buttons = [box.addButton(choice, qt.QMessageBox.AcceptRole) for choice in choices]
    # Escape and the window's own way to close mean this button. Without it they would mean the single choice.
    box.addButton(qt.QMessageBox.Cancel)
    box.exec_()
    chosen = box.clickedButton()
    return next((index for index, button in enumerate(buttons) if button == chosen), -1)


def ask_text(title: str, label: str, text: str = "") -> str | None:
    """Return what the user types, None when it is cancelled."""
    # Not QInputDialog.getText: it says through a pointer whether the answer was accepted, and each binding of Qt
    # treats that in a way of its own.
    dialog = qt.QInputDialog(slicer.util.mainWindow())
    dialog.setWindowTitle(title)
    dialog.setLabelText(label)
    dialog.setTextValue(text)
    return str(dialog.textValue()) if dialog.exec_() else None


def ask_folder(title: str) -> str | None:
    """Return a folder, None when it is cancelled."""
    return str(qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title)) or None


def ask_file(title: str, name: str) -> str | None:
    """Return a file to be written, None when it is cancelled."""
    return str(qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), title, name)) or None
