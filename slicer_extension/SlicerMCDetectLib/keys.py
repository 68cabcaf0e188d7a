"""The keys of the desktop window, in Slicer, while the module is open. Its table of commands is the only one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from SlicerMCDetectLib import panel_texts

if TYPE_CHECKING:
    from SlicerMCDetectLib.seat import Seat

_OURS = ("Ctrl+Z", "Ctrl+Y")
"""Keys of Slicer's own undo too, which Slicer does not switch on; they are lent to us while the module is open."""

_ZOOM = 0.8
_MM_PER_INCH = 25.4


class Keys:
    """Shortcuts of Slicer's main window that are on while the module is open.

    A key that the main window uses itself stays Slicer's, since Qt gives a key that two want to neither.

    Parameters
    ----------
    actions
        What to do, by name of the command in ``MCDetect.desktop.actions``.
    """

    def __init__(self, actions: dict[str, Callable[[], object]]) -> None:
        from MCDetect.desktop.actions import MENUS

        self._actions = {**actions, "help": self.show_help}
        self._shortcuts: list[tuple[str, Any]] = []
        self._lent: list[tuple[Any, Any]] = []
        self._sheet: list[tuple[str, str]] = []
        window = slicer.util.mainWindow()
        taken = set() if window is None else {key for _action, key in _keys_of(window)} - set(_OURS)
        for command in (command for menu in MENUS.values() for command in menu if command.name in self._actions):
            keys = [key for key in command.keys if qt.QKeySequence(key).toString() not in taken]
            if keys:
                text = panel_texts.translate(command.text).replace("&", "").rstrip("…")
                self._sheet.append((_(" or ").join(keys), text))
            for key in keys if window is not None else ():
                shortcut = qt.QShortcut(window)
                shortcut.setKey(qt.QKeySequence(key))
                shortcut.connect("activated()", self._actions[command.name])
                self._shortcuts.append((key, shortcut))
        self.set_enabled(False)

    def set_enabled(self, enabled: bool) -> None:
        """Switch all on or off."""
        for action, sequence in self._lent:
            action.setShortcut(sequence)
        self._lent = []
        window = slicer.util.mainWindow()
        for action, key in _keys_of(window) if enabled and window is not None else ():
            if key in _OURS:
                self._lent.append((action, qt.QKeySequence(key)))
                action.setShortcut(qt.QKeySequence())
        for _key, shortcut in self._shortcuts:
            shortcut.setEnabled(enabled)

    def show_help(self) -> None:
        """Show the keys that work here."""
        slicer.util.infoDisplay(self.help_sheet(), windowTitle=_("MCDetect: keys"))

    def help_sheet(self) -> str:
        """Return the keys as HTML, in two columns."""
        half = (len(self._sheet) + 1) // 2
        columns = "".join(
            f'<td valign="top" style="padding-right: 24px"><table>{_rows(part)}</table></td>'
            for part in (self._sheet[:half], self._sheet[half:])
        )
        return f"<table><tr>{columns}</tr></table>"

    def close(self) -> None:
        """Take the shortcuts away."""
        self.set_enabled(False)
        for _key, shortcut in self._shortcuts:
            shortcut.deleteLater()
        self._shortcuts = []


def actions_of(seat: Seat) -> dict[str, Callable[[], object]]:
    """Return what the keys do at a seat, by the names of the commands."""
    from MCDetect.review.hanging import Layout
    from MCDetect.review.panel.host import Tool

    panel = seat.panel
    same = (
        "detect", "cancel", "export", "next_finding", "previous_finding", "accept", "reject", "undecide", "undo",
        "redo", "delete_cluster", "stop_tool", "toggle_calcifications", "toggle_outlines", "toggle_probability",
    )  # fmt: skip
    layouts = {
        "four_views": Layout.FOUR_VIEWS,
        "cc_pair": Layout.CC_PAIR,
        "mlo_pair": Layout.MLO_PAIR,
        "one_view": Layout.ONE_VIEW,
        "over_priors": Layout.FOUR_OVER_PRIORS,
        "beside_prior": Layout.CURRENT_AND_PRIOR,
    }
    tools = {
        "redraw_outline": Tool.OUTLINE,
        "draw_cluster": Tool.DRAW,
        "add_calcification": Tool.ADD,
        "remove_calcification": Tool.REMOVE,
    }
    views = seat.views
    seen: dict[str, Callable[[], object]] = {
        "fit": views.fit,
        "fit_breast": views.fit_breast,
        "one_to_one": views.one_to_one,
        "real_size": lambda: views.set_mm_per_pixel(_mm_per_dot()),
        "zoom_in": partial(views.zoom, _ZOOM),
        "zoom_out": partial(views.zoom, 1 / _ZOOM),
        "next_view": partial(views.show_next_view, +1),
        "previous_view": partial(views.show_next_view, -1),
        "next_place": views.activate_next,
        "invert": views.switch_inverted,
        "magnifier": views.magnifier.switch,
        "synchronise": views.movements.switch,
        "wider_window": partial(views.step_window, +1, 0),
        "narrower_window": partial(views.step_window, -1, 0),
        "brighter": partial(views.step_window, 0, -1),
        "darker": partial(views.step_window, 0, +1),
        "reset_window": views.reset_window,
    }
    return {
        **{name: getattr(panel, name) for name in same},
        **{name: partial(panel.start_tool, tool) for name, tool in tools.items()},
        **{name: partial(seat.change_layout, layout) for name, layout in layouts.items()},
        **{name: partial(seat.attempt, action) for name, action in seen.items()},
        "picture_report": panel.write_picture_report,
        "more_sensitive": partial(_slide, panel, +5),
        "less_sensitive": partial(_slide, panel, -5),
    }


def _slide(panel: Any, step: int) -> None:
    slider = panel.sensitivity.widgets.sensitivitySlider
    if slider.property("enabled"):
        slider.setValue(slider.property("value") + step)


def _mm_per_dot() -> float:
    """Return the size of a pixel of the screen, as far as the screen tells it."""
    screen = qt.QGuiApplication.primaryScreen()
    dots = 96.0 if screen is None else screen.property("physicalDotsPerInch")
    ratio = 1.0 if screen is None else screen.property("devicePixelRatio")
    return _MM_PER_INCH / max(float(dots), 1.0) / max(float(ratio), 1.0)


def _keys_of(window: Any) -> list[tuple[Any, str]]:
    """Return the actions of a window that have a key, with each of their keys."""
    actions = window.findChildren(qt.QAction)
    return [(action, sequence.toString()) for action in actions for sequence in action.shortcuts()]


def _rows(entries: list[tuple[str, str]]) -> str:
    return "".join(
        f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>" for key, text in entries
    )
