"""The keys of the desktop window, in Slicer, while the module is open. Its table of commands is the only one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer


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
