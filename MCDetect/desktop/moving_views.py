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
        self.moved(source)
        for other in self.partners(source):
            mirrored = self.slots[other].flips.chest_wall != self.slots[source].flips.chest_wall
            apply(other.node, move.mirrored if mirrored else move)
            self.moved(other)

    def moved(self, view: SliceView) -> None:
        """Take note that a view shows another part of its image."""
        if self.overlay is not None:
            self.overlay.choose_detail(view.node)
        self.annotate(view)

    def partners(self, view: SliceView) -> list[SliceView]:
        """Return the views that move with a view: the same projection of the other breast or of another time."""
        return [other for other in self.same_projection(view) if other is not view] if self.is_synchronised else []

    def same_projection(self, view: SliceView) -> list[SliceView]:
        """Return the views on the screen of the same projection, this one among them."""
        if self.session is None or self.key_of(view) is None:
            return []
        shown = [other for other, slot in self.slots.items() if slot.key is not None and other.spacing_mm is not None]
        return [other for other in shown if self._projection(other) == self._projection(view)]

    def _projection(self, view: SliceView) -> str:
        key = self.key_of(view)
        return "" if key is None or self.session is None else self.session.examination.view(key).view

    def zoom(self, scale: float) -> None:
        """Zoom the active view about its middle."""
        width, height = self.active.size_in_pixels
        self.move_views(self.active, zoom_about(self.active.node, width / 2, height / 2, scale))

    def place_of_interest(self, view: SliceView) -> tuple[float, float] | None:
        """Return (row, column) of what the reader most likely wants to see large in a view."""
        raise NotImplementedError

    def set_mm_per_pixel(self, millimetres: float) -> None:
        """Magnify the active view so that a pixel of the screen shows so many millimetres."""
        view, now = self.active, mm_per_pixel(self.active.node)
        place = self.place_of_interest(view)
        if place is None:
            self.zoom(millimetres / now)
            return
        (x, y), (width, height) = view.to_screen(place), view.size_in_pixels
        self.move_views(view, Move((x - width / 2) * now, (y - height / 2) * now, millimetres / now))

    def one_to_one(self) -> None:
        """Show a pixel of the image as a pixel of the screen."""
        if self.active.spacing_mm is not None:
            self.set_mm_per_pixel(min(self.active.spacing_mm))

    def real_size(self) -> None:
        """Show a millimetre as a millimetre, as far as the screen tells its size."""
        screen = self.screen() if hasattr(self, "screen") else None
        dots = screen.physicalDotsPerInch() if screen is not None else 96.0
        self.set_mm_per_pixel(25.4 / max(dots, 1.0) / self.devicePixelRatioF())
