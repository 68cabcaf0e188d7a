"""One view of the window, with the mouse and keys of a mammography workstation.

Left button: pan, or select the finding under it, or what the tool says. Right button: window and level. Wheel: zoom
about the pointer. The widget knows nothing of findings: it tells where something happened, in pixels of the image.
"""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QPoint, Qt, pyqtSignal
from PyQt5.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PyQt5.QtWidgets import QWidget

from MCDetect.desktop.mrml import SliceScene
from MCDetect.desktop.navigation import pan_by, zoom_about
from MCDetect.desktop.slice_canvas import SliceCanvas

_WHEEL_STEP = 0.88
_CLICK_PIXELS = 4
_KEY_STEP = 40
_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key_Left: (-1, 0),
    Qt.Key_Right: (1, 0),
    Qt.Key_Up: (0, 1),
    Qt.Key_Down: (0, -1),
}


class SliceView(SliceCanvas):
    """A slice view that a reader works in.

    Signals
    -------
    moved(Move)
        The user wants to zoom or pan.
    windowed(float, float)
        The mouse was dragged with the right button by this part of the view's width and height.
    clicked(float, float), hovered(float, float), drawn(list)
        (row, column) of a click or of the pointer, and a closed line of such places.
    left(), doubled(), activated()
        The pointer has gone; a double click; the view has the focus.
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
        super().__init__(owner, name, parent)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.tool_clicks = self.tool_draws = False
        self._pressed: QPoint | None = None
        self._last: QPoint | None = None
        self._button = Qt.NoButton
        self._has_moved = False

    @property
    def _uses_tool(self) -> bool:
        return self.tool_clicks or self.tool_draws

    def set_tool(self, *, clicks: bool, draws: bool) -> None:
        """Let clicks or drawn lines be told, and not pan."""
        self.tool_clicks, self.tool_draws = clicks, draws
        self.line = []
        self.pointer = None
        self.setCursor(Qt.CrossCursor if clicks or draws else Qt.ArrowCursor)
        self.schedule()

    def clear(self) -> None:
        """Show nothing: a line or a pointer of a tool belonged to what was shown."""
        self.spacing_mm = None
        self.line = []
        self.pointer = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what the button stands for."""
        self.setFocus(Qt.MouseFocusReason)
        if self._button != Qt.NoButton or self.spacing_mm is None:
            return
        self._button, self._pressed, self._last = event.button(), event.pos(), event.pos()
        self._has_moved = False
        self.line = []
        if self.tool_draws and self._button == Qt.LeftButton:
            self._extend_line(event.pos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, draw, or change the window."""
        place = self.to_image(*self.screen_position(event.pos()))
        if place is not None:
            self.hovered.emit(*place)
        if self._last is None or self._pressed is None or self._button == Qt.NoButton:
            return
        self._has_moved |= (event.pos() - self._pressed).manhattanLength() >= _CLICK_PIXELS
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
        is_click = not self._has_moved and (event.pos() - self._pressed).manhattanLength() < _CLICK_PIXELS
        button, self._button, self._pressed, self._last = self._button, Qt.NoButton, None, None
        if button != Qt.LeftButton:
            return
        if self.tool_draws and not is_click:
            self._close_line()
        elif is_click:
            self.line = []
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
        elif event.key() == Qt.Key_Space and self.pointer is not None and self._uses_tool:
            if self.tool_clicks:
                self.clicked.emit(*self.pointer)
            else:
                self.line.append(self.pointer)
                self.schedule()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and self.tool_draws:
            self._close_line()
        else:
            event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is gone."""
        self.left.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Become the view that keys are for."""
        self.activated.emit()
        super().focusInEvent(event)

    def _extend_line(self, point: QPoint) -> None:
        place = self.to_image(*self.screen_position(point))
        if place is not None:
            self.line.append(place)
            self.schedule()

    def _close_line(self) -> None:
        line, self.line = self.line, []
        self.schedule()
        if len(line) > 2:
            self.drawn.emit(line)

    def _move_pointer(self, right: float, up: float) -> None:
        width, height = self.size_in_pixels
        x, y = (width / 2, height / 2) if self.pointer is None else self.to_screen(self.pointer)
        x, y = min(max(x + right, 0), width - 1), min(max(y + up, 0), height - 1)
        self.pointer = self.to_image(x, y)
        self.schedule()
