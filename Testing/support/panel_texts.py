"""The texts of the shared panel, listed for Slicer's tool for translations: ``python Testing/support/panel_texts.py``.

That tool finds a text only where it stands in a call of ``_``; in the panel, which knows no Slicer, none does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
REVIEW = REPOSITORY / "MCDetect" / "review"
TARGET = REPOSITORY / "slicer_extension" / "SlicerMCDetectLib" / "panel_texts.py"
STAGES = ("reading", "preparing", "finding calcifications", "judging patches")
WORDS = ("Continue it", "Begin anew", "Decide later", "Undo", "Redo")  # in loops of the panel
ACTIONS = {"_do": 1, "_change": 1, "_decide": 3}
"""Methods of the session that name an action for undo and redo, and which argument that is."""

HEAD = '''"""The texts of the shared panel in the user's language; written by ``Testing/support/panel_texts.py``."""

from __future__ import annotations

from slicer.i18n import tr as _


def translate(text: str) -> str:
    """Return a text of the panel in the user's language."""
    return str(_(text))


def texts() -> tuple[str, ...]:
    """Return all of them: Slicer's tool for translations finds them here, under the name of this file."""
    return (
'''


def listed() -> list[str]:
    """Return every text that the panel may hand to its host for translation."""
    from MCDetect.bi_rads import Distribution, Morphology
    from MCDetect.desktop.actions import MENUS
    from MCDetect.review.exporting import KINDS
    from MCDetect.review.panel import editing
    from MCDetect.review.panel.findings_table import DECISIONS
    from MCDetect.review.panel.selected import CATEGORIES, REASONS

    tables = [
        *STAGES,
        *WORDS,
        *(term.value for term in (*Distribution, *Morphology)),
        *(name for _, *names in KINDS for name in names),
        *editing._GUIDANCE.values(),
        *DECISIONS.values(),
        *CATEGORIES.values(),
        *REASONS,
        *(command.text for commands in MENUS.values() for command in commands),  # Slicer's sheet of keys has them too
    ]
    literal = [text for path in sorted(REVIEW.rglob("*.py")) for text in _in_calls(ast.parse(path.read_text("utf-8")))]
    return sorted({text for text in (*literal, *tables) if text})


def source() -> str:
    """Return the file that lists them."""
    lines = []
    for text in listed():
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        lines.append(f"        _({quoted}),\n")
    return HEAD + "".join(lines) + "    )\n"


def _in_calls(tree: ast.AST) -> Iterator[str]:
    """Yield the texts in calls of ``text`` and ``translate``, and the names of actions for undo and redo."""
    for node in ast.walk(tree):
        name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if name in ("text", "translate"):
            yield from _constants(node.args)
        elif name in ACTIONS:
            yield from _constants(node.args[ACTIONS[name] : ACTIONS[name] + 1])


def _constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value:
                yield part.value


if __name__ == "__main__":
    TARGET.write_text(source(), encoding="utf-8")
