"""What is shown above the pixels and what a click in them means: marks, probability, tools, the magnifier."""

from __future__ import annotations

from typing import Any

from MCDetect.desktop.magnifier import Magnifier
from MCDetect.desktop.navigation import mm_per_pixel
from MCDetect.desktop.slice_view import SliceView
from MCDetect.desktop.windowed_views import WindowedViews
from MCDetect.review.overlay.overlay import Marks
from MCDetect.review.panel.host import Tool


class MarkedViews(WindowedViews):
    """What a view area knows of marks and tools."""

    views: list[SliceView]
    magnifier: Magnifier
    magnifies: bool
    clicked: Any
    drawn: Any
    tool = Tool.NONE
    marks: tuple[bool, bool]
    """Whether outlines and calcifications are shown."""

    def set_marks(self, outlines: bool, calcifications: bool) -> None:
        """Show or hide outlines and marks."""
        self.marks = (outlines, calcifications)
        self.apply_marks()

    def apply_marks(self) -> None:
        """Bring the switches to the overlay."""
        if self.overlay is not None:
            outlines, calcifications = self.marks
            self.overlay.set_marks(Marks.RINGS if calcifications else Marks.NONE)
            self.overlay.set_visible(outlines or calcifications, labels=outlines, outlines=outlines)

    def set_probability_map(self, key: str, probability: Any) -> None:
        """Show the probability map of a view, or none."""
        if self.overlay is not None:
            self.overlay.set_probability_map(key, probability)

    def set_tool(self, tool: Tool) -> None:
        """Let clicks and lines be told."""
        self.tool = tool
        for view in self.views:
            self.give_tool(view)

    def give_tool(self, view: SliceView) -> None:
        """Let a view know the tool that is on."""
        view.set_tool(clicks=self.tool in (Tool.ADD, Tool.REMOVE), draws=self.tool.draws)

    def tell_click(self, view: SliceView, row: float, column: float) -> None:
        """Tell of a click with a tool."""
        if (key := self.key_of(view)) is not None:
            self.clicked.emit(key, row, column)

    def tell_line(self, view: SliceView, line: list[tuple[float, float]]) -> None:
        """Tell of a line that was drawn."""
        if (key := self.key_of(view)) is not None:
            self.drawn.emit(key, line)

    def set_magnifying(self, magnifies: bool) -> None:
        """Let the magnifier follow the pointer."""
        self.magnifies = magnifies
        if not magnifies:
            self.magnifier.hide()

    def magnify_under_pointer(self, view: SliceView, row: float, column: float) -> None:
        """Show a place in the magnifier, if that is on."""
        key = self.key_of(view)
        if self.magnifies and key is not None and self.overlay is not None:
            at = view.mapTo(self, view.to_widget((row, column)))
            scale = min(view.spacing_mm or (1.0, 1.0)) / mm_per_pixel(view.node)
            self.magnifier.show_place(self.overlay.volume(key), (row, column), self.slots[view].flips, at, scale)
