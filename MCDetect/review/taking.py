"""What a review takes from outside: findings of the algorithm as they come, and those of earlier results."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping

from pydicom.uid import DigitalMammographyXRayImageStorageForProcessing

from MCDetect.dicom.results.predecessors import Report
from MCDetect.dicom.results.reading import NOBODY
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import Algorithm, ImageFindings, Refusal
from MCDetect.inference.correspondence import Point
from MCDetect.review.actions import ReaderActions
from MCDetect.review.arrival import with_results, with_view_findings, without_former_findings
from MCDetect.review.earlier_results import EarlierResults
from MCDetect.review.outcome import NO_ALGORITHM, is_same_model
from MCDetect.review.state import ReviewState


class TakingFindings(ReaderActions):
    """The part of :class:`MCDetect.review.session.ReviewSession` that is no action of the reader; undo keeps it."""

    algorithm: Algorithm | None
    refusals: list[Refusal]
    reports: dict[str, Report]

    @abstractmethod
    def set_threshold(self, threshold: float, operating_point: str = "custom") -> None:
        """Show clusters from another score on."""

    @abstractmethod
    def _everywhere(self, change: Callable[[ReviewState], ReviewState], keys: Iterable[str]) -> None:
        """Make a change that is no action of the reader."""

    def set_algorithm(self, algorithm: Algorithm) -> None:
        """Say what makes the findings; its operating point becomes the present one.

        Where it is of another model than before, what that found goes from all views, also those that the new one may
        never search: findings of one export are of one model. What the reader has made or touched stays.
        """
        is_other = self.algorithm is not None and not is_same_model(self.algorithm, algorithm)
        self.algorithm = algorithm
        if is_other:
            self._everywhere(without_former_findings, self.examination.keys)
        self.set_threshold(algorithm.threshold, algorithm.operating_point)

    def add_view_findings(self, found: ImageFindings) -> None:
        """Take what the algorithm found in a view, at the loosest threshold; no action of the reader is undone by it.

        Raises
        ------
        UsageError
            ``no-such-view`` when it is of another examination.
        """
        key = found.sop_instance_uid
        self._require_same_size(found)
        self._everywhere(lambda state: with_view_findings(state, found), [key])
        searched = os.path.realpath(self.examination.view(key).path)
        self.refusals = [old for old in self.refusals if os.path.realpath(old.source) != searched]

    def add_results(self, earlier: EarlierResults) -> int:
        """Take findings of an earlier run or review and go on from them; return of how many views they speak.

        Its reader stays in the earlier reports; ``earlier.reports`` are those that new reports replace.

        Raises
        ------
        InputError
            ``other-examination`` when they speak of none of the views; ``for-processing`` when of raw images instead.
        UsageError
            ``changed-file`` when a view has another size.
        """
        of_views = [image for image in earlier.findings.images if image.sop_instance_uid in self.examination.keys]
        classes = {image.sop_class_uid for image in earlier.findings.images}
        if not of_views and DigitalMammographyXRayImageStorageForProcessing in classes:
            raise InputError(
                "for-processing",
                "These results speak of raw images (For Processing), not of those that are open.",
                "They cannot be shown on the processed images (For Presentation): marks may lie elsewhere there.",
            )
        if not of_views:
            raise InputError(
                "other-examination",
                "These results speak of none of the images that are open.",
                "Open them together with the mammograms that they were made of.",
            )
        for image in of_views:
            self._require_same_size(image)
        made_by = earlier.findings.algorithm
        if made_by.bundle != NO_ALGORITHM.bundle and (made_by != NOBODY or self.algorithm is None):
            self.set_algorithm(made_by)
        self.reports.update(earlier.reports)
        keys = [image.sop_instance_uid for image in of_views]
        self._everywhere(lambda state: with_results(state, earlier.findings, keys), keys)
        return len(keys)

    def holds(self, earlier: EarlierResults) -> bool:
        """Say whether there are findings already in all views that results speak of, as in work that was left behind.

        To take the results then would replace every finding that the reader has not touched.
        """
        about = {image.sop_instance_uid for image in earlier.findings.images} & set(self.examination.keys)
        return bool(about) and about <= {image.sop_instance_uid for image in self.state.images}

    def add_refusal(self, refusal: Refusal) -> None:
        """Take why the algorithm did not search an image."""
        self.refusals = [old for old in self.refusals if old.source != refusal.source] + [refusal]

    def set_nipples(self, nipples: Mapping[str, Point]) -> None:
        """Take (row, column) of nipples by key of the view, from :func:`correspondence.nipple_of`; for proposals."""
        self._nipples = {**self._nipples, **nipples}

    def _require_same_size(self, found: ImageFindings) -> None:
        known = self._image(found.sop_instance_uid)
        if (known.rows, known.columns) != (found.rows, found.columns):
            raise UsageError("changed-file", "The image has changed since it was opened.", "Open it again.")
