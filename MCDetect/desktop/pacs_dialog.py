"""The dialog that looks for studies in a PACS: what is known, the studies found, how far fetching is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from MCDetect.desktop.study_table import StudyTable
from MCDetect.dicom.pacs.study_search import FoundStudy, StudySearch
from MCDetect.errors import UsageError

_MOST_SHOWN = 200
_SIZE = (1100, 560)


class PacsDialog(QDialog):
    """Shows and asks; :mod:`MCDetect.desktop.fetching` does. It is not modal: the viewer stays usable.

    Parameters
    ----------
    names
        Of the configured nodes.
    translate
        From English into the user's language.
    parent
        The window.
    """

    searched = pyqtSignal()
    wanted = pyqtSignal()
    stopped = pyqtSignal()
    told = pyqtSignal(object)
    """A :class:`MCDetect.dicom.pacs.reports.Progress`, emitted from any thread."""

    def __init__(self, names: Iterable[str], translate: Callable[[str], str], parent: QWidget) -> None:
        super().__init__(parent)
        self.translate = translate
        self._found: tuple[FoundStudy, ...] = ()
        self.setObjectName("pacsDialog")
        self.setWindowTitle(translate("Fetch from PACS"))
        self.setModal(False)
        self.node = QComboBox()
        self.node.addItems(list(names))
        self.patient, self.name, self.accession, self.since, self.until = (QLineEdit() for _ in range(5))
        for field in (self.since, self.until):
            field.setPlaceholderText(translate("year-month-day"))
        self.name.setPlaceholderText(translate("Family, Given; the beginning is enough"))
        self.search_button = QPushButton(translate("&Search"))
        self.only_mammography = QCheckBox(translate("&Only mammography"))
        self.only_mammography.setChecked(True)
        self.table = StudyTable(translate, self)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.PlainText)
        self.bar = QProgressBar()
        self.buttons = QDialogButtonBox()
        self.fetch_button = self.buttons.addButton(translate("&Fetch and open"), QDialogButtonBox.AcceptRole)
        self.stop_button = self.buttons.addButton(translate("S&top"), QDialogButtonBox.ActionRole)
        self.buttons.addButton(QDialogButtonBox.Close)
        self._lay_out()
        self._listen()
        self.set_busy("")
        self.resize(*_SIZE)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        places = (
            (self.translate("&PACS"), self.node, 0, 0),
            (self.translate("Patient &ID"), self.patient, 0, 1),
            (self.translate("&Name"), self.name, 0, 2),
            (self.translate("&Accession number"), self.accession, 1, 0),
            (self.translate("F&rom day"), self.since, 1, 1),
            (self.translate("&To day"), self.until, 1, 2),
        )
        for text, field, row, column in places:
            label = QLabel(text)
            label.setBuddy(field)
            grid.addWidget(label, row, 2 * column)
            grid.addWidget(field, row, 2 * column + 1)
        grid.addWidget(self.search_button, 0, 6)
        grid.addWidget(self.only_mammography, 1, 6)
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.bar)
        layout.addWidget(self.buttons)

    def _listen(self) -> None:
        for field in (self.patient, self.name, self.accession, self.since, self.until):
            field.returnPressed.connect(self.searched)
        # Return in a field searches; without this it would also press the first button.
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        self.search_button.clicked.connect(lambda _checked: self.searched.emit())
        self.only_mammography.toggled.connect(lambda _on: self._show_found())
        self.table.itemSelectionChanged.connect(self._enable)
        self.table.doubleClicked.connect(lambda _index: self._want())
        self.fetch_button.clicked.connect(lambda _checked: self._want())
        self.stop_button.clicked.connect(lambda _checked: self.stopped.emit())
        self.buttons.rejected.connect(self.reject)
        self.told.connect(self._show_progress)

    def search(self) -> StudySearch:
        """Return what is typed.

        Raises
        ------
        UsageError
            Those of :class:`MCDetect.dicom.pacs.study_search.StudySearch`; ``wrong-day``.
        """
        patient, name, accession = (field.text().strip() for field in (self.patient, self.name, self.accession))
        return StudySearch(patient, name, accession, _day(self.since.text()), _day(self.until.text()))

    def show_found(self, studies: Iterable[FoundStudy]) -> None:
        """Show the studies that were found."""
        self._found = tuple(studies)
        self._show_found()
        self.table.setFocus()

    def _show_found(self) -> None:
        fitting = [one for one in self._found if one.may_be_mammography or not self.only_mammography.isChecked()]
        self.table.show_studies(fitting[:_MOST_SHOWN])
        hidden = len(self._found) - len(fitting)
        sentences = [self.translate("Studies found: {count}.").format(count=len(fitting))]
        if len(fitting) > _MOST_SHOWN:
            sentences.append(
                self.translate("The latest {count} are shown; say more to find fewer.").format(count=_MOST_SHOWN)
            )
        if hidden:
            sentences.append(self.translate("Left out, without mammograms: {count}.").format(count=hidden))
        self.message.setText(" ".join(sentences))
        self._enable()

    def set_busy(self, doing: str) -> None:
        """Show what is being done; nothing is, if it is empty."""
        self._is_busy = bool(doing)
        self.bar.setRange(0, 0)
        self.bar.setVisible(self._is_busy)
        self.stop_button.setEnabled(self._is_busy)
        self.message.setText(doing)
        self._enable()

    def _show_progress(self, progress: object) -> None:
        done, total = getattr(progress, "done", 0), getattr(progress, "total", 0)
        if self._is_busy and total:
            self.bar.setRange(0, total)
            self.bar.setValue(done)
            self.message.setText(self.translate("{done} of {total} images").format(done=done, total=total))

    def _enable(self) -> None:
        self.search_button.setEnabled(not self._is_busy)
        self.fetch_button.setEnabled(not self._is_busy and bool(self.table.chosen))

    def _want(self) -> None:
        if self.fetch_button.isEnabled():
            self.wanted.emit()

    def reject(self) -> None:
        """Close, and stop what is going on."""
        self.stopped.emit()
        super().reject()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise UsageError("wrong-day", "A day is not written as year-month-day.", "Write it as 2026-01-31.") from error
