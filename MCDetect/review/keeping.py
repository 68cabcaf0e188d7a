"""The unfinished work of a session: what earlier ones left behind, and what is kept of this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from MCDetect.errors import InputError, MCDetectError, UsageError
from MCDetect.review import recovery
from MCDetect.review.document import Kept, from_document, to_document
from MCDetect.review.examination import Examination
from MCDetect.review.offers import Offer, forget, keep_aside, offers


class Keeping:
    """Work of one examination on disk; without a folder nothing is kept and nothing is offered.

    Parameters
    ----------
    folder
        See :func:`MCDetect.review.recovery.default_folder`.
    examination
        Which is open.
    tell
        Takes what goes wrong, also from another thread.

    Attributes
    ----------
    offers : list of Offer
        Work that was left behind and is about this examination.
    """

    def __init__(self, folder: Path | None, examination: Examination, tell: Callable[[MCDetectError], object]) -> None:
        self.offers: list[Offer] = []
        self._keys = set(examination.keys)
        self._sources = [str(view.path.absolute()) for view in examination.views]
        self._resumed: Offer | None = None
        self._is_taken_over = False
        self._keeper: recovery.Keeper | None = None
        if folder is None:
            return
        recovery.wait_until_kept()
        key = recovery.examination_key(examination.studies)
        self.offers, problems = offers(folder, key, examination.keys)
        for problem in problems:
            tell(problem)
        self._keeper = recovery.Keeper(folder, key, tell)
        if self._keeper.is_open_elsewhere:
            tell(
                UsageError(
                    "open-elsewhere",
                    "This examination is open in another program too. What is done there is not seen here.",
                    "Close one of the two; the work of each is kept by itself.",
                )
            )

    def resume(self, offer: Offer) -> Kept:
        """Return the work that was left behind; it is this session's from now on.

        Raises
        ------
        InputError
            ``damaged-recovery``; the file is kept aside.
        """
        self._withdraw(offer)
        try:
            kept = from_document(offer.document)
            if not {image.sop_instance_uid for image in kept.state.images} <= self._keys:
                raise ValueError("it names other images")
        except ValueError as error:
            aside = keep_aside(offer.path)
            raise InputError(
                "damaged-recovery",
                "The saved work of an earlier review does not fit this examination.",
                f"It is kept as {aside}; the review begins anew.",
            ) from error
        self._resumed, self._is_taken_over = offer, False
        return kept

    def take_over(self) -> None:
        """Delete the file of the work that was resumed, once what was kept last is on disk."""
        if self._keeper is not None and (resumed := self._resumed) is not None:
            self._keeper.when_kept(lambda: self._take_over(resumed))

    def forget(self, offer: Offer) -> None:
        """Delete work that was left behind."""
        self._withdraw(offer)
        forget(offer.path)

    def keep(self, work: Kept) -> None:
        """Keep unsaved work, soon and in another thread."""
        self._keep(lambda: to_document(work))

    def keep_nothing_new(self) -> None:
        """Keep nothing but what was resumed, beyond which undo went back: it is offered again."""
        if (resumed := self._resumed) is not None:
            self._keep(lambda: resumed.document)
        elif self._keeper is not None:
            self._keeper.discard()

    def finish(self) -> None:
        """Keep nothing: all has been exported, or is thrown away."""
        if self._keeper is not None:
            self._keeper.discard()
        # Once it was taken over, another window may have a file of that name.
        if self._resumed is not None and not self._is_taken_over:
            forget(self._resumed.path)
        self._resumed = None

    def close(self) -> None:
        """End at once; what is not yet on disk is written by another thread."""
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything is on disk; return whether it is."""
        return self._keeper is not None and self._keeper.flush(timeout)

    @property
    def path(self) -> Path | None:
        """The file of this session's work; None where none can be written."""
        return None if self._keeper is None else self._keeper.path

    def _take_over(self, offer: Offer) -> None:
        forget(offer.path)
        self._is_taken_over = True

    def _keep(self, describe: Callable[[], object]) -> None:
        if self._keeper is not None:
            sources: Sequence[str] = self._sources
            self._keeper.keep(lambda: {"sources": sources, "review": describe()})

    def _withdraw(self, offer: Offer) -> None:
        self.offers = [other for other in self.offers if other.path != offer.path]
