"""What is reviewed at one moment: the findings as they are now and what the reader has touched."""

from __future__ import annotations

from dataclasses import dataclass, replace

from MCDetect.errors import UsageError
from MCDetect.findings import Calcification, Cluster, Correspondence, Decision, ImageFindings, Origin, score_of


@dataclass(frozen=True)
class ReviewState:
    """Findings of all views at the loosest threshold, as edited.

    ``analysed`` are the keys (SOP Instance UIDs) of the views that the algorithm has searched; ``touched`` are the
    tracking UIDs of clusters that the reader has said something of, which no filter hides; ``correspondences`` are the
    confirmed ones, ``declined`` the pairs that the reader said are not the same. ``edited`` is whether a reader has
    done anything at all: what was drawn and deleted again leaves no other trace.
    """

    images: tuple[ImageFindings, ...] = ()
    analysed: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    correspondences: tuple[Correspondence, ...] = ()
    declined: frozenset[tuple[str, str]] = frozenset()
    comment: str = ""
    complete: bool = False
    edited: bool = False

    def image(self, key: str) -> ImageFindings | None:
        """Return the findings of a view; None when neither algorithm nor reader has found anything in it."""
        return next((image for image in self.images if image.sop_instance_uid == key), None)

    def find(self, tracking_uid: str) -> tuple[ImageFindings, Cluster]:
        """Return a cluster and the image it is in.

        Raises
        ------
        UsageError
            ``no-such-finding``.
        """
        found = self.look_for(tracking_uid)
        if found is None:
            raise UsageError("no-such-finding", "This finding is no longer there.", "Choose another one.")
        return found

    def look_for(self, tracking_uid: str | None) -> tuple[ImageFindings, Cluster] | None:
        """Return a cluster and the image it is in, or None where it is no longer there."""
        for image in self.images:
            for cluster in image.clusters:
                if cluster.tracking_uid == tracking_uid:
                    return image, cluster
        return None

    def with_image(self, image: ImageFindings) -> ReviewState:
        """Return the state with the findings of one view replaced or added."""
        scored = replace(image, score=score_of(image.clusters))
        if self.image(image.sop_instance_uid) is None:
            return replace(self, images=(*self.images, scored))
        key = image.sop_instance_uid
        return replace(self, images=tuple(scored if old.sop_instance_uid == key else old for old in self.images))

    def with_cluster(self, cluster: Cluster) -> ReviewState:
        """Return the state with a changed cluster, touched by the reader from now on."""
        image, _ = self.find(cluster.tracking_uid)
        uid = cluster.tracking_uid
        clusters = tuple(cluster if old.tracking_uid == uid else old for old in image.clusters)
        return replace(self.with_image(replace(image, clusters=clusters)), touched=self.touched | {uid})

    def without_clusters(self, *uids: str) -> ReviewState:
        """Return the state without these clusters; their calcifications stay, what refers to them goes."""
        state = self
        for uid in uids:
            image, _ = state.find(uid)
            state = state.with_image(
                replace(image, clusters=tuple(old for old in image.clusters if old.tracking_uid != uid))
            )
        gone = set(uids)
        return replace(
            state,
            touched=state.touched - gone,
            correspondences=tuple(c for c in state.correspondences if not gone & set(c.tracking_uids)),
            declined=frozenset(pair for pair in state.declined if not gone & set(pair)),
        )


def is_touched(cluster: Cluster) -> bool:
    """Say whether a cluster by itself shows that a reader has worked on it."""
    return (
        cluster.origin is Origin.READER
        or cluster.decision is not Decision.UNDECIDED
        or bool(cluster.reason or cluster.comment)
        or cluster.morphology is not None
        or cluster.assessment is not None
    )


def is_visible(state: ReviewState, cluster: Cluster, threshold: float) -> bool:
    """Say whether a cluster is shown at ``threshold``: nothing that a reader has touched is ever hidden."""
    return cluster.score >= threshold or cluster.tracking_uid in state.touched or is_touched(cluster)


def visible_clusters(state: ReviewState, image: ImageFindings, threshold: float) -> tuple[Cluster, ...]:
    """Return the clusters of a view that are shown at ``threshold``."""
    return tuple(cluster for cluster in image.clusters if is_visible(state, cluster, threshold))


def visible_calcifications(state: ReviewState, image: ImageFindings, threshold: float) -> tuple[Calcification, ...]:
    """Return the calcifications that are shown: those of visible clusters, and isolated ones that a reader added.

    The calcifications of a hidden cluster are hidden with it: below the threshold the algorithm does not claim them.
    Isolated ones of the algorithm belong to no finding and are not shown; they stay in the findings.
    """
    shown = {member for cluster in visible_clusters(state, image, threshold) for member in cluster.member_ids}
    return tuple(c for c in image.calcifications if c.id in shown or c.origin is Origin.READER)
