"""One view of the window: an MRML slice view in a Qt widget, with the mouse and keys of a mammography workstation.

Left button: pan, or select the finding under it, or what the tool says. Right button: window and level. Wheel: zoom
about the pointer. The widget knows nothing of findings: it tells where something happened, in pixels of the image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtkmodules.qt

vtkmodules.qt.PyQtImpl = "PyQt5"

import vtkmodules.vtkRenderingFreeType
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
from PyQt5.QtCore import QEvent, QPoint, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PyQt5.QtWidgets import QWidget
from vtkmodules.qt.QVTKRenderWindowInteractor import QVTKRenderWindowInteractor
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkImageMapper, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from MCDetect.desktop.annotations import Annotations
from MCDetect.desktop.mrml import MANAGERS, SliceScene
from MCDetect.desktop.navigation import Move, pan_by, zoom_about
from MCDetect.review.overlay.geometry import from_ras

_WHEEL_STEP = 0.88
_CLICK_PIXELS = 4
_KEY_STEP = 40
_ARROWS = {
    Qt.Key_Left: (-1, 0),
    Qt.Key_Right: (1, 0),
    Qt.Key_Up: (0, 1),
    Qt.Key_Down: (0, -1),
}

Place = tuple[float, float]


class SliceView(QVTKRenderWindowInteractor):  # type: ignore[misc]
    """An MRML slice view.

    Signals
    -------
    moved(Move)
        The user has zoomed or panned this view.
    windowed(float, float)
        The mouse was dragged with the right button by this part of the view's width and height.
    clicked(float, float), hovered(float, float), drawn(list)
        (row, column) of a click or of the pointer, and a closed line of such places.
    activated()
        The view has the focus.
    """

    moved = pyqtSignal(object)
    windowed = pyqtSignal(float, float)
    clicked = pyqtSignal(float, float)
    hovered = pyqtSignal(float, float)
    left = pyqtSignal()
    drawn = pyqtSignal(object)
    activated = pyqtSignal()
    doubled = pyqtSignal()

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
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.spacing_mm: Place | None = None
        self.tool_clicks = self.tool_draws = False
        self._pressed: QPoint | None = None
        self._last: QPoint | None = None
        self._button = Qt.NoButton
        self._line: list[Place] = []
        self._pointer: Place | None = None
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
            self.annotations.draw_line([self.to_screen(place) for place in self._line], self.size_in_pixels)
            pointer = None if self._pointer is None or not self._uses_tool else self.to_screen(self._pointer)
            self.annotations.draw_pointer(pointer)
            self._RenderWindow.Render()

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

    # What the user does

    @property
    def _uses_tool(self) -> bool:
        return self.tool_clicks or self.tool_draws

    def set_tool(self, *, clicks: bool, draws: bool) -> None:
        """Let clicks or drawn lines be told, and not pan."""
        self.tool_clicks, self.tool_draws = clicks, draws
        self._line = []
        self._pointer = None
        self.setCursor(Qt.CrossCursor if clicks or draws else Qt.ArrowCursor)
        self.schedule()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what the button stands for."""
        self.setFocus(Qt.MouseFocusReason)
        if self._button != Qt.NoButton or self.spacing_mm is None:
            return
        self._button, self._pressed, self._last = event.button(), event.pos(), event.pos()
        self._line = []
        if self.tool_draws and self._button == Qt.LeftButton:
            self._extend_line(event.pos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, draw, or change the window."""
        place = self.to_image(*self.screen_position(event.pos()))
        if place is not None:
            self.hovered.emit(*place)
        if self._last is None or self._button == Qt.NoButton:
            return
        delta, self._last = event.pos() - self._last, event.pos()
        if self._button == Qt.RightButton:
            self.windowed.emit(delta.x() / max(1, self.width()), delta.y() / max(1, self.height()))
        elif self._button == Qt.LeftButton and self.tool_draws:
            self._extend_line(event.pos())
        elif self._button == Qt.MiddleButton or not self.tool_clicks:
            ratio = self.devicePixelRatioF()
            self.moved.emit(pan_by(self.node, delta.x() * ratio, -delta.y() * ratio))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it; a button that did not move has clicked."""
        if event.button() != self._button or self._pressed is None:
            return
        is_click = (event.pos() - self._pressed).manhattanLength() < _CLICK_PIXELS
        button, self._button, self._pressed, self._last = self._button, Qt.NoButton, None, None
        if button != Qt.LeftButton:
            return
        if self.tool_draws and not is_click:
            self._close_line()
        elif is_click:
            self._line = []
            place = self.to_image(*self.screen_position(event.pos()))
            if place is not None and not self.tool_draws:
                self.clicked.emit(*place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show this view alone, or all again."""
        if event.button() == Qt.LeftButton and not self._uses_tool:
            self.doubled.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        turns = event.angleDelta().y() / 120
        if turns and self.spacing_mm is not None:
            self.moved.emit(zoom_about(self.node, *self.screen_position(event.pos()), _WHEEL_STEP**turns))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan, or move the pointer of a tool; space clicks, return closes a line."""
        direction = _ARROWS.get(event.key())
        if direction is not None and self.spacing_mm is not None:
            fine = bool(event.modifiers() & Qt.ShiftModifier)
            if self._uses_tool:
                self._move_pointer(*((1 if fine else 10) * part for part in direction))
            else:
                step = _KEY_STEP * self.devicePixelRatioF() / (8 if fine else 1)
                self.moved.emit(pan_by(self.node, -direction[0] * step, -direction[1] * step))
        elif event.key() == Qt.Key_Space and self._pointer is not None and self._uses_tool:
            if self.tool_clicks:
                self.clicked.emit(*self._pointer)
            else:
                self._line.append(self._pointer)
                self.schedule()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and self.tool_draws:
            self._close_line()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Nothing of VTK's own keys."""
        event.ignore()

    def enterEvent(self, event: QEvent) -> None:
        """Nothing of VTK's own events."""

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is gone."""
        self.left.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Become the view that keys are for."""
        self.activated.emit()
        super().focusInEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle and the magnification."""
        super().resizeEvent(event)
        self.fit_to_widget()

    def fit_to_widget(self) -> None:
        """Tell MRML how large the view is."""
        width, height = self.size_in_pixels
        self._RenderWindow.SetSize(width, height)
        self.logic.ResizeSliceNode(width, height)
        self.annotations.place(width, height, self.logicalDpiY() / 96 * self.devicePixelRatioF())
        self.schedule()

    def finish(self) -> None:
        """Free what belongs to the screen, before the widget goes."""
        self._timer.stop()
        self._managers.RemoveObserver(self._observer)
        self.node.RemoveObserver(self._node_observer)
        self.logic.RemoveObserver(self._logic_observer)
        self._managers.SetMRMLDisplayableNode(None)
        self.Finalize()

    def _extend_line(self, point: QPoint) -> None:
        place = self.to_image(*self.screen_position(point))
        if place is not None:
            self._line.append(place)
            self.schedule()

    def _close_line(self) -> None:
        line, self._line = self._line, []
        self.schedule()
        if len(line) > 2:
            self.drawn.emit(line)

    def _move_pointer(self, right: float, up: float) -> None:
        width, height = self.size_in_pixels
        x, y = (width / 2, height / 2) if self._pointer is None else self.to_screen(self._pointer)
        x, y = min(max(x + right, 0), width - 1), min(max(y + up, 0), height - 1)
        self._pointer = self.to_image(x, y)
        self.schedule()


Listener = Callable[[SliceView], object]
MoveListener = Callable[[SliceView, Move], object]
