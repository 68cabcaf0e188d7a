"""All texts of the window as a file of Qt Linguist, none translated: ``python Testing/support/window_texts.py``."""

from __future__ import annotations

import ast
from pathlib import Path
from xml.etree import ElementTree

from support.panel_texts import REPOSITORY, listed

DESKTOP = REPOSITORY / "MCDetect" / "desktop"
PANEL = REPOSITORY / "MCDetect" / "review" / "panel" / "panel.ui"
TARGET = DESKTOP / "languages" / "MCDetect.ts"


def texts() -> dict[str, list[str]]:
    """Return the texts by context: those of the panel's widgets and all others."""
    from MCDetect.desktop.actions import MENUS, MOUSE
    from MCDetect.desktop.view_area import WELCOME

    widgets = ElementTree.parse(PANEL).getroot()
    of_widgets = {element.text for element in widgets.iter("string") if element.text}
    tables = {*MENUS, *(text for entry in MOUSE for text in entry), WELCOME}
    literal = {text for path in sorted(DESKTOP.glob("*.py")) for text in _in_calls(ast.parse(path.read_text("utf-8")))}
    return {"MCDetect": sorted({*listed(), *tables, *literal}), widgets.findtext("class") or "": sorted(of_widgets)}


def source() -> str:
    """Return the file."""
    root = ElementTree.Element("TS", version="2.1", sourcelanguage="en")
    for name, sources in texts().items():
        context = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(context, "name").text = name
        for text in sources:
            message = ElementTree.SubElement(context, "message")
            ElementTree.SubElement(message, "source").text = text
            ElementTree.SubElement(message, "translation", type="unfinished").text = ""
    ElementTree.indent(root)
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    return head + ElementTree.tostring(root, encoding="unicode") + "\n"


def _in_calls(tree: ast.AST) -> list[str]:
    """Return the texts in calls of ``translate`` and ``_text``, and of the loops round them."""
    found = []
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in ("translate", "_text"):
            arguments = node.args[-1:]
            found += [part.value for one in arguments for part in ast.walk(one) if _is_text(part)]
        if isinstance(node, ast.GeneratorExp) and "translate" in ast.dump(node.elt):
            found += [part.value for loop in node.generators for part in ast.walk(loop.iter) if _is_text(part)]
    return found


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)


if __name__ == "__main__":
    Path(TARGET).parent.mkdir(exist_ok=True)
    TARGET.write_text(source(), encoding="utf-8")
