"""Clicks and drawn lines in slice views, while a tool is on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import slicer

from SlicerMCDetectLib.telling import errors_told

_PRIORITY = 100.0  # before Slicer's own interaction, which does not get what a tool takes

Point = tuple[float, float]


class Pointer:
    """Takes the left button of the mouse from Slicer while a tool is on.

    Parameters
    ----------
    position
        Returns (row, column) of a place in the slice view of a slice node, None outside an image.
    spacing
        Returns millimetres (between rows, between columns) of what a slice node shows, None where it shows nothing.
    clicked, drawn
        Called with the slice node and the place, or the places of a closed line.
    """

    def __init__(
        self,
        position: Callable[[Any, float, float], Point | None],
        spacing: Callable[[Any], Point | None],
        clicked: Callable[[Any, Point], object],
        drawn: Callable[[Any, list[Point]], object],
    ) -> None:
        self._position = position
        self._spacing = spacing
        self._clicked = clicked
        self._drawn = drawn
        self._observed: list[tuple[Any, int]] = []
        self._draws = False
        self._line: list[Point] = []
        self._line_of: Any = None
        self._shown: Any = None

    def start(self, views: Iterable[tuple[Any, Any]], *, draws: bool) -> None:
        """Listen to these (slice node, interactor) pairs: to lines if ``draws``, else to clicks."""
        self.stop()
        self._draws = draws
        events = {
            "LeftButtonPressEvent": self._press,
            "MouseMoveEvent": self._move,
            "LeftButtonReleaseEvent": self._release,
        }
        for node, interactor in views:
            for event, handle in events.items():
                self._observe(node, interactor, event, handle)

    def stop(self) -> None:
        """Give the mouse back."""
        for interactor, tag in self._observed:
            interactor.RemoveObserver(tag)
        self._observed = []
        self._forget_line()

    def _observe(self, node: Any, interactor: Any, event: str, handle: Callable[[Any, Any], bool]) -> None:
        tags: list[int] = []

        def on_event(caller: Any, _event: str) -> None:
            with errors_told():
                if handle(node, caller):
                    command = caller.GetCommand(tags[0])
                    if command is not None:
                        command.SetAbortFlag(1)

        tags.append(interactor.AddObserver(event, on_event, _PRIORITY))
        self._observed.append((interactor, tags[0]))

    def _place(self, node: Any, interactor: Any) -> Point | None:
        return self._position(node, *interactor.GetEventPosition()[:2])

    def _press(self, node: Any, interactor: Any) -> bool:
        place = self._place(node, interactor)
        if place is None:
            return False
        if self._draws:
            self._line, self._line_of = [place], node
        else:
            self._clicked(node, place)
        return True

    def _move(self, node: Any, interactor: Any) -> bool:
        if self._line_of is not node or not self._line:
            return False
        place = self._place(node, interactor)
        if place is not None and place != self._line[-1]:
            self._line.append(place)
            self._show_line()
        return True

    def _release(self, node: Any, interactor: Any) -> bool:
        if not self._line:
            return not self._draws
        line, drawn_in = self._line, self._line_of
        self._forget_line()
        if len(line) >= 3:
            self._drawn(drawn_in, line)
        return True

    def _show_line(self) -> None:
        """Show what has been drawn so far, in its slice view only."""
        from MCDetect.review.overlay import lines, nodes
        from MCDetect.review.overlay.styles import STYLES, Lines

        if not nodes.is_there(slicer.mrmlScene, self._shown):
            self._shown = nodes.make_lines(slicer.mrmlScene, "MCDetect line", STYLES[Lines.SELECTED])
            self._shown.SetHideFromEditors(True)
            self._shown.SetSaveWithScene(False)
        spacing = self._spacing(self._line_of)
        if spacing is None:
            return
        nodes.set_lines(self._shown, lines.closed(self._line), spacing)
        nodes.show_in(self._shown, [self._line_of.GetID()], True)

    def _forget_line(self) -> None:
        self._line, self._line_of = [], None
        if self._shown is not None and slicer.mrmlScene.IsNodePresent(self._shown):
            slicer.mrmlScene.RemoveNode(self._shown.GetDisplayNode())
            slicer.mrmlScene.RemoveNode(self._shown)
        self._shown = None
