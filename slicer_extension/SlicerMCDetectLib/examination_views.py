"""An examination in Slicer's slice views: which view hangs where, loading it, its marks and its window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import slicer

from SlicerMCDetectLib.background import Background
from SlicerMCDetectLib.fitted_views import FittedViews
from SlicerMCDetectLib.magnifier import Magnifier
from SlicerMCDetectLib.movements import Movements
from SlicerMCDetectLib.views import Views

_MAGNIFIED_MM = 25.0
_STATUS_MS = 5000


class ExaminationViews(FittedViews):
    """The slice views of a session.

    Parameters
    ----------
    background
        Reads pixels.
    failed
        Takes what a view could not be read for.
    loaded
        Is called when a view has been read.

    Attributes
    ----------
    overlay, hanging
        What is drawn and where; None while no session is open.
    """

    def __init__(
        self, background: Background, failed: Callable[[BaseException], object], loaded: Callable[[], object]
    ) -> None:
        self.session: Any = None
        self.overlay: Any = None
        self.hanging: Any = None
        self._background = background
        self._failed = failed
        self._loaded = loaded
        self._marks = (True, True)
        self._windows: dict[str, tuple[float, float]] = {}
        self.boxes: dict[str, Any] = {}
        self._is_inverted = False
        self._wanted: tuple[str, Any] | None = None
        self._views = Views()
        self.movements = Movements(self._moves_with, self._choose_detail)
        self.magnifier = Magnifier(self.position, self._shown_in)

    # Sessions and layouts

    def open(self, session: Any, layout: Any) -> None:
        """Show a session."""
        from MCDetect.review.overlay.overlay import ReviewOverlay

        self.close()
        self.session = session
        self.overlay = ReviewOverlay(slicer.mrmlScene, session)
        self.set_marks(*self._marks)
        self.arrange(layout)

    def close(self) -> None:
        """Take the session out of the views and give Slicer its layout back."""
        self.movements.stop()
        self.magnifier.follow(())
        if self.overlay is not None:
            self.overlay.close()
        self.session = self.overlay = self.hanging = None
        self._windows, self.boxes, self._is_inverted, self._wanted = {}, {}, False, None
        self._views.restore()

    def arrange(self, layout: Any, focus: str | None = None) -> None:
        """Hang the views in a layout, beginning with the view ``focus`` where only some are shown."""
        from MCDetect.review.hanging import hang

        self.movements.stop()
        self._wanted = None
        self.hanging = hang(self.session.examination, layout, focus)
        self._views.arrange([[slot.title for slot in row] for row in self.hanging.slots])
        for node, slot in self.places():
            self._fill(node, slot)
        self.movements.start([node for node, _slot in self.places()])
        self.magnifier.follow(self.interactors())
        self.fit_breast()

    def show_next_view(self, step: int) -> None:
        """Show the next view of the examination alone."""
        from MCDetect.review.hanging import Layout

        keys = self.session.examination.keys
        at = keys.index(self.active_key) if self.active_key in keys else -1
        self.arrange(Layout.ONE_VIEW, keys[(at + step) % len(keys)])

    def show_finding(self, key: str, cluster: Any) -> None:
        """Centre and magnify a cluster, and the same one in another view.

        A view that is not shown is shown alone; what is being read is magnified when it is there.
        """
        from MCDetect.review.hanging import Layout

        if self.node_of(key) is None:
            self.arrange(Layout.ONE_VIEW, key)
        if self.overlay.shown_in(self.node_of(key)) is None:
            self._wanted = key, cluster
            return
        self._wanted = None
        shown = {key: cluster, **self._partner(cluster)}
        height_mm = max(_MAGNIFIED_MM, *(2 * one.diameter_mm for one in shown.values()))
        with self.movements.paused():
            for where, one in shown.items():
                rows, columns = zip(*one.outline, strict=True)
                place = (min(rows) + max(rows)) / 2, (min(columns) + max(columns)) / 2
                self.overlay.centre(self.node_of(where), *place, height_mm)
                self.movements.moved_nodes.add(self.node_of(where).GetID())

    def activate_next(self) -> None:
        """Make the next view the one that keys are for, as if the pointer had gone there."""
        shown = [(node, slot) for node, slot in self.places() if slot.key is not None]
        nodes = [node for node, _slot in shown]
        if shown:
            at = nodes.index(self.active_node) if self.active_node in nodes else -1
            self._views.entered, slot = shown[(at + 1) % len(shown)]
            slicer.util.showStatusMessage(slot.title, _STATUS_MS)

    # Which is where

    @property
    def active_node(self) -> Any:
        """The slice node that keys are for: where the pointer was last."""
        nodes = [node for node, slot in self.places() if slot.key is not None]
        entered = self._views.entered
        return entered if entered in nodes else next(iter(nodes), None)

    @property
    def active_key(self) -> str | None:
        """The view that keys are for."""
        return next((slot.key for node, slot in self.places() if node is self.active_node), None)

    def node_of(self, key: str) -> Any:
        """Return the slice node that shows a view, None where none does."""
        return next((node for node, slot in self.places() if slot.key == key), None)

    def position(self, node: Any, x: float, y: float) -> Any:
        """Return (row, column) of a place in a slice view, None outside an image."""
        return None if self.overlay is None else self.overlay.position(node, x, y)

    def spacing_of(self, node: Any) -> tuple[float, float] | None:
        """Return the spacing of what a slice view shows, None where it shows nothing."""
        key = None if self.overlay is None else self.overlay.shown_in(node)
        if key is None or not self.overlay.has_volume(key):  # deleted meanwhile
            return None
        spacing: tuple[float, float] = self.session.examination.view(key).spacing.millimetres
        return spacing

    def interactors(self) -> list[tuple[Any, Any]]:
        """Return the slice node and the interactor of each view."""
        return self._views.interactors()

    @property
    def grid(self) -> list[list[Any]]:
        """Slice nodes by row and column."""
        return self._views.grid

    # What is seen

    def set_marks(self, outlines: bool, calcifications: bool) -> None:
        """Show or hide outlines and marks."""
        from MCDetect.review.overlay.overlay import Marks

        self._marks = outlines, calcifications
        if self.overlay is not None:
            self.overlay.set_marks(Marks.RINGS if calcifications else Marks.NONE)
            self.overlay.set_visible(outlines or calcifications, labels=outlines, outlines=outlines)

    def set_probability_map(self, key: str, probability: Any) -> None:
        """Show the probability of each pixel of a view, or no longer (None)."""
        if self.overlay is not None:
            self.overlay.set_probability_map(key, probability)

    def step_window(self, width: int, level: int) -> None:
        """Change the window of the active view by steps of a twentieth of the header's."""
        key = self.active_key
        if key in self._windows:
            shown = self.overlay.volume(key).GetDisplayNode()
            step = self._windows[key][0] / 20
            wanted = max(step / 25, shown.GetWindow() + width * step), shown.GetLevel() + level * step
            self.overlay.set_window_level(key, *wanted)

    def reset_window(self) -> None:
        """Show the active view as its header says."""
        key = self.active_key
        if key in self._windows:
            self.overlay.set_window_level(key, *self._windows[key])

    def switch_inverted(self) -> None:
        """Show dark as bright, or no longer."""
        self._is_inverted = not self._is_inverted
        self.overlay.set_inverted(self._is_inverted)

    def places(self) -> Iterator[tuple[Any, Any]]:
        """Return each slice node and the slot of the hanging that it shows."""
        for nodes, slots in zip(self._views.grid, () if self.hanging is None else self.hanging.slots, strict=False):
            yield from zip(nodes, slots, strict=True)

    def _partner(self, cluster: Any) -> dict[str, Any]:
        """Return the same cluster in another view by the key of that view, as far as it is proposed and shown."""
        pair = self.session.partner(cluster.tracking_uid)
        if pair is None:
            return {}
        uid = next(uid for uid in pair.tracking_uids if uid != cluster.tracking_uid)
        image, other = self.session.state.find(uid)
        node = self.node_of(image.sop_instance_uid)
        is_there = node is not None and self.overlay.shown_in(node) is not None
        return {image.sop_instance_uid: other} if is_there else {}

    def _shown_in(self, node: Any) -> Any:
        """Return the volume and the flips of what a slice view shows, None where it shows nothing."""
        slot = dict(self.places()).get(node)
        if slot is None or self.overlay is None or self.spacing_of(node) is None:
            return None
        return self.overlay.volume(slot.key), slot.flips

    def _choose_detail(self, node: Any) -> None:
        if self.overlay is not None:
            self.overlay.choose_detail(node)

    def _moves_with(self, node: Any) -> list[tuple[Any, bool]]:
        """Return the slice nodes that move with one, and whether they show the mirror image."""
        slots = dict(self.places())
        slot = slots.get(node)
        if slot is None or slot.key is None:
            return []
        examination = self.session.examination
        projection = examination.view(slot.key).view
        return [
            (other, place.flips.chest_wall != slot.flips.chest_wall)
            for other, place in slots.items()
            if other is not node and place.key is not None and examination.view(place.key).view == projection
        ]

    def _fill(self, node: Any, slot: Any) -> None:
        """Show a slot's view when its pixels have been read; nothing is shown until then."""
        from MCDetect.desktop.preparing import prepare

        overlay = self.overlay
        overlay.hide(node)
        if slot.key is None:
            return
        if slot.flips.note:
            slicer.util.showStatusMessage(slot.flips.note, _STATUS_MS)

        def show(prepared: Any) -> None:
            # Another examination or another hanging may have come in between.
            if overlay is self.overlay and any(node is n and slot is s for n, s in self.places()):
                self._windows.setdefault(slot.key, (prepared.display.window, prepared.display.level))
                self.boxes[slot.key] = prepared.box
                self._show(node, slot, prepared.display)
                overlay.set_reduced(slot.key, prepared.reduced)
                self.movements.moved_nodes.discard(node.GetID())  # what moved an empty view was not the reader
                self.fit_unmoved()
                if self._wanted is not None:
                    self.show_finding(*self._wanted)
                overlay.choose_detail(node)
                self._loaded()

        if overlay.has_volume(slot.key):
            self._show(node, slot, None)
        else:
            self._background.run(lambda: prepare(overlay, slot.key), show, self._failed)

    def _show(self, node: Any, slot: Any, display: Any) -> None:
        with self.movements.paused():
            self.overlay.show(slot.key, node, display, slot.flips)
            self.overlay.fit(node)
        self.overlay.set_inverted(self._is_inverted)
