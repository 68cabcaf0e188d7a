"""The review session: an examination, what was found in it, and what the reader makes of it.

For one thread, the viewer's. Viewers call its methods and listen with :meth:`ReviewSession.observe`. The network is
never run here: findings come from outside, view by view.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from MCDetect.dicom.results.predecessors import Report
from MCDetect.errors import MCDetectError, UsageError
from MCDetect.findings import (
    Algorithm,
    Findings,
    Refusal,
    Review,
)
from MCDetect.inference.correspondence import Point
from MCDetect.review.document import Kept
from MCDetect.review.examination import Examination, open_examination
from MCDetect.review.history import History
from MCDetect.review.keeping import Keeping
from MCDetect.review.listening import Change, ChangeKind, Listeners, Observer
from MCDetect.review.offers import Offer
from MCDetect.review.outcome import shown_as_findings
from MCDetect.review.state import ReviewState
from MCDetect.review.taking import TakingFindings


class ReviewSession(TakingFindings):
    """One review of one examination.

    Parameters
    ----------
    examination
        From :func:`MCDetect.review.examination.open_examination`.
    reader
        Name of the reader in DICOM form (family^given); may be set later.
    folder
        Where unfinished work is kept; None keeps nothing. With a folder, make the session in a thread: disks are slow.

    Attributes
    ----------
    examination : Examination
    reader : str
    algorithm : Algorithm or None
    operating_point : str
    selected : str or None
        Tracking UID of the selected cluster.
    refusals : list of Refusal
        Files that were not opened or not searched, and why.
    reports : dict of str to Report
        Reports of earlier results and of earlier exports of this review, by SOP Instance UID: new ones replace them.
    """

    def __init__(self, examination: Examination, reader: str = "", folder: Path | None = None) -> None:
        self.examination = examination
        self.reader = reader
        self.algorithm: Algorithm | None = None
        self.operating_point = "custom"
        self.selected: str | None = None
        self.refusals: list[Refusal] = list(examination.refused)
        self.reports: dict[str, Report] = {}
        self._threshold = 0.0
        self._history = History(ReviewState())
        self._saved = self._history.present
        self._nipples: dict[str, Point] = {}
        self._listeners = Listeners()
        self._problems: deque[MCDetectError] = deque()
        self._keeping = Keeping(folder, examination, self._problems.append)

    @classmethod
    def open(
        cls,
        paths: Sequence[str | Path],
        *,
        reader: str = "",
        spacing_mm: float | None = None,
        folder: Path | None = None,
    ) -> ReviewSession:
        """Open the examination in ``paths`` (its headers) and begin a review of it; see :func:`open_examination`."""
        return cls(open_examination(paths, spacing_mm), reader, folder)

    @property
    def offers(self) -> list[Offer]:
        """Unfinished work of this examination that was left behind: see :meth:`resume` and :meth:`forget`."""
        return self._keeping.offers

    @property
    def state(self) -> ReviewState:
        """The present state."""
        return self._history.present

    @property
    def threshold(self) -> float:
        """Clusters of at least this score are shown, and those that the reader has touched."""
        return self._threshold

    def set_threshold(self, threshold: float, operating_point: str = "custom") -> None:
        """Show clusters from another score on; nothing is computed again."""
        if not 0 <= threshold <= 1:
            raise UsageError("threshold-out-of-range", f"The threshold {threshold} is not between 0 and 1.")
        if (threshold, operating_point) == (self._threshold, self.operating_point):
            return
        self._threshold, self.operating_point = float(threshold), operating_point
        if self.selected is not None and self.selected_key is None:  # nobody accepts what is not shown
            self.select(None)
        self._changed(ChangeKind.FILTER, self.examination.keys)

    def select(self, tracking_uid: str | None) -> None:
        """Select a cluster, or none."""
        before = self.selected
        keys = [] if tracking_uid is None else [self.state.find(tracking_uid)[0].sop_instance_uid]
        if tracking_uid != before:
            self.selected = tracking_uid
            self._listeners.tell(Change(ChangeKind.SELECTION, frozenset([*keys, *self._keys_of(before)])))

    def select_next(self, step: int = 1) -> str | None:
        """Select the next finding of the table (-1: the one before), round and round; return it."""
        listed = [cluster.tracking_uid for _, cluster in self.shown_findings()]
        if not listed:
            return None
        at = listed.index(self.selected) + step if self.selected in listed else (0 if step > 0 else -1)
        self.select(listed[at % len(listed)])
        return self.selected

    @property
    def undo_text(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._history.past[-1].what if self._history.past else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self._history.future[-1].what if self._history.future else ""

    def undo(self) -> bool:
        """Take the last action back; return whether there was one."""
        return self._go(self._history.undone())

    def redo(self) -> bool:
        """Do the last undone action again; return whether there was one."""
        return self._go(self._history.redone())

    @property
    def has_unsaved_changes(self) -> bool:
        """Whether the reader has done something since the last export."""
        return self.state != self._saved

    def set_reader(self, name: str) -> None:
        """Name the reader, in DICOM form (family^given); what another one has finished is finished no more."""
        before, self.reader = self.reader, name.strip()
        if before and self.reader and self.reader != before:
            # In every state: undo must not finish it again, under the new name.
            self._history = self._history.everywhere(lambda state: replace(state, complete=False))
            self._changed(ChangeKind.FINDINGS, [])
        self._changed(ChangeKind.SAVED, [])

    def findings(self) -> Findings:
        """Return what is shown now as findings, without saying that anybody reviewed them."""
        shown = {key: self.clusters(key) for key in self.examination.keys}
        pairs = (*self.state.correspondences, *self.proposals())
        made_by = self.algorithm and replace(
            self.algorithm, operating_point=self.operating_point, threshold=self._threshold
        )
        return shown_as_findings(self.state, shown, pairs, made_by, self.refusals)

    def reviewed_findings(self, at: datetime | None = None) -> Findings:
        """Return the findings as reviewed by the reader.

        Parameters
        ----------
        at
            Moment of the review; now if None.

        Raises
        ------
        UsageError
            ``no-reader`` when the reader has no name.
        """
        if not self.reader:
            raise UsageError("no-reader", "The reader has no name.", "Enter the name of the reader.")
        moment = (at or datetime.now()).astimezone().isoformat(timespec="seconds")
        review = Review(self.reader, moment, self.state.complete, self.state.comment, tuple(self.reports))
        return replace(self.findings(), review=review)

    def mark_saved(self) -> None:
        """Say that the present state has been exported: nothing is unsaved and nothing is kept for recovery."""
        self._saved = self.state
        self._keeping.finish()
        self._listeners.tell(Change(ChangeKind.SAVED))

    def resume(self, offer: Offer) -> None:
        """Go on with work that was left behind; the present state can be come back to by undo.

        Work that a reader of another name had finished is not finished: who signs a report says so.

        Raises
        ------
        InputError
            ``damaged-recovery``; the file is kept aside.
        """
        kept = self._keeping.resume(offer)
        if kept.algorithm is not None:
            self.set_algorithm(kept.algorithm)
        self.reader = self.reader or kept.reader
        state = kept.state if self.reader == kept.reader else replace(kept.state, complete=False)
        self.reports.update(kept.reports)
        self._threshold, self.operating_point = kept.threshold, kept.operating_point
        self._do(state, "go on with earlier work", self.examination.keys)
        self._keeping.take_over()

    def forget(self, offer: Offer) -> None:
        """Delete work that was left behind."""
        self._keeping.forget(offer)

    def close(self, *, keep_work: bool = True) -> None:
        """End the review at once; unsaved work is offered again next time unless ``keep_work`` is False.

        What is not yet on disk is written by another thread: see :func:`MCDetect.review.recovery.wait_until_kept`.
        """
        if not keep_work:
            self._keeping.finish()
        elif not self.has_unsaved_changes:
            self._keeping.keep_nothing_new()
        self._keeping.close()
        self._listeners.clear()
        for view in self.examination.views:
            view.release()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with each :class:`Change`; return a function that ends this."""
        return self._listeners.add(observer)

    def tell_problems(self) -> None:
        """Tell the observers what went wrong in the background; call it from a timer, and once after opening."""
        while self._problems and self._listeners:  # what nobody hears is kept for the first who listens
            self._listeners.tell(Change(ChangeKind.PROBLEM, problem=self._problems.popleft()))

    def _everywhere(self, change: Callable[[ReviewState], ReviewState], keys: Iterable[str]) -> None:
        """Make a change that is no action of the reader: undo does not take it back."""
        self._history = self._history.everywhere(change)
        self._saved = change(self._saved)
        self._changed(ChangeKind.FINDINGS, keys)

    def _do(self, state: ReviewState, what: str, keys: Iterable[str]) -> None:
        self._history = self._history.done(replace(state, edited=True), what)
        self._changed(ChangeKind.FINDINGS, keys)

    def _go(self, history: History[ReviewState]) -> bool:
        if history is self._history:
            return False
        self._history = history
        self._changed(ChangeKind.FINDINGS, self.examination.keys)
        return True

    def _changed(self, kind: ChangeKind, keys: Iterable[str]) -> None:
        if self.selected is not None and not self._keys_of(self.selected):
            self.select(None)
        if self.has_unsaved_changes:
            seen_with = (self.algorithm, self.operating_point, self._threshold)
            self._keeping.keep(Kept(self.state, *seen_with, self.reader, dict(self.reports)))
        else:
            self._keeping.keep_nothing_new()
        self._listeners.tell(Change(kind, frozenset(keys)))
        self.tell_problems()


__all__ = ["Change", "ChangeKind", "ReviewSession"]
