"""The table of studies that a PACS has found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

if TYPE_CHECKING:
    from MCDetect.dicom.pacs.study_search import FoundStudy

_DESCRIPTION = 5


class StudyTable(QTableWidget):
    """One study a row, latest first; several can be chosen, as a current one and its priors.

    Parameters
    ----------
    translate
        From English into the user's language.
    parent
        The dialog.
    """

    def __init__(self, translate: Callable[[str], str], parent: QWidget) -> None:
        patient = (translate("Name"), translate("Patient ID"), translate("Born"))
        study = (translate("Study date"), translate("Kind"), translate("Description"), translate("Accession number"))
        titles = [*patient, *study, translate("Images")]
        super().__init__(0, len(titles), parent)
        self._studies: tuple[FoundStudy, ...] = ()
        self.setHorizontalHeaderLabels(titles)
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(_DESCRIPTION, QHeaderView.Stretch)

    @property
    def chosen(self) -> list[FoundStudy]:
        """The studies of the chosen rows, from top to bottom."""
        return [self._studies[row] for row in sorted(index.row() for index in self.selectionModel().selectedRows())]

    def show_studies(self, studies: Sequence[FoundStudy]) -> None:
        """Show these, the first one chosen where it is the only one."""
        self._studies = tuple(studies)
        self.clearSelection()
        self.setRowCount(len(studies))
        for row, study in enumerate(studies):
            texts = (
                study.patient_name, study.patient_id, study.birth_day, study.day, " ".join(study.modalities),
                study.description, study.accession, "" if study.objects is None else str(study.objects),
            )  # fmt: skip
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == len(texts) - 1:
                    item.setTextAlignment(int(Qt.AlignRight | Qt.AlignVCenter))
                self.setItem(row, column, item)
        if len(studies) == 1:
            self.selectRow(0)
