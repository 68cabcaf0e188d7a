"""What the panel asks of the viewer it is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from MCDetect.errors import MCDetectError
from MCDetect.findings import Cluster

INSTALLABLE = frozenset({"no-torch", "no-reportlab", "pacs-not-installed"})
"""Codes of errors that say what is not installed; for these the host is asked, which may install it."""


class Tool(Enum):
    """What a click or a drawn line in a view means while it is on."""

    NONE = "none"
    OUTLINE = "a line is the new outline of the selected cluster"
    DRAW = "a line is a new cluster"
    ADD = "a click adds a calcification"
    REMOVE = "a click removes a calcification"

    @property
    def draws(self) -> bool:
        """Whether the reader draws a line, and does not click."""
        return self in (Tool.OUTLINE, Tool.DRAW)


class Host(Protocol):
    """A viewer: Slicer or the desktop window. All is called on the thread of the widgets."""

    python: str | None
    """The interpreter for processes of its own; None is the one that runs this (Slicer: the path of PythonSlicer)."""

    def open_examination(self) -> None:
        """Let the user choose an examination."""

    def show_finding(self, key: str, cluster: Cluster) -> None:
        """Centre and magnify a cluster in the view that shows the image ``key``."""

    def set_marks(self, outlines: bool, calcifications: bool) -> None:
        """Show or hide outlines and marks."""

    def set_probability_map(self, key: str, probability: Any) -> None:
        """Show the probability map of a view, (rows, columns) of bytes 0 to 255, above its pixels; None: no map."""

    def set_tool(self, tool: Tool) -> None:
        """Bring clicks and lines to :meth:`ReviewPanel.clicked` and :meth:`ReviewPanel.drawn` from now on."""

    def status(self, text: str) -> None:
        """Show one line of text."""

    def tell(self, message: str, hint: str, details: str = "") -> None:
        """Show what went wrong: a sentence, what to do, and details behind a button."""

    def ask(self, question: str, choices: Sequence[str]) -> int:
        """Return the index of the chosen answer, -1 for none."""

    def ask_text(self, title: str, label: str, text: str = "") -> str | None:
        """Return what the user types, None when it is cancelled."""

    def ask_folder(self, title: str) -> str | None:
        """Return a folder for results, None when it is cancelled."""

    def ask_file(self, title: str, name: str) -> str | None:
        """Return a file to be written (``name`` is proposed), None when it is cancelled."""

    def background(
        self, work: Callable[[], Any], done: Callable[[Any], object], failed: Callable[[BaseException], object]
    ) -> None:
        """Run ``work`` in a thread, then ``done`` with what it returns or ``failed`` with what it raised."""

    def offer_installation(self, error: MCDetectError) -> None:
        """Say how what is missing (:data:`INSTALLABLE`) can be installed, or install it."""

    def exported(self, files: Sequence[Path], say: Callable[[str], object]) -> None:
        """Take DICOM objects that were just written; ``say`` shows a sentence about what the viewer did with them."""

    def translate(self, text: str) -> str:
        """Return the text in the user's language."""
