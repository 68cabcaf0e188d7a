"""The table of findings: suspicious ones first, then typically benign ones, highest score first."""

from __future__ import annotations

from typing import Any

from MCDetect.findings import Cluster, Decision
from MCDetect.review.panel.host import Host
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.toolkit import Toolkit
from MCDetect.score_text import cluster_score_text

_NARROW = range(7)  # all but the last
_LEAST_WIDTH = 110  # pixels of the last, in which each word of a term fits
_TOLD_PERCENT = 5  # morphologies that are less probable are not listed

_Cell = tuple[str, str]
"""A text, and its tool tip where that says more than the text."""

DECISIONS = {Decision.UNDECIDED: "", Decision.ACCEPTED: "✓ accepted", Decision.REJECTED: "✗ rejected"}
"""A sign and a word, so that no meaning rests on a colour."""


class FindingsPart(Part):
    """One row a finding; the row that is chosen is the selected finding, which is centred and magnified."""

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host) -> None:
        super().__init__(widgets, toolkit, host)
        self._uids: list[str] = []
        self._rows: list[tuple[_Cell, ...]] = []
        self.listen("findingsTable", "itemSelectionChanged()", self._chosen)
        self.listen("findingsTable", "cellClicked(int,int)", self._clicked)
        self._fit_columns()
        self.refresh()

    def refresh(self) -> None:
        """Show what is found now."""
        shown = [] if self.session is None else self.session.shown_findings()
        rows = [self._cells(key, cluster) for key, cluster in shown]
        self._uids = [cluster.tracking_uid for _, cluster in shown]
        with self.quiet("findingsTable"):
            if rows != self._rows:
                self._fill(rows)
            self._select()
        summary = self._summary()
        self.widgets.findingsLabel.setText(summary)
        self.widgets.findingsLabel.setVisible(bool(summary))

    def show_selection(self) -> None:
        """Mark the row of the selected finding and show it in its view."""
        with self.quiet("findingsTable"):
            self._select()
        self._show()

    def _fill(self, rows: list[tuple[_Cell, ...]]) -> None:
        table = self.widgets.findingsTable
        table.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            before = self._rows[row] if row < len(self._rows) else ()
            for column, cell in enumerate(cells):
                if column >= len(before) or before[column] != cell:
                    item = self.toolkit.table_item(cell[0])
                    item.setToolTip(cell[1] or cell[0])
                    table.setItem(row, column, item)
        self._rows = rows
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Make columns as wide as their texts; the last one gets the rest, in which a long term takes two lines."""
        table = self.widgets.findingsTable
        table.horizontalHeader().setStretchLastSection(False)  # a stretched column does not say what it needs
        for column in (*_NARROW, len(_NARROW)):
            table.resizeColumnToContents(column)
        needed = table.columnWidth(len(_NARROW))
        used = sum(table.columnWidth(column) for column in _NARROW)
        rest = table.viewport().property("width") - used
        table.horizontalHeader().setStretchLastSection(not self._rows or rest >= needed)
        if self._rows and rest < needed:
            table.setColumnWidth(len(_NARROW), max(rest, _LEAST_WIDTH))
            table.resizeRowsToContents()

    def _select(self) -> None:
        table = self.widgets.findingsTable
        selected = None if self.session is None else self.session.selected
        if selected in self._uids:
            table.selectRow(self._uids.index(selected))
        else:
            table.clearSelection()

    def _chosen(self) -> None:
        row = self.widgets.findingsTable.currentRow()
        if self.session is not None and 0 <= row < len(self._uids):
            self.session.select(self._uids[row])

    def _clicked(self) -> None:
        """Show the finding again when its row, which is chosen already, is clicked."""
        row = self.widgets.findingsTable.currentRow()
        if self.session is not None and 0 <= row < len(self._uids) and self.session.selected == self._uids[row]:
            self._show()

    def _show(self) -> None:
        session = self.session
        if session is None or session.selected is None:
            return
        for key, cluster in session.shown_findings():
            if cluster.tracking_uid == session.selected:
                self.host.show_finding(key, cluster)

    def _cells(self, key: str, cluster: Cluster) -> tuple[_Cell, ...]:
        examination = None if self.session is None else self.session.examination
        label = "" if examination is None else examination.label_of(examination.view(key))
        texts = (
            label,
            str(cluster.id),
            cluster.count_text,
            f"{cluster.diameter_mm:.1f}" if cluster.member_ids else "–",  # only outlined by a reader
            cluster_score_text(cluster, self.text("drawn")),
            self.text(DECISIONS[cluster.decision]),
            self.text(cluster.distribution.value),
        )
        return (*((text, "") for text in texts), self._morphology(cluster))

    def _morphology(self, cluster: Cluster) -> _Cell:
        """Return the term, and who says so; how probable it is stands in the tool tip, with what else it may be."""
        told = []
        term = cluster.morphology or cluster.benign_type
        if cluster.morphology is not None:
            told.append(self.text("{term}: by the reader").format(term=self.text(cluster.morphology.value)))
        if cluster.benign_type is not None:
            benign = self.text("{term}: typically benign, by the algorithm")
            told.append(benign.format(term=self.text(cluster.benign_type.value)))
        if cluster.descriptors is not None:
            term = term or cluster.descriptors.morphology.morphology
            likely = [
                f"{self.text(one.morphology.value)} {percent} %"
                for one in cluster.descriptors.morphologies
                if (percent := round(100 * one.probability)) >= _TOLD_PERCENT
            ]
            told.append(self.text("Probabilities by the algorithm: {terms}").format(terms=", ".join(likely)))
        return "" if term is None else self.text(term.value), "\n".join(told)

    def _summary(self) -> str:
        session = self.session
        if session is None or self._uids:
            return ""
        searched = [view for view in session.examination.views if session.is_analysed(view.key)]
        if not searched:
            return self.text("Not searched yet: click on Detect calcifications.")
        return self.text("No finding at this sensitivity in {count} views.").format(count=len(searched))
