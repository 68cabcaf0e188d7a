"""Centring and magnifying a finding, and the same finding in the other view."""

from __future__ import annotations

from MCDetect.desktop.marked_views import MarkedViews
from MCDetect.desktop.slice_view import SliceView
from MCDetect.findings import Cluster
from MCDetect.review.hanging import Layout

_SEEN_ROUND_FINDING_MM = 25.0


class FindingViews(MarkedViews):
    """What a view area knows of findings."""

    wanted: tuple[str, Cluster] | None = None
    """The view and the finding that are gone to once that view has its place and its pixels."""

    def arrange(self, layout: Layout, focus: str | None = None) -> None:
        """Hang the views in a layout."""
        raise NotImplementedError

    def set_active(self, view: SliceView) -> None:
        """Make a view the one that keys are for."""
        raise NotImplementedError

    def view_of(self, key: str) -> SliceView | None:
        """Return where a view of the examination is shown."""
        return next((view for view, slot in self.slots.items() if slot.key == key), None)

    def show_finding(self, key: str, cluster: Cluster) -> None:
        """Centre and magnify a cluster, and the one that is the same in another view on the screen.

        A view that is not on the screen is shown alone, and magnified when it is there.
        """
        view = self.view_of(key)
        if self.overlay is None or self.session is None:
            return
        if view is None or view.spacing_mm is None:
            if view is None:
                self.arrange(Layout.ONE_VIEW, key)
            self.wanted = key, cluster
            return
        self.wanted = None
        shown = {view: cluster, **self._partner(cluster)}
        for other in self.magnified - set(shown):
            self.fit_projection(other)
        self.set_active(view)
        self.magnified = set(shown)
        height_mm = max(_SEEN_ROUND_FINDING_MM, *(2.0 * one.diameter_mm for one in shown.values()))
        for place, one in shown.items():
            rows, columns = zip(*one.outline, strict=True)
            middle = (min(rows) + max(rows)) / 2, (min(columns) + max(columns)) / 2
            self.fitted.pop(place, None)
            self.overlay.centre(place.node, *middle, height_mm=height_mm)
            self.moved(place)

    def settle(self) -> None:
        """Fit what an arrangement has placed, once Qt has laid it out."""
        self.fit_all()
        self.go_to_wanted()

    def go_to_wanted(self) -> None:
        """Show the finding that was asked for before its view was there."""
        if self.wanted is not None:
            self.show_finding(*self.wanted)

    def _partner(self, cluster: Cluster) -> dict[SliceView, Cluster]:
        """Return the same cluster in another view, as far as it is proposed and that view is on the screen."""
        pair = None if self.session is None else self.session.partner(cluster.tracking_uid)
        if self.session is None or pair is None:
            return {}
        uid = next(uid for uid in pair.tracking_uids if uid != cluster.tracking_uid)
        image, other = self.session.state.find(uid)
        view = self.view_of(image.sop_instance_uid)
        return {} if view is None or view.spacing_mm is None else {view: other}
