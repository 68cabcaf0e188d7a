"""Every command of the window with its key, in one table: the menus, the keys and the help sheet are made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Command:
    """A command: name of the method of :class:`MCDetect.desktop.commands.Commands`, text, keys, a switch or not."""

    name: str
    text: str
    keys: tuple[str, ...] = ()
    is_switch: bool = False


MENUS: dict[str, tuple[Command, ...]] = {
    "&File": (
        Command("open_files", "&Open files…", ("Ctrl+O",)),
        Command("open_folder", "Open &folder…", ("Ctrl+Shift+O",)),
        Command("fetch", "Fetch from &PACS…", ("Ctrl+F",)),
        Command("export", "&Export…", ("Ctrl+S",)),
        Command("picture_report", "Picture &report…", ("Ctrl+P",)),
        Command("close_window", "&Quit", ("Ctrl+Q",)),
    ),
    "&Find": (
        Command("detect", "&Detect calcifications", ("Ctrl+D",)),
        Command("cancel", "&Stop the search", ("Ctrl+.",)),
        Command("next_finding", "&Next finding", ("N",)),
        Command("previous_finding", "&Previous finding", ("P",)),
        Command("more_sensitive", "&More findings", ("Ctrl+Up",)),
        Command("less_sensitive", "&Fewer findings", ("Ctrl+Down",)),
    ),
    "&Review": (
        Command("accept", "&Accept", ("A",)),
        Command("reject", "&Reject", ("R",)),
        Command("undecide", "&Undecided", ("U",)),
        Command("redraw_outline", "Redraw &outline", ("E",)),
        Command("draw_cluster", "&Draw cluster", ("D",)),
        Command("add_calcification", "Add &calcification", ("C",)),
        Command("remove_calcification", "Re&move calcification", ("X",)),
        Command("delete_cluster", "De&lete drawn cluster", ("Del",)),
        Command("stop_tool", "&End the tool", ("Esc",)),
        Command("undo", "U&ndo", ("Ctrl+Z",)),
        Command("redo", "Red&o", ("Ctrl+Y", "Ctrl+Shift+Z")),
    ),
    "&View": (
        Command("toggle_calcifications", "&Calcification marks on or off", ("M",)),
        Command("toggle_outlines", "&Outlines on or off", ("O",)),
        Command("toggle_probability", "Probability map on or off", ("K",)),
        Command("four_views", "&Four views", ("4",)),
        Command("cc_pair", "&CC pair", ("2",)),
        Command("mlo_pair", "&MLO pair", ("3",)),
        Command("one_view", "O&ne view", ("1",)),
        Command("beside_prior", "Current beside &prior", ("5",)),
        Command("over_priors", "Four views over p&riors", ("6",)),
        Command("next_view", "Next view alone", ("]",)),
        Command("previous_view", "Previous view alone", ("[",)),
        Command("next_place", "Go to the next view", ("V",)),
        Command("fit_breast", "Fit the &breast", ("B",)),
        Command("fit", "&Whole image", ("0",)),
        Command("one_to_one", "One-to-one &pixels", ("Z",)),
        Command("real_size", "&Real size", ("S",)),
        Command("zoom_in", "Zoom &in", ("+", "=")),
        Command("zoom_out", "Zoom &out", ("-",)),
        Command("magnifier", "Ma&gnifier", ("G",), is_switch=True),
        Command("synchronise", "&Synchronise pairs", ("Y",), is_switch=True),
        Command("invert", "In&vert", ("I",), is_switch=True),
        Command("wider_window", "Less contrast", ("Alt+Right",)),
        Command("narrower_window", "More contrast", ("Alt+Left",)),
        Command("brighter", "Brighter", ("Alt+Up",)),
        Command("darker", "Darker", ("Alt+Down",)),
        Command("reset_window", "Window of the &header", ("W",)),
    ),
    "&Help": (
        Command("help", "&Keys and mouse", ("F1", "?")),
        Command("about", "&About"),
    ),
}

MOUSE = (
    ("Left button", "pan; a click selects the finding under it; what the tool says while one is on"),
    ("Right button", "window: sideways contrast, up and down brightness"),
    ("Middle button", "pan"),
    ("Wheel", "zoom about the pointer"),
    ("Double click", "this view alone, or all again"),
    ("Arrow keys", "pan; move the pointer of a tool (with Shift: finely)"),
    ("Space, Return", "click with the pointer of a tool; close the line that is drawn"),
    ("Tab", "go to the next button or view"),
)


def help_sheet(translate: Callable[[str], str] = str) -> str:
    """Return all keys as HTML, in three columns."""
    columns: list[str] = []
    for title, commands in MENUS.items():
        rows = "".join(
            f"<tr><td style='white-space: nowrap'><b>{escape(' or '.join(command.keys))}</b>&nbsp;&nbsp;</td>"
            f"<td style='white-space: nowrap'>{_plain(translate(command.text))}</td></tr>"
            for command in commands
            if command.keys
        )
        if rows:
            columns.append(f"<h3>{_plain(translate(title))}</h3><table>{rows}</table>")
    mouse = "".join(
        f"<tr><td><b>{escape(translate(what))}</b>&nbsp;&nbsp;</td><td>{escape(translate(does))}</td></tr>"
        for what, does in MOUSE
    )
    file, find, review, view, helping = columns
    cells = (file + find + helping, review, view)
    table = "".join(f'<td valign="top" style="padding-right: 24px">{cell}</td>' for cell in cells)
    return f"<table><tr>{table}</tr></table><h3>{escape(translate('Mouse'))}</h3><table>{mouse}</table>"


def _plain(text: str) -> str:
    """Return the text of a menu without the signs that menus use, as HTML."""
    return escape(text.replace("&", "").replace("…", ""))
