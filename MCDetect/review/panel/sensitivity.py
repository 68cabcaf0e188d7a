"""How much is shown: operating points, the sensitivity slider, outlines and marks."""

from __future__ import annotations

import math
from typing import Any

from MCDetect.inference.worker.messages import Ready
from MCDetect.review.panel.host import Host
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.toolkit import Toolkit
from MCDetect.review.session import ReviewSession
from MCDetect.score_text import threshold_text

_WIDEST = 8.0
_STEPS = 100


def _threshold_of(value: int) -> float:
    """Return the least score that a value of the slider stands for."""
    return 0.0 if value >= _STEPS else 1 / (1 + math.exp(2 * _WIDEST * value / _STEPS - _WIDEST))


def _value_of(threshold: float) -> int:
    """Return the value of the slider for a least score."""
    if not 0 < threshold < 1:
        return _STEPS if threshold <= 0 else 0
    odds = math.log(threshold / (1 - threshold))
    return max(0, min(_STEPS - 1, round(_STEPS * (_WIDEST - odds) / (2 * _WIDEST))))


class SensitivityPart(Part):
    """The slider filters what is there; the network does not run again.

    It is even in log-odds of the least score, because scores crowd near 0 and 1: from 0.9997 at the left end to 0.0003,
    and everything at the right end.
    """

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host) -> None:
        super().__init__(widgets, toolkit, host)
        self._points: dict[str, float] = {}
        self._digest = ""
        self.listen("sensitivitySlider", "valueChanged(int)", self._slid)
        self.listen("operatingPointBox", "activated(int)", self._chosen)
        self.listen("outlinesCheckBox", "toggled(bool)", self._marked)
        self.listen("calcificationsCheckBox", "toggled(bool)", self._marked)
        self.refresh()

    def set_ready(self, ready: Ready) -> None:
        """Offer the operating points of the model."""
        self._digest = ready.bundle_sha256
        if ready.operating_points == self._points:
            self.refresh()
            return
        self._points = dict(ready.operating_points)
        with self.quiet("operatingPointBox"):
            self.widgets.operatingPointBox.clear()
            for name, threshold in self._points.items():
                self.widgets.operatingPointBox.addItem(
                    self.text("{name} (score from {threshold})").format(name=name, threshold=threshold_text(threshold))
                )
            self.widgets.operatingPointBox.addItem(self.text("own setting"))
        self.refresh()

    def refresh(self) -> None:
        """Show the present threshold."""
        session = self.session
        self.enable(session is not None and session.algorithm is not None, "sensitivitySlider")
        # Operating points are thresholds of a model: they say nothing about the scores of another one.
        is_other = (
            session is not None and session.algorithm is not None and session.algorithm.bundle_sha256 != self._digest
        )
        self.enable(session is not None and bool(self._points) and not is_other, "operatingPointBox")
        if session is None:
            self.widgets.thresholdLabel.setText("")
            return
        with self.quiet("sensitivitySlider", "operatingPointBox"):
            self.widgets.sensitivitySlider.setValue(_value_of(session.threshold))
            names = list(self._points)
            is_named = session.operating_point in names and not is_other
            at = names.index(session.operating_point) if is_named else len(names)
            self.widgets.operatingPointBox.setCurrentIndex(at)
        self.widgets.thresholdLabel.setText(self._describe(session))

    def toggle_outlines(self) -> None:
        """Show or hide the outlines."""
        self.widgets.outlinesCheckBox.setChecked(not self.widgets.outlinesCheckBox.property("checked"))

    def toggle_calcifications(self) -> None:
        """Show or hide the marks of the single calcifications."""
        self.widgets.calcificationsCheckBox.setChecked(not self.widgets.calcificationsCheckBox.property("checked"))

    def _describe(self, session: ReviewSession) -> str:
        if session.algorithm is None:
            return self.text("Nothing has been searched yet.")
        shown = len(session.shown_findings())
        total = sum(len(image.clusters) for image in session.state.images)
        return self.text("Score from {threshold}: {shown} of {total} findings shown").format(
            threshold=threshold_text(session.threshold), shown=shown, total=total
        )

    def _slid(self) -> None:
        if self.session is not None:
            self.session.set_threshold(_threshold_of(self.widgets.sensitivitySlider.property("value")))

    def _chosen(self) -> None:
        names = list(self._points)
        index = self.widgets.operatingPointBox.property("currentIndex")
        if self.session is not None and 0 <= index < len(names):
            self.session.set_threshold(self._points[names[index]], names[index])

    def _marked(self) -> None:
        self.host.set_marks(
            bool(self.widgets.outlinesCheckBox.property("checked")),
            bool(self.widgets.calcificationsCheckBox.property("checked")),
        )
