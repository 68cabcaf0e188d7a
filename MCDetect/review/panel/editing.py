"""Correcting what was found: tools for outlines, clusters and calcifications, undo and redo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from MCDetect.errors import UsageError
from MCDetect.review.drawing import is_drawn_cluster
from MCDetect.review.panel.host import Host, Tool
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.toolkit import Toolkit
from MCDetect.review.session import ReviewSession

_BUTTONS = {
    Tool.OUTLINE: "outlineButton",
    Tool.DRAW: "drawButton",
    Tool.ADD: "addButton",
    Tool.REMOVE: "removeButton",
}

_GUIDANCE = {
    Tool.NONE: "",
    Tool.OUTLINE: "Draw the new outline round the selected finding. Escape ends it.",
    Tool.DRAW: "Draw a line round the calcifications. Escape ends it.",
    Tool.ADD: "Click on each calcification that is missing. Escape ends it.",
    Tool.REMOVE: "Click on each mark that is no calcification. Escape ends it.",
}


class EditingPart(Part):
    """One tool at a time; it stays on until it is switched off, but a line is drawn once."""

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host) -> None:
        super().__init__(widgets, toolkit, host)
        self.tool = Tool.NONE
        self._says_what_passes = False
        for tool, name in _BUTTONS.items():
            self.listen(name, "clicked()", partial(self.switch_tool, tool))
        self.listen("deleteButton", "clicked()", self.delete)
        self.listen("undoButton", "clicked()", self.undo)
        self.listen("redoButton", "clicked()", self.redo)
        self.refresh()

    def set_session(self, session: ReviewSession | None) -> None:
        """Work on another session, without a tool."""
        self.start_tool(Tool.NONE)
        super().set_session(session)

    def switch_tool(self, tool: Tool) -> None:
        """Start a tool, or stop it when it is on."""
        self.start_tool(Tool.NONE if tool is self.tool else tool)

    def start_tool(self, tool: Tool) -> None:
        """Start a tool; the present one ends."""
        if tool is Tool.OUTLINE and (self.session is None or self.session.selected is None):
            self.refresh()
            raise UsageError("no-selection", "No finding is selected.", "Choose one in the table or in a view first.")
        self.tool = Tool.NONE if self.session is None else tool
        self.host.set_tool(self.tool)
        self._guide()
        self.refresh()

    def settle(self) -> None:
        """Replace what the status line says of an earlier action by what the tool is for; to be called at the next."""
        if self._says_what_passes:
            self._guide()

    def clicked(self, key: str, row: float, column: float) -> None:
        """Do what the tool does at a place of a view; of a click that misses the status line says why."""
        try:
            self._act(key, row, column)
        except UsageError as error:
            # A reader who clicks from mark to mark misses now and then, and must not have to close a dialog each time.
            self._say(f"{error.message} {error.hint}")

    def _act(self, key: str, row: float, column: float) -> None:
        session = self.session
        if session is None:
            return
        if self.tool is Tool.ADD:
            # Pixels that are not in memory yet are read from the disk, which may take a second.
            if session.examination.view(key).is_loaded:
                session.add_calcification(key, row, column)
            else:
                raise UsageError("not-loaded", "This view is still being loaded.", "Wait a moment and click again.")
        elif self.tool is Tool.REMOVE:
            identifier = session.calcification_at(key, row, column)
            if identifier is None:
                raise UsageError("no-mark-here", "There is no mark at this place.", "Click on a mark.")
            session.remove_calcification(key, identifier)

    def drawn(self, key: str, vertices: Sequence[tuple[float, float]]) -> None:
        """Take a closed line that was drawn in a view."""
        session, tool = self.session, self.tool
        if session is None or not tool.draws:
            return
        self.start_tool(Tool.NONE)
        if tool is Tool.DRAW:
            session.draw_cluster(key, list(vertices))
            return
        uid = session.selected
        if uid is None:
            return
        image, _ = session.state.find(uid)
        if image.sop_instance_uid != key:
            raise UsageError("other-view", "The selected finding is in another view.", "Draw in the view it is in.")
        session.set_outline(uid, list(vertices))

    def delete(self) -> None:
        """Remove the selected cluster, if a reader drew it."""
        if self.session is not None and self.session.selected is not None:
            self.session.delete_cluster(self.session.selected)

    def undo(self) -> None:
        """Take the last action back."""
        if self.session is not None and self.session.undo_text:
            text = self.text("Undone: {what}").format(what=self.text(self.session.undo_text))
            self.session.undo()
            self._say(text)

    def redo(self) -> None:
        """Do the last undone action again."""
        if self.session is not None and self.session.redo_text:
            text = self.text("Done again: {what}").format(what=self.text(self.session.redo_text))
            self.session.redo()
            self._say(text)

    def refresh(self) -> None:
        """Switch buttons on and off."""
        session = self.session
        selected = None if session is None else session.selected
        self.enable(session is not None, "drawButton", "addButton", "removeButton")
        self.enable(selected is not None, "outlineButton")
        is_drawn = False
        if session is not None and selected is not None:
            is_drawn = is_drawn_cluster(session.state.find(selected)[1])
        self.enable(is_drawn, "deleteButton")
        for tool, name in _BUTTONS.items():
            getattr(self.widgets, name).setChecked(tool is self.tool)
        for name, what, word in (
            ("undoButton", session.undo_text if session else "", "Undo"),
            ("redoButton", session.redo_text if session else "", "Redo"),
        ):
            button = getattr(self.widgets, name)
            button.setEnabled(bool(what))
            button.setToolTip(f"{self.text(word)}: {self.text(what)}" if what else self.text(word))

    def _guide(self) -> None:
        self._says_what_passes = False
        self.host.status(self.text(_GUIDANCE[self.tool]))

    def _say(self, text: str) -> None:
        """Say in the status line what is true until the next action."""
        self._says_what_passes = True
        self.host.status(text)
