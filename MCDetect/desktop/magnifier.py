"""A magnifying glass: the pixels round the pointer, larger, without marks."""

from __future__ import annotations

from typing import Any

import numpy as np
from PyQt5.QtCore import QPoint, QSize, Qt
from PyQt5.QtGui import QImage, QPixmap
from PyQt5.QtWidgets import QFrame, QLabel, QWidget

from MCDetect.review.hanging import Flips
from MCDetect.review.magnification import magnified, pixels_across
from MCDetect.review.overlay.nodes import pixels_of

_SIDE = 360


class Magnifier(QLabel):
    """Floats beside the pointer over the view."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        # A window of its own, because it lies over windows that OpenGL draws into.
        self.setAttribute(Qt.WA_NativeWindow)
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setFrameStyle(QFrame.Box | QFrame.Plain)
        self.setLineWidth(2)
        self.setStyleSheet("QLabel { color: #56b4e9; background: black; }")
        self.setFixedSize(QSize(_SIDE, _SIDE))
        self.hide()

    def show_place(self, volume: Any, place: tuple[float, float], flips: Flips, at: QPoint, scale: float) -> None:
        """Show a place (row, column) of a volume node.

        ``at`` is the position in the parent, ``scale`` how many pixels of the screen the view shows for one of the
        image.
        """
        values = pixels_of(volume)
        shown = volume.GetDisplayNode()
        picture = magnified(values, place, (shown.GetWindow(), shown.GetLevel()), flips, pixels_across(_SIDE, scale))
        if "Inverted" in (shown.GetColorNodeID() or ""):
            picture = np.ascontiguousarray(255 - picture)
        height, width = picture.shape
        image = QImage(picture.tobytes(), width, height, width, QImage.Format_Grayscale8)
        self.setPixmap(QPixmap.fromImage(image).scaled(_SIDE, _SIDE, Qt.KeepAspectRatio, Qt.SmoothTransformation))
        corner = at + QPoint(24, 24)
        area = self.parentWidget().size()
        if corner.x() + _SIDE > area.width():
            corner.setX(at.x() - 24 - _SIDE)
        if corner.y() + _SIDE > area.height():
            corner.setY(at.y() - 24 - _SIDE)
        self.move(max(0, corner.x()), max(0, corner.y()))
        self.show()
        self.raise_()
