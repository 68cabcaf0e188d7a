"""The button "Detect calcifications": asks the worker, shows how far it is, hands the findings to the session."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from MCDetect.errors import MCDetectError
from MCDetect.findings import Algorithm
from MCDetect.inference.worker.messages import (
    Cancelled,
    Failed,
    Finished,
    Note,
    Ready,
    ViewDone,
    ViewProgress,
    ViewRefused,
)
from MCDetect.review.earlier_results import EarlierResults
from MCDetect.review.examination import View
from MCDetect.review.panel.host import Host
from MCDetect.review.panel.names import as_typed
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.toolkit import Toolkit
from MCDetect.review.session import ReviewSession


class DetectionPart(Part):
    """Detection, progress and cancelling.

    Parameters
    ----------
    client
        A :class:`MCDetect.inference.worker.client.WorkerClient`, or None where nothing can be detected.
    elsewhere
        Is offered each message first; returns whether it has taken it.
    """

    def __init__(
        self,
        widgets: Any,
        toolkit: Toolkit,
        host: Host,
        client: Any,
        elsewhere: Callable[[Any], bool] = lambda _message: False,
    ) -> None:
        super().__init__(widgets, toolkit, host)
        self.client = client
        self._elsewhere = elsewhere
        # A worker that is shared with an earlier panel has said that it is ready before.
        self.ready: Ready | None = None if client is None else client.ready
        self._request: int | None = None
        self._notes: list[str] = []
        self._remembered = 0
        self._searched: frozenset[str] = frozenset()  # before the present search
        self.listen("openButton", "clicked()", host.open_examination)
        self.listen("detectButton", "clicked()", self.detect)
        self.listen("cancelButton", "clicked()", self.cancel)
        self.refresh()

    @property
    def is_detecting(self) -> bool:
        """Whether a search is going on."""
        return self._request is not None

    def set_session(self, session: ReviewSession | None) -> None:
        """Work on another session; a search of the previous one is stopped."""
        if session is not self.session and self.is_detecting:
            self.cancel()
            self._request = None
            self._searched = frozenset()
        super().set_session(session)
        self.widgets.progressBar.setValue(0)
        self.widgets.progressLabel.setText("")

    def detect(self) -> None:
        """Search all views of the session."""
        if self.session is None or self.client is None or self.is_detecting:
            return
        views = self.session.examination.views
        spacing = next((view.given_spacing_mm for view in views if view.given_spacing_mm is not None), None)
        self._remembered = 0
        self._searched = self.session.state.analysed
        self._request = self.client.detect([str(view.path) for view in views], spacing_mm=spacing)
        self.widgets.progressBar.setValue(0)
        self.widgets.progressLabel.setText(self.text("Loading the model…"))
        self.refresh()

    def cancel(self) -> None:
        """Stop the search; what was found so far is kept."""
        if self.client is not None and self.is_detecting:
            self.client.cancel()

    def take_results(self, earlier: EarlierResults) -> None:
        """Give findings of an earlier run or review to the session, and say whose they are."""
        if self.session is None:
            return
        searched = self.session.state.analysed
        count = self.session.add_results(earlier)
        review = earlier.findings.review
        text = self.text("Earlier results of {count} views").format(count=count)
        if review is not None:
            when = review.reviewed_at[:16].replace("T", " ")
            text += self.text(", reviewed by {reader}, {when}").format(reader=as_typed(review.reader), when=when)
            if review.complete:
                text += self.text(". That review was finished; this one is when you say so.")
        text = self._with_what_went(text, searched)
        self.widgets.progressLabel.setText(text)
        self.host.status(text)
        self.refresh()

    def poll(self) -> None:
        """Take what the worker has said."""
        if self.client is None:
            return
        for message in self.client.poll():
            self.attempt(partial(self._take, message))

    def refresh(self) -> None:
        """Switch the buttons on and off, name the model."""
        can = self.session is not None and self.client is not None
        self.enable(can and not self.is_detecting, "detectButton")
        self.enable(self.is_detecting, "cancelButton")
        self.widgets.progressBar.setVisible(self.is_detecting)
        ready = self.ready
        shown = self._model_of_findings()
        self.widgets.modelLabel.setVisible(ready is not None or shown is not None)
        if shown is not None:
            self.widgets.modelLabel.setText(
                self.text("These findings are of another model: {bundle} ({digest})").format(
                    bundle=shown.bundle, digest=shown.bundle_sha256[:8]
                )
            )
        elif ready is not None:
            self.widgets.modelLabel.setText(
                self.text("Model {bundle} ({digest}) on {device}").format(
                    bundle=ready.bundle, digest=ready.bundle_sha256[:8], device=ready.device
                )
            )

    def _model_of_findings(self) -> Algorithm | None:
        """Return what made the findings that are shown, if it is not the model that searches here."""
        session = self.session
        if session is None or session.algorithm is None or not session.state.images or self.ready is None:
            return None
        return None if _is_of(session, self.ready) else session.algorithm

    def _take(self, message: Any) -> None:
        if self._elsewhere(message):
            return
        if isinstance(message, Ready):
            self.ready = message
            self.refresh()
        elif isinstance(message, Note):
            if message.message not in self._notes:
                self._notes.append(message.message)
                self.host.status(message.message)
        elif isinstance(message, Failed):
            self._failed(message)
        elif getattr(message, "request", None) == self._request and self._request is not None:
            self._take_of_search(message)

    def _take_of_search(self, message: Any) -> None:
        session = self.session
        if isinstance(message, ViewProgress):
            self._show_progress(message)
        elif isinstance(message, ViewDone) and session is not None:
            self._remembered += message.remembered
            if self.ready is not None and not _is_of(session, self.ready):
                session.set_algorithm(self.ready.algorithm(device=message.device))
            key = message.image.sop_instance_uid or self._key_of(message.source)  # a file may lack the identifier
            if key in session.examination.keys:
                session.add_view_findings(replace(message.image, sop_instance_uid=key))
        elif isinstance(message, ViewRefused) and session is not None:
            session.add_refusal(message.refusal)
            self.host.tell(message.refusal.message, message.refusal.hint)
        elif isinstance(message, Finished):
            self._end(self._summary(message))
        elif isinstance(message, Cancelled):
            self._end(self.text("Stopped. What was found so far is kept."))

    def _show_progress(self, message: ViewProgress) -> None:
        self.widgets.progressBar.setValue(round(1000 * message.overall))
        text = self.text("{view} ({index} of {total}): {stage}").format(
            view=self._label(message.source),
            index=message.index + 1,
            total=message.total,
            stage=self.text(message.stage),
        )
        if message.seconds_left is not None:
            text += self.text(", about {seconds} s left").format(seconds=max(1, round(message.seconds_left)))
        self.widgets.progressLabel.setText(text)

    def _label(self, source: str) -> str:
        view = self._view_of(source)
        return self.text("view") if view is None else view.label

    def _key_of(self, source: str) -> str:
        view = self._view_of(source)
        return "" if view is None else view.key

    def _view_of(self, source: str) -> View | None:
        views = () if self.session is None else self.session.examination.views
        wanted = os.path.realpath(source)
        return next((view for view in views if os.path.realpath(view.path) == wanted), None)

    def _summary(self, message: Finished) -> str:
        text = self.text("{done} views searched in {seconds:.1f} s.").format(done=message.done, seconds=message.seconds)
        if self._remembered:
            text += " " + self.text("{count} of them were remembered from before.").format(count=self._remembered)
        if message.refused:
            text += " " + self.text("{count} could not be searched.").format(count=message.refused)
        return text

    def _failed(self, message: Failed) -> None:
        if message.request not in (None, self._request):
            return
        if message.code == "no-torch" and not self.is_detecting:
            return  # nobody has asked for a detection yet: it is told with the first click
        self._end("")
        if message.code == "no-torch":
            self.host.offer_installation(MCDetectError(message.code, message.message, message.hint))
            return
        self.host.tell(message.message, message.hint, message.details)

    def _end(self, text: str) -> None:
        self._request = None
        self.widgets.progressBar.setValue(0)
        self.widgets.progressLabel.setText(self._with_what_went(text, self._searched))
        self._searched = frozenset()
        self.refresh()

    def _with_what_went(self, text: str, searched: frozenset[str]) -> str:
        """Return a text that tells too how many of the views that were ``searched`` before are so no more."""
        went = 0 if self.session is None else len(searched - self.session.state.analysed)
        told = self.text("Findings of another model went from {count} views; what you decided stays, as yours.")
        return f"{text} {told.format(count=went)}".strip() if went else text


def _is_of(session: ReviewSession, ready: Ready) -> bool:
    """Say whether the findings of a session are those of a worker's model; earlier results may be of another."""
    return session.algorithm is not None and session.algorithm.bundle_sha256 == ready.bundle_sha256
