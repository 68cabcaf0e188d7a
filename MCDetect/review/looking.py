"""What a review shows: the questions that a viewer asks."""

from __future__ import annotations

from abc import ABC, abstractmethod

from MCDetect.errors import UsageError
from MCDetect.findings import Calcification, Cluster, Correspondence, Decision, ImageFindings, Origin
from MCDetect.inference.correspondence import Point, propose
from MCDetect.review.examination import Examination
from MCDetect.review.state import ReviewState, visible_calcifications, visible_clusters


class ShownFindings(ABC):
    """The questions of :class:`MCDetect.review.session.ReviewSession`; nothing here changes anything.

    Clusters are named by their tracking UID, views by their key. Methods raise UsageError (``no-such-finding``,
    ``no-such-view``) for one that is not there.
    """

    examination: Examination
    selected: str | None
    _nipples: dict[str, Point]
    _proposed: tuple[tuple[object, ...], tuple[Correspondence, ...]] | None = None

    @property
    @abstractmethod
    def state(self) -> ReviewState:
        """The present state."""

    @property
    @abstractmethod
    def threshold(self) -> float:
        """The threshold that clusters are shown from."""

    def image(self, key: str) -> ImageFindings:
        """Return the findings of a view as they are now, unfiltered; empty ones where there are none."""
        return self._image(key)

    def is_analysed(self, key: str) -> bool:
        """Say whether the algorithm has searched a view."""
        return key in self.state.analysed

    def clusters(self, key: str) -> tuple[Cluster, ...]:
        """Return the clusters of a view that are shown now."""
        return visible_clusters(self.state, self._image(key), self.threshold)

    def calcifications(self, key: str) -> tuple[Calcification, ...]:
        """Return the calcifications of a view that are shown now."""
        return visible_calcifications(self.state, self._image(key), self.threshold)

    def shown_findings(self) -> list[tuple[str, Cluster]]:
        """Return (key of the view, cluster) for all that is shown, suspicious ones first, highest score first."""
        listed = [(key, cluster) for key in self.examination.keys for cluster in self.clusters(key)]
        return sorted(listed, key=lambda entry: (entry[1].is_typically_benign, -entry[1].score))

    @property
    def selected_key(self) -> str | None:
        """The key of the view with the selected cluster, None where none is selected or shown."""
        shown = self.shown_findings()
        return next((key for key, cluster in shown if cluster.tracking_uid == self.selected), None)

    def proposals(self) -> tuple[Correspondence, ...]:
        """Return the pairs of shown, not rejected clusters that are proposed to be the same, best first."""
        about = self.state, self.threshold, self._nipples
        if self._proposed is None or any(now is not then for now, then in zip(about, self._proposed[0], strict=True)):
            self._proposed = about, self._propose()
        return self._proposed[1]

    def _propose(self) -> tuple[Correspondence, ...]:
        confirmed = {uid for c in self.state.correspondences for uid in c.tracking_uids}
        shown = {
            cluster.tracking_uid
            for _, cluster in self.shown_findings()
            if cluster.decision is not Decision.REJECTED and cluster.tracking_uid not in confirmed
        }
        return propose(self.state.images, shown, self._nipples, self.state.declined)

    def partner(self, tracking_uid: str) -> Correspondence | None:
        """Return the confirmed, else the proposed correspondence of a cluster."""
        pairs = (*self.state.correspondences, *self.proposals())
        return next((c for c in pairs if tracking_uid in c.tracking_uids), None)

    def calcification_at(self, key: str, row: float, column: float, reach_mm: float = 0.5) -> int | None:
        """Return the id of the visible calcification nearest to a place (pixels), or None within ``reach_mm``."""
        image = self._image(key)
        shown = {m for c in visible_clusters(self.state, image, self.threshold) for m in c.member_ids}
        row_mm, column_mm = image.spacing_mm
        near = [
            (away, c.id)
            for c in image.calcifications
            if c.id in shown or c.origin is Origin.READER
            for away in [((c.row - row) * row_mm) ** 2 + ((c.column - column) * column_mm) ** 2]
            if away <= (reach_mm + c.diameter_mm / 2) ** 2
        ]
        return min(near)[1] if near else None

    def _image(self, key: str) -> ImageFindings:
        """Return the findings of a view, empty ones where there are none yet."""
        if key not in self.examination.keys:
            raise UsageError("no-such-view", "This image is not part of the examination.", "Choose another one.")
        return self.state.image(key) or self.examination.view(key).empty_findings()

    def _visible(self, key: str) -> frozenset[str]:
        image = self.state.image(key)
        shown = () if image is None else visible_clusters(self.state, image, self.threshold)
        return frozenset(cluster.tracking_uid for cluster in shown)

    def _keys_of(self, tracking_uid: str | None) -> list[str]:
        return [
            image.sop_instance_uid
            for image in self.state.images
            if any(cluster.tracking_uid == tracking_uid for cluster in image.clusters)
        ]
