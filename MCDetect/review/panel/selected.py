"""What the reader says of the selected finding."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.dicom.description import readable_day
from MCDetect.findings import Cluster, Decision, ImageFindings
from MCDetect.review.panel.findings_table import DECISIONS
from MCDetect.review.panel.host import Host
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.toolkit import Toolkit

if TYPE_CHECKING:
    from MCDetect.review.session import ReviewSession

REASONS = ("", "vascular", "skin", "artefact", "dermal marker", "milk of calcium", "noise", "known and stable")
"""Offered as the reason of a decision; any other text can be typed."""

CATEGORIES = {
    AssessmentCategory.INCOMPLETE: "incomplete",
    AssessmentCategory.NEGATIVE: "negative",
    AssessmentCategory.BENIGN: "benign",
    AssessmentCategory.PROBABLY_BENIGN: "probably benign",
    AssessmentCategory.LOW_SUSPICION: "low suspicion",
    AssessmentCategory.MODERATE_SUSPICION: "moderate suspicion",
    AssessmentCategory.HIGH_SUSPICION: "high suspicion",
    AssessmentCategory.HIGHLY_SUGGESTIVE_OF_MALIGNANCY: "highly suggestive of malignancy",
    AssessmentCategory.KNOWN_MALIGNANCY: "known malignancy",
}

_WIDGETS = (
    "acceptButton",
    "rejectButton",
    "undecideButton",
    "reasonBox",
    "distributionBox",
    "morphologyBox",
    "assessmentBox",
    "commentEdit",
)


class SelectedPart(Part):
    """Decision, reason, BI-RADS terms, comment and the cluster in the other view."""

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host) -> None:
        super().__init__(widgets, toolkit, host)
        self._reasons_given: dict[str, str] = {}  # by finding, before it is decided on
        self._shown: str | None = None  # the finding that the widgets show
        self._fill("reasonBox", [self.text(reason) for reason in REASONS])
        self._fill("distributionBox", [self.text(term.value) for term in Distribution])
        self._fill("morphologyBox", ["", *(self.text(term.value) for term in Morphology)])
        self._fill("assessmentBox", ["", *(f"{c.value} {self.text(name)}" for c, name in CATEGORIES.items())])
        self.listen("acceptButton", "clicked()", self.accept)
        self.listen("rejectButton", "clicked()", self.reject)
        self.listen("undecideButton", "clicked()", self.undecide)
        self.listen("reasonBox", "activated(int)", self._give_reason)
        self.toolkit.connect(widgets.reasonBox.lineEdit(), "editingFinished()", lambda: self.attempt(self._give_reason))
        self.listen("distributionBox", "activated(int)", self._distribute)
        self.listen("morphologyBox", "activated(int)", self._shape)
        self.listen("assessmentBox", "activated(int)", self._assess)
        self.listen("commentEdit", "editingFinished()", self._comment)
        self.listen("confirmPartnerButton", "clicked()", self._confirm)
        self.listen("declinePartnerButton", "clicked()", self._decline)
        self.refresh()

    @property
    def cluster(self) -> Cluster | None:
        """The selected cluster."""
        found = self._found()
        return None if found is None else found[1]

    def accept(self) -> None:
        """Say that the finding is right."""
        self._decide(lambda session, uid, reason: session.accept(uid, reason))

    def reject(self) -> None:
        """Say that it is wrong."""
        self._decide(lambda session, uid, reason: session.reject(uid, reason))

    def undecide(self) -> None:
        """Take the decision back."""
        if self.session is not None and self.session.selected is not None:
            self.session.undecide(self.session.selected)

    @property
    def _edits(self) -> tuple[Any, Any]:
        """Return the fields of the comment and the reason; not kept, as a closed window must not outlive its scene."""
        return self.widgets.commentEdit, self.widgets.reasonBox.lineEdit()

    def set_session(self, session: ReviewSession | None) -> None:
        """Work on another session; what is being typed belongs to the one before."""
        self.attempt(self.store_typed)
        self._shown = None
        super().set_session(session)

    def store_typed(self) -> None:
        """Take up the comment and the reason that are being typed, as when the reader leaves their fields."""
        # All is read first: what is stored is shown at once, and by then another finding may be selected.
        uid, comment, reason = self._shown, self._typed_comment(), self._typed_reason()
        was_typed = [bool(edit.property("modified")) for edit in self._edits]
        for edit in self._edits:
            edit.setModified(False)
        if was_typed[0]:
            self._store_comment(uid, comment)
        if was_typed[1]:
            self._store_reason(uid, reason)

    def refresh(self) -> None:
        """Show what is said of the selected finding; what is being typed of it stays."""
        selected = None if self.session is None else self.session.selected
        if selected != self._shown:
            self.store_typed()
            self._shown = selected
        found = self._found()
        self.enable(found is not None, *_WIDGETS)
        with self.quiet("reasonBox", "distributionBox", "morphologyBox", "assessmentBox", "commentEdit"):
            self._show(found)
        self._show_partner()

    def _view_of(self, image: ImageFindings) -> str:
        """Return the name of a view, with the day of a prior."""
        if self.session is None:
            return image.view
        examination = self.session.examination
        view = examination.view(image.sop_instance_uid)
        return image.view if view in examination.current else f"{image.view} {readable_day(view.date)}".strip()

    def _show(self, found: tuple[ImageFindings, Cluster] | None) -> None:
        w = self.widgets
        if found is None:
            w.selectedLabel.setText(self.text("None. Choose one in the table or in a view."))
            w.commentEdit.setText("")
            w.reasonBox.setCurrentIndex(0)
            w.distributionBox.setCurrentIndex(-1)
            w.morphologyBox.setCurrentIndex(0)
            w.assessmentBox.setCurrentIndex(0)
            return
        image, cluster = found
        decision = self.text(DECISIONS[cluster.decision]) or self.text("undecided")
        w.selectedLabel.setText(
            self.text("{side} {view}, number {number}: {count} calcifications, {size:.1f} mm, {decision}").format(
                side=image.laterality,
                view=self._view_of(image),
                number=cluster.id,
                count=cluster.count_text,
                size=cluster.diameter_mm,
                decision=decision,
            )
        )
        w.distributionBox.setCurrentIndex(list(Distribution).index(cluster.distribution))
        w.morphologyBox.setCurrentIndex(_place(list(Morphology), cluster.morphology))
        w.assessmentBox.setCurrentIndex(_place(list(CATEGORIES), cluster.assessment))
        # Views end being searched while the reader types: what is not stored yet must not be overwritten.
        if not self._edits[0].property("modified"):
            w.commentEdit.setText(cluster.comment)
        if not self._edits[1].property("modified"):
            w.reasonBox.setEditText(self._reasons_given.get(cluster.tracking_uid, cluster.reason))
        self.enable(cluster.decision is not Decision.UNDECIDED, "undecideButton")

    def _show_partner(self) -> None:
        w, session = self.widgets, self.session
        pair = None if session is None or session.selected is None else session.partner(session.selected)
        # The row stays where it is without a pair too: what is above it must not move under the reader's hand.
        for button in (w.confirmPartnerButton, w.declinePartnerButton):
            button.setEnabled(pair is not None)
        if session is None or pair is None:
            has_selection = self._found() is not None
            w.partnerLabel.setText(self.text("No pair in the other view") if has_selection else "")
            return
        other = next(uid for uid in pair.tracking_uids if uid != session.selected)
        image, cluster = session.state.find(other)
        text = self.text("Same as {side} {view} number {number}") + ("" if pair.confirmed else "?")
        w.partnerLabel.setText(text.format(side=image.laterality, view=image.view, number=cluster.id))
        w.confirmPartnerButton.setEnabled(not pair.confirmed)

    def _found(self) -> tuple[ImageFindings, Cluster] | None:
        return None if self.session is None else self.session.state.look_for(self.session.selected)

    def _decide(self, action: Callable[[Any, str, str], object]) -> None:
        if self.session is not None and self.session.selected is not None:
            self._edits[1].setModified(False)
            self._reasons_given.pop(self.session.selected, None)
            action(self.session, self.session.selected, self._typed_reason())

    def _typed_reason(self) -> str:
        return str(self.widgets.reasonBox.property("currentText")).strip()

    def _give_reason(self) -> None:
        self._edits[1].setModified(False)
        self._store_reason(self._shown, self._typed_reason())

    def _store_reason(self, uid: str | None, reason: str) -> None:
        session = self.session
        found = None if session is None else session.state.look_for(uid)
        if session is None or found is None:
            return
        cluster = found[1]
        if cluster.decision is Decision.UNDECIDED:
            self._reasons_given[cluster.tracking_uid] = reason
        elif reason != cluster.reason:
            decide = session.accept if cluster.decision is Decision.ACCEPTED else session.reject
            decide(cluster.tracking_uid, reason)

    def _distribute(self) -> None:
        cluster, term = self.cluster, list(Distribution)[self.widgets.distributionBox.property("currentIndex")]
        if self.session is not None and cluster is not None and term is not cluster.distribution:
            self.session.set_distribution(cluster.tracking_uid, term)

    def _shape(self) -> None:
        cluster, term = self.cluster, _term(list(Morphology), self.widgets.morphologyBox.property("currentIndex"))
        if self.session is not None and cluster is not None and term is not cluster.morphology:
            self.session.set_morphology(cluster.tracking_uid, term)

    def _assess(self) -> None:
        cluster, term = self.cluster, _term(list(CATEGORIES), self.widgets.assessmentBox.property("currentIndex"))
        if self.session is not None and cluster is not None and term is not cluster.assessment:
            self.session.set_assessment(cluster.tracking_uid, term)

    def _typed_comment(self) -> str:
        return str(self.widgets.commentEdit.property("text")).strip()

    def _comment(self) -> None:
        self._edits[0].setModified(False)
        self._store_comment(self._shown, self._typed_comment())

    def _store_comment(self, uid: str | None, comment: str) -> None:
        session = self.session
        found = None if session is None else session.state.look_for(uid)
        if session is not None and found is not None and comment != found[1].comment:
            session.set_comment(found[1].tracking_uid, comment)

    def _confirm(self) -> None:
        self._pair("confirm_correspondence")

    def _decline(self) -> None:
        self._pair("decline_correspondence")

    def _pair(self, action: str) -> None:
        session = self.session
        pair = None if session is None or session.selected is None else session.partner(session.selected)
        if pair is not None:
            getattr(session, action)(*pair.tracking_uids)

    def _fill(self, name: str, texts: list[str]) -> None:
        with self.quiet(name):
            getattr(self.widgets, name).clear()
            getattr(self.widgets, name).addItems(texts)


def _place(terms: list[Any], term: Enum | None) -> int:
    return 0 if term is None else 1 + terms.index(term)


def _term(terms: list[Any], index: int) -> Any:
    return None if index <= 0 else terms[index - 1]
