"""An MRML slice view in a Qt widget: rendering and geometry. What mouse and keys do is in ``slice_view.py``."""

from __future__ import annotations

from typing import Any

import slicer
import vtkmodules.qt

vtkmodules.qt.PyQtImpl = "PyQt5"

import vtkmodules.vtkRenderingFreeType
import vtkmodules.vtkRenderingOpenGL2
from PyQt5.QtCore import QEvent, QPoint, QTimer, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QWidget
from vtkmodules.qt.QVTKRenderWindowInteractor import QVTKRenderWindowInteractor
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkImageMapper, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from MCDetect.desktop.annotations import Annotations
from MCDetect.desktop.mrml import MANAGERS, SliceScene
from MCDetect.review.overlay.geometry import from_ras

Place = tuple[float, float]


class SliceCanvas(QVTKRenderWindowInteractor):  # type: ignore[misc]
    """A widget that shows what a vtkMRMLSliceNode sees.

    Parameters
    ----------
    owner
        The scene.
    name
        Of the slice node, the widget, and for screen readers.
    parent
        The widget it is in.

    Attributes
    ----------
    node, logic
        vtkMRMLSliceNode and vtkMRMLSliceLogic.
    spacing_mm
        (between rows, between columns) of the image that is shown; None without one.
    line
        Places (row, column) of a line that is being drawn.
    pointer
        Place of the pointer that the keys move.

    Signals
    -------
    resized()
        The view has another size.
    """

    resized = pyqtSignal()

    def __init__(self, owner: SliceScene, name: str, parent: QWidget | None = None) -> None:
        self._renderer = vtkRenderer()
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        window = vtkRenderWindow()
        window.SetMultiSamples(0)
        window.AddRenderer(self._renderer)
        interactor = vtkGenericRenderWindowInteractor()
        interactor.SetRenderWindow(window)
        super().__init__(parent, rw=window, iren=interactor)
        self.setObjectName(name)
        self.setAccessibleName(name)
        self.spacing_mm: Place | None = None
        self.line: list[Place] = []
        self.pointer: Place | None = None
        self._make_logic(owner, name)
        self.annotations = Annotations(self._renderer)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.render_now)
        self._observer = self._managers.AddObserver("UpdateEvent", lambda *_: self.schedule())
        self._node_observer = self.node.AddObserver("ModifiedEvent", lambda *_: self.schedule())
        self._logic_observer = self.logic.AddObserver("ModifiedEvent", lambda *_: self._follow_logic())

    def _make_logic(self, owner: SliceScene, name: str) -> None:
        self._owner = owner
        self.logic: Any = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(owner.application)
        owner.application.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(owner.scene)
        self.node: Any = self.logic.AddSliceNode(name)
        self._managers: Any = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.SetRenderer(self._renderer)
        self._managers.Initialize(owner.factory, self._renderer)
        self._managers.SetMRMLDisplayableNode(self.node)
        assert len(MANAGERS) <= self._managers.GetDisplayableManagerCount()
        self._mapper = vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._picture = vtkActor2D()
        self._picture.SetMapper(self._mapper)
        self._picture.GetProperty().SetDisplayLocationToBackground()
        self._picture.SetVisibility(False)
        self._renderer.AddViewProp(self._picture)

    # Rendering

    def schedule(self) -> None:
        """Draw soon, once for all changes until then."""
        if not self._timer.isActive() and self.isVisible():
            self._timer.start()

    def render_now(self) -> None:
        """Draw now, if the view is on the screen."""
        if self.isVisible() and self.width() > 1:
            self.annotations.draw_line([self.to_screen(place) for place in self.line], self.size_in_pixels)
            pointer = None if self.pointer is None else self.to_screen(self.pointer)
            self.annotations.draw_pointer(pointer)
            self.render_window()

    def render_window(self) -> None:
        """Let VTK draw."""
        self._RenderWindow.Render()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw again when a part of the screen was uncovered, together with whatever else is to be drawn."""
        self.schedule()

    def _follow_logic(self) -> None:
        connection = self.logic.GetImageDataConnection()
        self._picture.SetVisibility(bool(connection))
        if connection:
            self._mapper.SetInputConnection(connection)
        self.schedule()

    # Geometry

    @property
    def size_in_pixels(self) -> tuple[int, int]:
        """(width, height) in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def screen_position(self, point: QPoint) -> Place:
        """Return (x, y) in pixels from the lower left corner for a position of a Qt event."""
        ratio = self.devicePixelRatioF()
        return point.x() * ratio, self.size_in_pixels[1] - 1 - point.y() * ratio

    def to_image(self, x: float, y: float) -> Place | None:
        """Return (row, column) of the image at a place of the screen; None without an image."""
        if self.spacing_mm is None:
            return None
        return from_ras(self.node.GetXYToRAS().MultiplyPoint((x, y, 0.0, 1.0)), self.spacing_mm)

    def to_screen(self, place: Place) -> Place:
        """Return (x, y) of the screen for (row, column) of the image."""
        if self.spacing_mm is None:
            return 0.0, 0.0
        matrix = self._inverse()
        x, y, *_ = matrix.MultiplyPoint((-place[1] * self.spacing_mm[1], -place[0] * self.spacing_mm[0], 0.0, 1.0))
        return float(x), float(y)

    def to_widget(self, place: Place) -> QPoint:
        """Return the position in the widget for (row, column) of the image."""
        ratio = self.devicePixelRatioF()
        x, y = self.to_screen(place)
        return QPoint(round(x / ratio), round((self.size_in_pixels[1] - 1 - y) / ratio))

    def _inverse(self) -> Any:
        from vtkmodules.vtkCommonMath import vtkMatrix4x4

        matrix = vtkMatrix4x4()
        vtkMatrix4x4.Invert(self.node.GetXYToRAS(), matrix)
        return matrix

    # The screen

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle and how much of the image is seen."""
        super().resizeEvent(event)
        self.fit_to_widget()
        self.resized.emit()

    def fit_to_widget(self) -> None:
        """Tell MRML how large the view is."""
        width, height = self.size_in_pixels
        self._RenderWindow.SetSize(width, height)
        self.logic.ResizeSliceNode(width, height)
        self.place_annotations()
        self.schedule()

    def place_annotations(self) -> None:
        """Put texts into the corners; VTK itself makes them larger on screens of many dots."""
        self.annotations.place(*self.size_in_pixels, self.logicalDpiY() / 96)

    def finish(self) -> None:
        """Free what belongs to the screen, before the widget goes."""
        self._timer.stop()
        self._managers.RemoveObserver(self._observer)
        self.node.RemoveObserver(self._node_observer)
        self.logic.RemoveObserver(self._logic_observer)
        self._managers.SetMRMLDisplayableNode(None)
        self._mapper.RemoveAllInputConnections(0)
        self._owner.application.GetSliceLogics().RemoveItem(self.logic)
        self.logic.SetMRMLScene(None)
        self.Finalize()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Nothing of VTK's own keys."""
        event.ignore()

    def enterEvent(self, event: QEvent) -> None:
        """Nothing of VTK's own events."""
