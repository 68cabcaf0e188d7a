"""How large views are shown when nobody has moved them: the breast, or the whole image, pairs equally large."""

from __future__ import annotations

from PyQt5.QtGui import QCursor

from MCDetect.desktop.moving_views import MovingViews
from MCDetect.desktop.navigation import Move
from MCDetect.desktop.slice_view import SliceView
from MCDetect.review.hanging import Flips
from MCDetect.review.reduction import Box


class FittedViews(MovingViews):
    """What a view area knows of fitting."""

    boxes: dict[str, Box]
    """The part of each view that is not black, by the key of the view."""
    fitted: dict[SliceView, bool]
    """The views that nobody has moved since, and whether the breast (True) or the whole image fills them."""
    magnified: set[SliceView]
    """The views that show a finding which was chosen in the table."""

    def move_views(self, source: SliceView, move: Move) -> None:
        """Move a view and its pair; they no longer follow the size of the window."""
        for view in (source, *self.partners(source)):
            self.fitted.pop(view, None)
            self.magnified.discard(view)
        super().move_views(source, move)

    def fit_all(self) -> None:
        """Show all breasts as large as their places allow, but where a finding is shown."""
        self._fit([view for view in self.slots if view not in self.magnified], breast=True)

    def fit(self) -> None:
        """Show the whole image of the active view and its pair."""
        self._fit([self.active, *self.partners(self.active)], breast=False)

    def fit_breast(self) -> None:
        """Show the breast of the active view and its pair as large as their places allow."""
        self._fit([self.active, *self.partners(self.active)], breast=True)

    def fit_projection(self, view: SliceView) -> None:
        """Fit a view that has come, and those of the same projection that nobody has moved."""
        self._fit([view, *(other for other in self.same_projection(view) if other in self.fitted)], breast=True)

    def fit_again(self, view: SliceView) -> None:
        """Fit a view whose size has changed, if nobody has moved it."""
        if view in self.fitted:
            self._fit([view], breast=self.fitted[view])

    def place_of_interest(self, view: SliceView) -> tuple[float, float] | None:
        """Return the place under the pointer, else the middle of the selected finding, the view or the breast."""
        key = self.key_of(view)
        if key is None or self.session is None or view.spacing_mm is None:
            return None
        rows, columns = self.session.examination.view(key).shape
        box = self.boxes.get(key, (0, 0, rows - 1, columns - 1))
        if view.underMouse():
            pointed = view.to_image(*view.screen_position(view.mapFromGlobal(QCursor.pos())))
            if pointed is not None and _is_inside(pointed, box):
                return pointed
        for cluster in self.session.clusters(key):
            if cluster.tracking_uid == self.session.selected:
                across, down = zip(*cluster.outline, strict=True)
                return (min(across) + max(across)) / 2, (min(down) + max(down)) / 2
        width, height = view.size_in_pixels
        middle = view.to_image(width / 2, height / 2)
        if middle is not None and view not in self.fitted and _is_inside(middle, box):
            return middle
        return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2

    def _fit(self, views: list[SliceView], *, breast: bool) -> None:
        overlay = self.overlay
        there = [view for view in views if view.spacing_mm is not None and self.key_of(view) is not None]
        for view in there:
            view.fit_to_widget()
        for view in there:
            if overlay is None:
                return
            # The breasts of a pair are compared: they are shown equally large.
            pair = self.same_projection(view)
            scale = max(overlay.smallest_scale(other.node, self._box(other, breast)) for other in pair)
            overlay.fit(view.node, self._box(view, breast), scale)
            self.fitted[view] = breast
            self.moved(view)

    def _box(self, view: SliceView, breast: bool) -> Box | None:
        key = self.key_of(view)
        if key is None or self.session is None or not breast or key not in self.boxes:
            return None
        return _up_to_chest_wall(self.boxes[key], self.slots[view].flips, self.session.examination.view(key).shape[1])


def _up_to_chest_wall(box: Box, flips: Flips, columns: int) -> Box | None:
    """Return a box that goes on to the edge of the image where the chest wall is; None where that is unknown."""
    if not flips.chest_wall:
        return None
    first_row, first_column, last_row, last_column = box
    is_first = (flips.chest_wall == "left") != flips.horizontal
    return (first_row, 0, last_row, last_column) if is_first else (first_row, first_column, last_row, columns - 1)


def _is_inside(place: tuple[float, float], box: Box) -> bool:
    return box[0] <= place[0] <= box[2] and box[1] <= place[1] <= box[3]
