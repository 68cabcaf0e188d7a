"""Movements of the mouse that QTest cannot make."""

from __future__ import annotations

from typing import Any


def move(view: Any, point: Any, button: Any) -> None:
    """Move the mouse to a point of a widget with a button held, or with Qt.NoButton."""
    from PyQt5.QtCore import QEvent, QPointF, Qt
    from PyQt5.QtGui import QMouseEvent
    from PyQt5.QtWidgets import QApplication

    event = QMouseEvent(QEvent.MouseMove, QPointF(point), button, Qt.MouseButtons(button), Qt.NoModifier)
    QApplication.sendEvent(view, event)
