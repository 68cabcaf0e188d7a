"""The keys of the desktop window, in Slicer, while the module is open. Its table of commands is the only one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import qt
import slicer

if TYPE_CHECKING:
    from SlicerMCDetectLib.seat import Seat


class Keys:
    """Shortcuts of Slicer's main window that are on while the module is open.

    Parameters
    ----------
    actions
        What to do, by name of the command in ``MCDetect.desktop.actions``.
    """

    def __init__(self, actions: dict[str, Callable[[], object]]) -> None:
        from MCDetect.desktop.actions import MENUS

        self._shortcuts: list[Any] = []
        window = slicer.util.mainWindow()
        for command in (command for menu in MENUS.values() for command in menu):
            for key in command.keys if command.name in actions and window is not None else ():
                shortcut = qt.QShortcut(window)
                shortcut.setKey(qt.QKeySequence(key))
                shortcut.connect("activated()", actions[command.name])
                self._shortcuts.append(shortcut)
        self.set_enabled(False)

    def set_enabled(self, enabled: bool) -> None:
        """Switch all on or off."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(enabled)

    def close(self) -> None:
        """Take the shortcuts away."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = []


def actions_of(seat: Seat) -> dict[str, Callable[[], object]]:
    """Return what the keys do at a seat, by the names of the commands."""
    from MCDetect.review.hanging import Layout
    from MCDetect.review.panel.host import Tool

    panel = seat.panel
    same = (
        "detect", "cancel", "export", "next_finding", "previous_finding", "accept", "reject", "undecide", "undo",
        "redo", "delete_cluster", "stop_tool", "toggle_calcifications", "toggle_outlines",
    )  # fmt: skip
    layouts = {
        "four_views": Layout.FOUR_VIEWS,
        "cc_pair": Layout.CC_PAIR,
        "mlo_pair": Layout.MLO_PAIR,
        "one_view": Layout.ONE_VIEW,
        "beside_prior": Layout.CURRENT_AND_PRIOR,
    }
    tools = {
        "redraw_outline": Tool.OUTLINE,
        "draw_cluster": Tool.DRAW,
        "add_calcification": Tool.ADD,
        "remove_calcification": Tool.REMOVE,
    }
    return {
        **{name: getattr(panel, name) for name in same},
        **{name: partial(panel.start_tool, tool) for name, tool in tools.items()},
        **{name: partial(seat.change_layout, layout) for name, layout in layouts.items()},
        "fit": seat.fit,
    }
