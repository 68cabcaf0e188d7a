"""How large the views are shown: the breast, the whole image, a magnification, or as the reader has left them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SlicerMCDetectLib.movements import Movements


class FittedViews:
    """What the views of an examination know of fitting."""

    session: Any
    overlay: Any
    movements: Movements
    boxes: dict[str, Any]
    """The part of each view that is not black, by the key of the view."""

    @property
    def active_node(self) -> Any:
        """The slice node that keys are for."""
        raise NotImplementedError

    @property
    def active_key(self) -> str | None:
        """The view that keys are for."""
        raise NotImplementedError

    def places(self) -> Iterator[tuple[Any, Any]]:
        """Return each slice node and the slot of the hanging that it shows."""
        raise NotImplementedError

    def fit(self) -> None:
        """Show the whole image in every view."""
        with self.movements.paused():
            for node, _slot in self.places():
                self.overlay.fit(node)

    def fit_breast(self) -> None:
        """Show the whole breast in every view, all as large as the largest needs."""
        self.movements.moved_nodes.clear()
        self.fit_unmoved()

    def fit_unmoved(self) -> None:
        """Show the whole breast in the views that the reader has not moved and that show no finding."""
        shown = [(node, self.boxes[slot.key]) for node, slot in self.places() if slot.key in self.boxes]
        scale = max((self.overlay.smallest_scale(node, box) for node, box in shown), default=0.0)
        with self.movements.paused():
            for node, box in shown:
                if node.GetID() not in self.movements.moved_nodes:
                    self.overlay.fit(node, box, scale)

    def zoom(self, scale: float) -> None:
        """Show ``scale`` times as much in the active view, and in those that move with it."""
        from MCDetect.desktop.navigation import apply, zoom_about

        node = self.active_node
        if node is not None:
            across, down = node.GetDimensions()[:2]
            apply(node, zoom_about(node, across / 2, down / 2, scale))

    def set_mm_per_pixel(self, millimetres: float) -> None:
        """Magnify so that a pixel of the screen shows so many millimetres."""
        from MCDetect.desktop.navigation import mm_per_pixel

        if self.active_node is not None:
            self.zoom(millimetres / mm_per_pixel(self.active_node))

    def one_to_one(self) -> None:
        """Show a pixel of the image as a pixel of the screen."""
        if self.active_key is not None:
            self.set_mm_per_pixel(min(self.session.examination.view(self.active_key).spacing.millimetres))
