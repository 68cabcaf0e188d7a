"""Every text of the window can be translated."""

from __future__ import annotations

import html
import re

import pytest
from PyQt5.QtCore import QLocale, QTranslator
from PyQt5.QtWidgets import QAbstractButton, QApplication, QComboBox, QGroupBox, QLabel
from support.window_texts import TARGET, source, texts

from MCDetect.bi_rads import AssessmentCategory
from MCDetect.desktop.actions import MENUS
from MCDetect.desktop.language import use_language
from MCDetect.desktop.window import MainWindow
from MCDetect.errors import InputError
from MCDetect.review.panel.host import Tool

_NEUTRAL = re.compile(r"^$|^[\d\W]+$|^MCDetect\b|^[RL] (CC|MLO)$")


class Brackets(QTranslator):
    """A language in which every text stands in brackets; ``asked`` are the texts that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[tuple[str, str]] = set()

    def translate(self, context, source, disambiguation=None, n=-1):
        self.asked.add((context, source))
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
    by_context = texts()
    listed = {(context, text) for context, sources in by_context.items() for text in sources}
    ours = {(context, text) for context, text in translator.asked if context in by_context}
    values = {one.value for one in (*AssessmentCategory,)} | {""}
    assert {text for context, text in ours - listed if text not in values} == set()


def test_the_file_for_translators_has_every_text():
    assert source() == TARGET.read_text("utf-8"), "run: PYTHONPATH=.:Testing python Testing/support/window_texts.py"


def test_a_file_of_translations_is_all_that_a_language_needs(qtbot, qapp, tmp_path):
    text = TARGET.read_text("utf-8")
    for english, german in (
        ("Detect calcifications", "Verkalkungen suchen"),
        ("&amp;Quit", "&amp;Beenden"),
        ("{count} views opened.", "{anzahl} Ansichten."),
    ):
        before = f'<source>{english}</source>\n      <translation type="unfinished" />'
        assert before in text
        text = text.replace(before, f"<source>{english}</source>\n      <translation>{german}</translation>")
    (tmp_path / "MCDetect_de.ts").write_text(text, "utf-8")
    assert use_language(QLocale("fr_FR"), tmp_path) is None
    translation = use_language(QLocale("de_AT"), tmp_path)
    try:
        window = MainWindow(None, None)
        assert window.widgets.detectButton.text() == "Verkalkungen suchen"
        assert window.widgets.cancelButton.text() == "Cancel", "what is not translated stays English"
        assert window.actions_by_name["close_window"].text() == "&Beenden"
        assert window.translate("{count} views opened.") == "{count} views opened.", "a gap of another name is no use"
        window.close()
    finally:
        QApplication.removeTranslator(translation)
    (tmp_path / "MCDetect_de.ts").write_text("<TS>", "utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        use_language(QLocale("de_DE"), tmp_path)
