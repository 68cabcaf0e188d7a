"""A magnifying glass: the pixels round the pointer, larger, without marks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PyQt5.QtCore import QPoint, QSize, Qt
from PyQt5.QtGui import QImage, QPixmap
from PyQt5.QtWidgets import QFrame, QLabel, QWidget
from vtkmodules.util.numpy_support import vtk_to_numpy

from MCDetect.review.hanging import Flips

_SIDE = 360
_MAGNIFICATION = 2


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

    def show_place(self, volume: Any, place: tuple[float, float], flips: Flips, at: QPoint) -> None:
        """Show a place (row, column) of a volume node, ``at`` a position of the parent."""
        values = _pixels(volume)
        shown = volume.GetDisplayNode()
        picture = magnified(values, place, (shown.GetWindow(), shown.GetLevel()), flips, _SIDE // _MAGNIFICATION)
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


def magnified(
    values: npt.NDArray[np.generic],
    place: tuple[float, float],
    window_level: tuple[float, float],
    flips: Flips,
    side: int,
) -> npt.NDArray[np.uint8]:
    """Return ``side`` by ``side`` pixels round a place as 8 bits, black outside of the image."""
    window, level = window_level
    row, column = round(place[0]) - side // 2, round(place[1]) - side // 2
    picture = np.zeros((side, side), dtype=np.uint8)
    rows, columns = values.shape
    first_row, last_row = max(0, row), min(rows, row + side)
    first_column, last_column = max(0, column), min(columns, column + side)
    if first_row < last_row and first_column < last_column:
        part = values[first_row:last_row, first_column:last_column].astype(np.float32)
        shown = np.clip((part - (level - window / 2)) / max(window, 1e-6), 0, 1) * 255
        picture[first_row - row : last_row - row, first_column - column : last_column - column] = shown
    picture = picture[:, ::-1] if flips.horizontal else picture
    picture = picture[::-1] if flips.vertical else picture
    return np.ascontiguousarray(picture)


def _pixels(volume: Any) -> npt.NDArray[np.generic]:
    image = volume.GetImageData()
    columns, rows, _ = image.GetDimensions()
    values: npt.NDArray[np.generic] = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns)
    return values
