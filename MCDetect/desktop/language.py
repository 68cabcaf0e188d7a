"""The window in the user's language.

A translation is one file of Qt Linguist, ``languages/MCDetect_<language>.ts`` (``MCDetect_de.ts``); ``MCDetect.ts``
there has all texts and none translated. The file is read as it is: neither Qt's tools nor a compiled form are needed.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from PyQt5.QtCore import QCoreApplication, QLocale, QTranslator

from MCDetect.errors import InputError

FOLDER = Path(__file__).with_name("languages")
_PLACEHOLDER = re.compile(r"\{(\w*)")


class Translation(QTranslator):
    """The texts of one file.

    Raises
    ------
    InputError
        ``cannot-read`` when the file is damaged.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        try:
            self.texts = dict(_read(file))
        except (OSError, ElementTree.ParseError) as error:
            raise InputError(
                "cannot-read", f"The translation {file} cannot be read.", "Correct it, or remove it; English is shown."
            ) from error

    def isEmpty(self) -> bool:
        """Qt asks no translation that says it is empty."""
        return not self.texts

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str | None:  # type: ignore[override]  # None is Qt's null string
        """Return a text of the window in the language of the file, None for any other."""
        return self.texts.get((context, source))


def use_language(locale: QLocale, folder: Path = FOLDER) -> Translation | None:
    """Show everything that is made from now on in the first language of ``locale`` that has a file."""
    for name in locale.uiLanguages():
        for language in (name.replace("-", "_"), name.partition("-")[0]):
            file = folder / f"MCDetect_{language}.ts"
            if file.is_file():
                translation = Translation(file)
                QCoreApplication.installTranslator(translation)
                return translation
    return None


def _read(file: Path) -> list[tuple[tuple[str, str], str]]:
    found = []
    for context in ElementTree.parse(file).getroot().iter("context"):
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            source, translated = message.findtext("source") or "", message.findtext("translation") or ""
            # A text with other gaps than the English one could not be filled in.
            is_whole = sorted(_PLACEHOLDER.findall(source)) == sorted(_PLACEHOLDER.findall(translated))
            if translated and is_whole:
                found.append(((name, source), translated))
    return found
