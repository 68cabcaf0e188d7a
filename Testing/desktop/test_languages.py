"""Every text of the window can be translated."""

from __future__ import annotations

import html
import re

from PyQt5.QtCore import QTranslator
from PyQt5.QtWidgets import QAbstractButton, QApplication, QComboBox, QGroupBox, QLabel

from MCDetect.desktop.actions import MENUS
from MCDetect.desktop.window import MainWindow
from MCDetect.review.panel.host import Tool

_NEUTRAL = re.compile(r"^$|^[\d\W]+$|^MCDetect\b|^[RL] (CC|MLO)$")


class Brackets(QTranslator):
    """A language in which every text stands in brackets."""

    def translate(self, context, source, disambiguation=None, n=-1):
        return f"«{source}»"


def texts_of(window) -> set[str]:
    panel = window.widgets
    found = {widget.text() for kind in (QLabel, QAbstractButton) for widget in panel.findChildren(kind)}
    found |= {widget.toolTip() for widget in panel.findChildren(QAbstractButton)}
    found |= {box.title() for box in panel.findChildren(QGroupBox)}
    found |= {box.itemText(index) for box in panel.findChildren(QComboBox) for index in range(box.count())}
    table = panel.findingsTable
    found |= {table.horizontalHeaderItem(column).text() for column in range(table.columnCount())}
    found |= {action.text() for action in window.actions_by_name.values()}
    found |= {action.text() for action in window.menuBar().actions()}
    found |= {window.views.welcome.text(), window.statusBar().currentMessage()}
    return {text for text in found if text is not None}


def test_every_text_of_the_window_goes_through_the_translator(qtbot, qapp, examination, tmp_path):
    translator = Brackets()
    QApplication.installTranslator(translator)
    try:
        window = MainWindow(None, tmp_path / "unfinished")
        loaded: list[str] = []
        window.views.loaded.connect(loaded.append)
        window.show()
        missed = {text for text in texts_of(window) if "«" not in text and not _NEUTRAL.match(text)}
        window.open_paths([examination])
        qtbot.waitUntil(lambda: len(loaded) == 4, timeout=30_000)
        window.panel.start_tool(Tool.DRAW)
        missed |= {text for text in texts_of(window) if "«" not in text and not _NEUTRAL.match(text)}
        window.show_help()
        sheet = re.sub(r"<[^>]+>", "\n", window.help_box.text())
        keys = {" or ".join(command.keys) for commands in MENUS.values() for command in commands}
        words = {html.unescape(word).strip() for word in sheet.split("\n")}
        missed |= {word for word in words - keys - {""} if "«" not in word}
        window.help_box.close()
        window.close()
    finally:
        QApplication.removeTranslator(translator)
    assert sorted(missed) == []
