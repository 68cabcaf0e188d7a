"""Slicer's module ``qt``: widgets of PyQt5, dressed as PythonQt shows them; dialogs answer what a test tells them."""

from __future__ import annotations

import types
from typing import Any, ClassVar

from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from MCDetect.desktop.qt_toolkit import PyQt5Toolkit


def connect_as_in_python_qt(sender: Any, signal: str, listener: Any) -> None:
    """Connect as PythonQt's QObject.connect does, which passes no more arguments than the listener takes."""
    PyQt5Toolkit().connect(sender, signal, listener)


class Timer(QtCore.QTimer):
    connect = connect_as_in_python_qt


class Shortcut(QtWidgets.QShortcut):
    connect = connect_as_in_python_qt


class MessageBox(QtWidgets.QMessageBox):
    """Answers as a test has told it, with Escape where no button is called so; keeps what it has shown."""

    shown: ClassVar[list[MessageBox]] = []
    answer = ""

    def exec_(self) -> int:
        MessageBox.shown.append(self)
        self.show()  # Qt decides here what Escape means
        button = next((button for button in self.buttons() if button.text() == self.answer), None)
        if button is None:
            QtTest.QTest.keyClick(self, QtCore.Qt.Key_Escape)
        else:
            button.click()
        assert not self.isVisible(), "Escape does nothing: no button means it"
        return 0


class InputDialog(QtWidgets.QInputDialog):
    answer: str | None = None

    def exec_(self) -> int:
        if self.answer is not None:
            self.setTextValue(self.answer)
        return int(self.answer is not None)


class FileDialog:
    answer = ""

    @classmethod
    def getExistingDirectory(cls, _parent: Any, _title: str) -> str:  # noqa: N802 -- as in Qt
        return cls.answer

    @classmethod
    def getSaveFileName(cls, _parent: Any, _title: str, _name: str) -> str:  # noqa: N802 -- as in Qt
        return cls.answer


def qt_module() -> types.ModuleType:
    """Return the module ``qt``."""
    qt = types.ModuleType("qt")
    for source in (QtCore, QtGui, QtWidgets):
        qt.__dict__.update({name: value for name, value in vars(source).items() if name.startswith("Q")})
    own = {"QTimer": Timer, "QShortcut": Shortcut, "QMessageBox": MessageBox}
    qt.__dict__.update({**own, "QInputDialog": InputDialog, "QFileDialog": FileDialog})
    return qt
