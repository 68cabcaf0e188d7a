"""What a reader can do, one method an action; each can be undone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.errors import UsageError
from MCDetect.findings import Cluster, Correspondence, Decision
from MCDetect.inference.correspondence import ordered
from MCDetect.review import drawing
from MCDetect.review.local_segmentation import segment_calcification
from MCDetect.review.looking import ShownFindings
from MCDetect.review.state import ReviewState


class ReaderActions(ShownFindings):
    """The actions of :class:`MCDetect.review.session.ReviewSession`.

    Clusters are named by their tracking UID, views by their key. Every method raises UsageError (``no-such-finding``,
    ``no-such-view``) for one that is not there.
    """

    @abstractmethod
    def select(self, tracking_uid: str | None) -> None:
        """Select a cluster, or none."""

    @abstractmethod
    def _do(self, state: ReviewState, what: str, keys: Iterable[str]) -> None:
        """Make ``state`` the present one."""

    def accept(self, tracking_uid: str, reason: str = "") -> None:
        """Accept a cluster."""
        self._decide(tracking_uid, Decision.ACCEPTED, reason, "accept")

    def reject(self, tracking_uid: str, reason: str = "") -> None:
        """Reject a cluster; it stays in the findings as rejected."""
        self._decide(tracking_uid, Decision.REJECTED, reason, "reject")

    def undecide(self, tracking_uid: str) -> None:
        """Take a decision back."""
        self._decide(tracking_uid, Decision.UNDECIDED, "", "take the decision back")

    def set_comment(self, tracking_uid: str, comment: str) -> None:
        """Comment on a cluster."""
        self._change(replace(self.state.find(tracking_uid)[1], comment=comment.strip()), "comment")

    def set_distribution(self, tracking_uid: str, distribution: Distribution) -> None:
        """Set the BI-RADS distribution."""
        changed = replace(self.state.find(tracking_uid)[1], distribution=Distribution(distribution))
        self._change(changed, "set the distribution")

    def set_morphology(self, tracking_uid: str, morphology: Morphology | None) -> None:
        """Set the BI-RADS morphology; None is not stated."""
        term = None if morphology is None else Morphology(morphology)
        self._change(replace(self.state.find(tracking_uid)[1], morphology=term), "set the morphology")

    def set_assessment(self, tracking_uid: str, assessment: AssessmentCategory | None) -> None:
        """Set the BI-RADS assessment category; None is not stated."""
        term = None if assessment is None else AssessmentCategory(assessment)
        self._change(replace(self.state.find(tracking_uid)[1], assessment=term), "set the assessment")

    def set_outline(self, tracking_uid: str, vertices: Sequence[tuple[float, float]]) -> None:
        """Give a cluster another outline, (row, column) in pixels; its members are the calcifications inside."""
        image, _ = self.state.find(tracking_uid)
        key = image.sop_instance_uid
        state = drawing.with_outline(self.state, tracking_uid, vertices, self._visible(key))
        self._do(state, "change the outline", [key])

    def draw_cluster(self, key: str, vertices: Sequence[tuple[float, float]]) -> str:
        """Make a cluster of the calcifications inside a polygon, select it and return its tracking UID."""
        state, uid = drawing.with_drawn_cluster(self.state, self._image(key), vertices)
        self._do(state, "draw a cluster", [key])
        self.select(uid)
        return uid

    def merge_clusters(self, tracking_uids: Sequence[str]) -> str:
        """Join clusters of one image into one of the reader's, select it and return its tracking UID."""
        state, uid = drawing.with_merged_clusters(self.state, tracking_uids)
        self._do(state, "join clusters", [state.find(uid)[0].sop_instance_uid])
        self.select(uid)
        return uid

    def delete_cluster(self, tracking_uid: str) -> None:
        """Delete a cluster that a reader drew.

        Raises
        ------
        UsageError
            ``not-drawn`` for one of the algorithm, which can only be rejected.
        """
        image, cluster = self.state.find(tracking_uid)
        if not drawing.is_drawn_cluster(cluster):
            raise UsageError("not-drawn", "The algorithm found this cluster.", "Reject it instead of deleting it.")
        self._do(self.state.without_clusters(tracking_uid), "delete a cluster", [image.sop_instance_uid])

    def add_calcification(self, key: str, row: float, column: float) -> int:
        """Mark the calcification at a click (pixels) and return its id; reads the pixels of the view if need be.

        Raises
        ------
        UsageError
            ``outside-the-image``, ``no-calcification-here`` or ``already-marked``.
        """
        image, view = self._image(key), self.examination.view(key)
        found = segment_calcification(view.mammogram().pixels, image.spacing_mm, row, column, number=0)
        state, number = drawing.with_calcification(self.state, image, found, self._visible(key), self.selected)
        self._do(state, "add a calcification", [key])
        return number

    def remove_calcification(self, key: str, identifier: int) -> None:
        """Remove a calcification; its cluster is measured again."""
        state = drawing.without_calcification(self.state, self._image(key), identifier)
        self._do(state, "remove a calcification", [key])

    def confirm_correspondence(self, first: str, second: str) -> None:
        """Say that two clusters, of two images, are the same."""
        images = self._two_images(first, second)
        pair = ordered(first, second)
        others = tuple(c for c in self.state.correspondences if c.tracking_uids != pair)
        state = replace(
            self.state,
            correspondences=(*others, Correspondence(pair, 1.0, confirmed=True)),
            declined=self.state.declined - {pair},
            touched=self.state.touched | set(pair),
        )
        self._do(state, "confirm a correspondence", images)

    def decline_correspondence(self, first: str, second: str) -> None:
        """Say that two clusters are not the same; they are not proposed again."""
        images = self._two_images(first, second)
        pair = ordered(first, second)
        others = tuple(c for c in self.state.correspondences if c.tracking_uids != pair)
        state = replace(self.state, correspondences=others, declined=self.state.declined | {pair})
        self._do(state, "decline a correspondence", images)

    def set_study_comment(self, comment: str) -> None:
        """Comment on the whole examination."""
        self._do(replace(self.state, comment=comment.strip()), "comment on the examination", [])

    def set_complete(self, complete: bool = True) -> None:
        """Say that the review is finished, or not yet."""
        self._do(replace(self.state, complete=complete), "finish the review" if complete else "go on reviewing", [])

    def _decide(self, tracking_uid: str, decision: Decision, reason: str, what: str) -> None:
        self._change(replace(self.state.find(tracking_uid)[1], decision=decision, reason=reason.strip()), what)

    def _change(self, cluster: Cluster, what: str) -> None:
        image, old = self.state.find(cluster.tracking_uid)
        if cluster != old:
            self._do(self.state.with_cluster(cluster), what, [image.sop_instance_uid])

    def _two_images(self, first: str, second: str) -> list[str]:
        keys = [self.state.find(uid)[0].sop_instance_uid for uid in (first, second)]
        if keys[0] == keys[1]:
            raise UsageError(
                "one-image", "Both clusters are in the same image.", "Choose one cluster in each of two views."
            )
        return keys
