"""The whole panel: its parts, and how they follow the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from MCDetect.review.correspondence import nipples_of
from MCDetect.review.earlier_results import EarlierResults
from MCDetect.review.panel.detection import DetectionPart
from MCDetect.review.panel.editing import EditingPart
from MCDetect.review.panel.findings_table import FindingsPart
from MCDetect.review.panel.folding import FoldingPart
from MCDetect.review.panel.host import Host, Tool
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.probability import ProbabilityPart
from MCDetect.review.panel.reporting import ReportingPart
from MCDetect.review.panel.selected import SelectedPart
from MCDetect.review.panel.sensitivity import SensitivityPart
from MCDetect.review.panel.toolkit import Toolkit
from MCDetect.review.session import Change, ChangeKind, ReviewSession


class ReviewPanel:
    """The panel of a viewer.

    Parameters
    ----------
    widgets
        An object with one attribute for each widget of ``panel.ui``, of the widget's name.
    toolkit
        How to listen to widgets.
    host
        The viewer.
    client
        :class:`MCDetect.inference.worker.client.WorkerClient`, or None where nothing can be detected.
    """

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host, client: Any = None) -> None:
        self.session: ReviewSession | None = None
        self._host = host
        self._end_listening: Callable[[], None] | None = None
        self.probability = ProbabilityPart(widgets, toolkit, host, client)
        self.detection = DetectionPart(widgets, toolkit, host, client, self.probability.take)
        self.sensitivity = SensitivityPart(widgets, toolkit, host)
        if self.detection.ready is not None:
            self.sensitivity.set_ready(self.detection.ready)
        self.findings = FindingsPart(widgets, toolkit, host)
        self.selected = SelectedPart(widgets, toolkit, host)
        self.editing = EditingPart(widgets, toolkit, host)
        self.reporting = ReportingPart(widgets, toolkit, host)
        self.folding = FoldingPart(widgets, toolkit, host)

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, from top to bottom, the headings last."""
        return (
            self.detection,
            self.sensitivity,
            self.probability,
            self.findings,
            self.selected,
            self.editing,
            self.reporting,
            self.folding,
        )

    @property
    def is_detecting(self) -> bool:
        """Whether a search is going on."""
        return self.detection.is_detecting

    @property
    def tool(self) -> Tool:
        """The tool that is on."""
        return self.editing.tool

    def set_session(self, session: ReviewSession | None) -> None:
        """Work on a session from now on, and offer unfinished work of the same examination."""
        if self._end_listening is not None:
            self._end_listening()
        self.session = session
        self._end_listening = None if session is None else session.observe(self._changed)
        for part in self.parts:
            part.set_session(session)
        if session is not None:
            ready = self.detection.ready
            if ready is not None and session.algorithm is None:
                session.set_algorithm(ready.algorithm())
            session.tell_problems()
            self.detection.attempt(self._offer)

    def ask_about_work(self) -> bool | None:
        """Ask what becomes of work that was not exported; return whether it is kept, None when the review goes on."""
        self.selected.attempt(self.selected.store_typed)
        session = self.session
        if session is None or not session.has_unsaved_changes:
            return True
        choices = [self._host.translate("Keep it for later"), self._host.translate("Throw it away")]
        answer = self._host.ask(self._host.translate("This review has changes that were not exported."), choices)
        return None if answer < 0 else answer == 0

    def poll(self) -> None:
        """Take what worker and autosave have to say; the host calls this every 100 ms."""
        was_ready = self.detection.ready
        self.detection.poll()
        self.reporting.poll()
        ready = self.detection.ready
        if ready is not None and ready is not was_ready:
            self.sensitivity.set_ready(ready)
        if self.session is not None:
            self.session.tell_problems()

    def close(self) -> None:
        """Stop listening; worker and session stay as they are."""
        if self._end_listening is not None:
            self._end_listening()
            self._end_listening = None
        self.probability.close()

    def detect(self) -> None:
        """Search all views."""
        self.detection.attempt(self.detection.detect)

    def cancel(self) -> None:
        """Stop the search."""
        self.detection.attempt(self.detection.cancel)

    def export(self) -> None:
        """Write the results, with what is being typed at this moment."""
        self.selected.attempt(self.selected.store_typed)
        self.reporting.attempt(self.reporting.export)

    def write_picture_report(self) -> None:
        """Write the page with each finding, with what is being typed at this moment."""
        self.selected.attempt(self.selected.store_typed)
        self.reporting.attempt(self.reporting.write_picture_report)

    def undo(self) -> None:
        """Take the last action back."""
        self.editing.attempt(self.editing.undo)

    def redo(self) -> None:
        """Do it again."""
        self.editing.attempt(self.editing.redo)

    def next_finding(self) -> None:
        """Select the next finding of the table."""
        self._step(+1)

    def previous_finding(self) -> None:
        """Select the previous one."""
        self._step(-1)

    def show_results(self, earlier: EarlierResults) -> None:
        """Show findings of an earlier run or review, and say whose they are."""
        self.detection.attempt(lambda: self.detection.take_results(earlier))

    def find_nipples(self) -> None:
        """Let correspondences be proposed in views that no algorithm has searched; the host calls it once all are read.

        A failure only means that nothing is proposed.
        """
        session = self.session
        if session is not None:
            views = session.examination.views
            self._host.background(
                lambda: nipples_of(views),
                lambda found: session.set_nipples(found) if session is self.session else None,
                lambda _error: None,
            )

    def accept(self) -> None:
        """Accept the selected finding."""
        self.selected.attempt(self.selected.accept)

    def reject(self) -> None:
        """Reject it."""
        self.selected.attempt(self.selected.reject)

    def undecide(self) -> None:
        """Take the decision about it back."""
        self.selected.attempt(self.selected.undecide)

    def start_tool(self, tool: Tool) -> None:
        """Start a tool, or stop it when it is on."""
        self.editing.attempt(lambda: self.editing.switch_tool(tool))

    def stop_tool(self) -> None:
        """End the tool that is on."""
        self.editing.attempt(lambda: self.editing.start_tool(Tool.NONE))

    def delete_cluster(self) -> None:
        """Remove the selected cluster if a reader drew it."""
        self.editing.attempt(self.editing.delete)

    def toggle_outlines(self) -> None:
        """Show or hide outlines."""
        self.sensitivity.toggle_outlines()

    def toggle_calcifications(self) -> None:
        """Show or hide the marks of single calcifications."""
        self.sensitivity.toggle_calcifications()

    def toggle_probability(self) -> None:
        """Show or hide the probability map."""
        self.probability.attempt(self.probability.toggle)

    def clicked(self, key: str, row: float, column: float) -> None:
        """Tell the panel of a click in a view while a tool is on."""
        self.editing.attempt(lambda: self.editing.clicked(key, row, column))

    def drawn(self, key: str, vertices: Sequence[tuple[float, float]]) -> None:
        """Tell the panel of a closed line that was drawn in a view."""
        self.editing.attempt(lambda: self.editing.drawn(key, vertices))

    def _step(self, direction: int) -> None:
        if self.session is not None:
            self.session.select_next(direction)

    def _changed(self, change: Change) -> None:
        if change.kind is ChangeKind.PROBLEM and change.problem is not None:
            self.detection.tell(change.problem)
            return
        self.editing.settle()
        self.sensitivity.refresh()
        self.findings.refresh()
        self.selected.refresh()
        self.editing.refresh()
        self.reporting.refresh()
        if change.kind is ChangeKind.SELECTION:
            self.findings.show_selection()

    def _offer(self) -> None:
        """Offer each work that was left behind, the latest first, until one is gone on with or kept for later."""
        session = self.session
        if session is None:
            return
        text = self._host.translate("Work on this examination from {when} was not exported.")
        choices = [self._host.translate(choice) for choice in ("Continue it", "Begin anew", "Decide later")]
        really = self._host.translate("Throw this work away? It cannot be got back.")
        for offer in list(session.offers):
            answer = self._host.ask(text.format(when=f"{offer.saved_at:%Y-%m-%d %H:%M}"), choices)
            if answer == 0:
                session.resume(offer)
            if answer != 1 or self._host.ask(really, [self._host.translate("Throw it away")]) < 0:
                return
            session.forget(offer)
