"""Zoom and pan of the views of the window, pairs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtWidgets import QWidget

from MCDetect.desktop.navigation import Move, apply, mm_per_pixel, zoom_about
from MCDetect.desktop.slice_view import SliceView

if TYPE_CHECKING:
    from MCDetect.review.hanging import Slot
    from MCDetect.review.overlay.overlay import ReviewOverlay
    from MCDetect.review.session import ReviewSession


class MovingViews(QWidget):
    """What a view area knows of moving; the attributes are those of :class:`MCDetect.desktop.view_area.ViewArea`."""

    session: ReviewSession | None
    overlay: ReviewOverlay | None
    slots: dict[SliceView, Slot]
    active: SliceView
    is_synchronised: bool

    def key_of(self, view: SliceView) -> str | None:
        """Return which view of the examination is in a place."""
        slot = self.slots.get(view)
        return None if slot is None else slot.key

    def annotate(self, view: SliceView) -> None:
        """Write name, magnification and window into a view."""
        raise NotImplementedError

    def move_views(self, source: SliceView, move: Move) -> None:
        """Move a view, and with it the other view of its pair."""
        apply(source.node, move)
        self.annotate(source)
        for other in self.partners(source):
            mirrored = self.slots[other].flips.chest_wall != self.slots[source].flips.chest_wall
            apply(other.node, move.mirrored if mirrored else move)
            self.annotate(other)

    def partners(self, view: SliceView) -> list[SliceView]:
        """Return the views that move with a view: the same projection of the other breast or of another time."""
        if not self.is_synchronised or self.session is None or self.key_of(view) is None:
            return []
        projection = self._projection(view)
        shown = [other for other, slot in self.slots.items() if slot.key is not None and other is not view]
        return [other for other in shown if other.spacing_mm is not None and self._projection(other) == projection]

    def _projection(self, view: SliceView) -> str:
        key = self.key_of(view)
        return "" if key is None or self.session is None else self.session.examination.view(key).view

    def zoom(self, scale: float) -> None:
        """Zoom the active view about its middle."""
        width, height = self.active.size_in_pixels
        self.move_views(self.active, zoom_about(self.active.node, width / 2, height / 2, scale))

    def set_mm_per_pixel(self, millimetres: float) -> None:
        """Magnify the active view so that a pixel of the screen shows so many millimetres."""
        self.zoom(millimetres / mm_per_pixel(self.active.node))

    def one_to_one(self) -> None:
        """Show a pixel of the image as a pixel of the screen."""
        if self.active.spacing_mm is not None:
            self.set_mm_per_pixel(min(self.active.spacing_mm))

    def real_size(self) -> None:
        """Show a millimetre as a millimetre, as far as the screen tells its size."""
        screen = self.screen() if hasattr(self, "screen") else None
        dots = screen.physicalDotsPerInch() if screen is not None else 96.0
        self.set_mm_per_pixel(25.4 / max(dots, 1.0) / self.devicePixelRatioF())

    def fit_all(self) -> None:
        """Show whole images."""
        for view in self.slots:
            self._fit(view)

    def fit(self) -> None:
        """Show the whole image of the active view and its pair."""
        for view in (self.active, *self.partners(self.active)):
            self._fit(view)

    def _fit(self, view: SliceView) -> None:
        if self.overlay is not None and view.spacing_mm is not None:
            view.fit_to_widget()
            self.overlay.fit(view.node)
            self.annotate(view)
