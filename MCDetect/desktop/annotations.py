"""What is written and drawn over a view besides the findings: its name, zoom and window, a scale, a line, a pointer."""

from __future__ import annotations

from collections.abc import Sequence

from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkRenderer, vtkTextActor

_TEXT = (0.92, 0.92, 0.92)
_LINE = (0.941, 0.894, 0.259)
_ACTIVE = (0.337, 0.706, 0.914)
_CROSS = 9
_MARGIN = 8
_SCALE_PIXELS = 120
_TICK = 4
_LENGTHS_MM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


class Annotations:
    """Texts in the corners of a view, the line being drawn, the pointer of the keyboard and a frame."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._title, self._state, self._note = vtkTextActor(), vtkTextActor(), vtkTextActor()
        self._length = vtkTextActor()
        for actor in (self._title, self._state, self._note, self._length):
            actor.GetTextProperty().SetColor(*_TEXT)
            actor.GetTextProperty().SetShadow(True)
            # Over bright tissue a shadow alone is not enough.
            actor.GetTextProperty().SetBackgroundColor(0.0, 0.0, 0.0)
            actor.GetTextProperty().SetBackgroundOpacity(0.45)
            actor.SetVisibility(False)
            renderer.AddViewProp(actor)
        self._title.GetTextProperty().SetBold(True)
        self._line, self._line_actor = _drawing(renderer, _LINE, 2)
        self._cross, self._cross_actor = _drawing(renderer, _LINE, 2)
        self._frame, self._frame_actor = _drawing(renderer, _ACTIVE, 3)
        self._frame_actor.SetVisibility(False)
        self._scale, self._scale_actor = _drawing(renderer, _TEXT, 1.5)
        self._mm_per_pixel = 0.0
        self._chest_wall = ""
        self._size = (1, 1)

    def place(self, width: int, height: int, scale: float) -> None:
        """Put the texts into the corners of a view of this size, ``scale`` times as large as usual."""
        self._size = (width, height)
        for actor, points in ((self._title, 15), (self._state, 12), (self._note, 12), (self._length, 12)):
            actor.GetTextProperty().SetFontSize(round(points * scale))
        # The breast is at the chest wall; texts stand on the other side.
        right = self._chest_wall == "left"
        x = width - _MARGIN if right else _MARGIN
        for actor, y, top in ((self._title, height - _MARGIN, True), (self._state, _MARGIN, False)):
            actor.SetPosition(x, y)
            properties = actor.GetTextProperty()
            properties.SetJustificationToRight() if right else properties.SetJustificationToLeft()
            properties.SetVerticalJustificationToTop() if top else properties.SetVerticalJustificationToBottom()
        self._note.SetPosition(width / 2, height / 2)
        self._note.GetTextProperty().SetJustificationToCentered()
        corners = [(1, 1), (width - 2, 1), (width - 2, height - 2), (1, height - 2), (1, 1)]
        _fill(self._frame, corners)
        self._place_scale(x, right, scale)

    def _place_scale(self, x: float, right: bool, scale: float) -> None:
        """Draw a line of so many millimetres above the state."""
        shown = bool(self._state.GetInput()) and self._mm_per_pixel > 0
        self._scale_actor.SetVisibility(shown)
        self._length.SetVisibility(shown)
        if not shown:
            return
        longest = _SCALE_PIXELS * scale * self._mm_per_pixel
        millimetres = max((one for one in _LENGTHS_MM if one <= longest), default=_LENGTHS_MM[0])
        pixels, y = millimetres / self._mm_per_pixel, _MARGIN + 26 * scale
        first, last = (x - pixels, x) if right else (x, x + pixels)
        tick = _TICK * scale
        _fill(
            self._scale,
            [(first, y + tick), (first, y - tick), (first, y), (last, y), (last, y + tick), (last, y - tick)],
        )
        self._length.SetInput(f"{millimetres:g} mm")
        properties = self._length.GetTextProperty()
        properties.SetJustificationToRight() if right else properties.SetJustificationToLeft()
        properties.SetVerticalJustificationToBottom()
        self._length.SetPosition(x, y + tick)

    def show(self, title: str, state: str, note: str, chest_wall: str, mm_per_pixel: float = 0.0) -> None:
        """Write title and state in the corners, a note in the middle, and draw a scale where its size is known."""
        self._chest_wall = chest_wall
        self._mm_per_pixel = mm_per_pixel
        for actor, text in ((self._title, title), (self._state, state), (self._note, note)):
            if actor.GetInput() != text:
                actor.SetInput(text)
            actor.SetVisibility(bool(text))

    def set_active(self, active: bool) -> None:
        """Frame the view that keys are for."""
        self._frame_actor.SetVisibility(active)

    def draw_line(self, points: Sequence[tuple[float, float]], size: tuple[int, int]) -> None:
        """Show the line that is being drawn, in pixels of the screen."""
        self._line_actor.SetVisibility(len(points) > 1)
        if len(points) > 1:
            _fill(self._line, points)

    def draw_pointer(self, point: tuple[float, float] | None) -> None:
        """Show the pointer that arrow keys move."""
        self._cross_actor.SetVisibility(point is not None)
        if point is not None:
            x, y = point
            ends = [(x - _CROSS, y), (x + _CROSS, y), (x, y), (x, y + _CROSS), (x, y - _CROSS)]
            _fill(self._cross, ends)


def _drawing(renderer: vtkRenderer, colour: tuple[float, float, float], width: float) -> tuple[vtkPolyData, vtkActor2D]:
    data, mapper, actor = vtkPolyData(), vtkPolyDataMapper2D(), vtkActor2D()
    mapper.SetInputData(data)
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*colour)
    actor.GetProperty().SetLineWidth(width)
    actor.SetVisibility(False)
    renderer.AddViewProp(actor)
    return data, actor


def _fill(data: vtkPolyData, places: Sequence[tuple[float, float]]) -> None:
    points, cells = vtkPoints(), vtkCellArray()
    cells.InsertNextCell(len(places))
    for x, y in places:
        cells.InsertCellPoint(points.InsertNextPoint(x, y, 0.0))
    data.SetPoints(points)
    data.SetLines(cells)
    data.Modified()
