"""The reader's seat in Slicer: the shared panel, an examination in the slice views, and the warm worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
import slicer

from SlicerMCDetectLib import installing, logic
from SlicerMCDetectLib.background import Background, lend_time
from SlicerMCDetectLib.host import SlicerHost
from SlicerMCDetectLib.keys import Keys, actions_of
from SlicerMCDetectLib.library import find_library
from SlicerMCDetectLib.pointer import Pointer
from SlicerMCDetectLib.telling import errors_told, tell_exception
from SlicerMCDetectLib.views import Views

_POLL_MS = 100
_MAGNIFIED_MM = 25.0


class Seat:
    """One reader at one panel.

    Parameters
    ----------
    layout
        Of the module's panel; the widgets are added to it.
    module_logic
        For the parameter node.

    Attributes
    ----------
    panel
        The shared panel.
    session
        The review, None while no examination is open.
    background
        Work in threads.
    """

    def __init__(self, layout: Any, module_logic: Any) -> None:
        find_library()
        from MCDetect.review.panel import UI_FILE
        from MCDetect.review.panel.panel import ReviewPanel
        from MCDetect.review.panel.toolkit import PythonQtToolkit

        self.session: Any = None
        self.background = Background()
        self._module_logic = module_logic
        self._overlay: Any = None
        self._hanging: Any = None
        self._has_offered = False
        self._views = Views()
        self._pointer = Pointer(self._position, self._clicked, self._drawn)
        self._client = self._make_client()
        self._widget = slicer.util.loadUI(UI_FILE)
        layout.addWidget(self._widget)
        widgets = slicer.util.childWidgetVariables(self._widget)
        self.panel = ReviewPanel(widgets, PythonQtToolkit(qt), SlicerHost(self), self._client)
        self._keys = Keys(actions_of(self))
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MS)
        self._timer.connect("timeout()", self._poll)
        self._timer.start()

    # The module's life

    def enter(self) -> None:
        """Open the mammograms of the scene when nothing is open, and listen to the keys."""
        self._keys.set_enabled(True)
        if self.session is None:
            self.open_scene()

    def leave(self) -> None:
        """Stop the tool that is on, and listen to no key any more."""
        self._keys.set_enabled(False)
        self.panel.stop_tool()

    def close(self) -> None:
        """End everything; unsaved work is kept and offered again."""
        self._timer.stop()
        self.close_examination()
        self._keys.close()
        self.panel.close()
        self.background.close()
        if self._client is not None:
            self._client.close()

    # The examination

    def open_scene(self) -> bool:
        """Open the mammograms that the DICOM plugin has loaded; return whether there are any."""
        files = logic.mammograms_in_scene(slicer.mrmlScene)
        if files:
            self.open_examination_files(files)
        return bool(files)

    def open_examination_files(self, files: Sequence[str], findings: Any = None) -> None:
        """Open an examination and show it, with findings that were made before if they are given."""
        from MCDetect.review.recovery import default_folder
        from MCDetect.review.session import ReviewSession

        self.background.run(
            lambda: ReviewSession.open(list(files), folder=default_folder()),
            lambda session: self._take(session, findings),
            tell_exception,
        )

    def close_examination(self) -> None:
        """Take the examination out of the views; unsaved work is kept."""
        self.panel.stop_tool()
        self._pointer.stop()
        self.panel.set_session(None)
        if self._overlay is not None:
            self._overlay.close()
        if self.session is not None:
            self.session.close()
        self.session = self._overlay = self._hanging = None
        self._views.restore()

    def set_layout(self, layout: Any, focus: str | None = None) -> None:
        """Hang the views in another way."""
        from MCDetect.review.hanging import hang

        self._hanging = hang(self.session.examination, layout, focus)
        self._parameters().layout = layout.value
        grid = self._views.arrange([[slot.title for slot in row] for row in self._hanging.slots])
        for row, slots in zip(grid, self._hanging.slots, strict=True):
            for node, slot in zip(row, slots, strict=True):
                self._fill(node, slot)

    def change_layout(self, layout: Any) -> None:
        """Hang the views in another way, beginning with the selected finding."""
        if self.session is not None:
            with errors_told():
                self.set_layout(layout, self._selected_key())

    def _selected_key(self) -> str | None:
        selected = self.session.selected
        found = (key for key, cluster in self.session.shown_findings() if cluster.tracking_uid == selected)
        return next(found, None)

    def fit(self) -> None:
        """Show the whole image in every view."""
        for node in (node for row in self._views.grid for node in row):
            self._overlay.fit(node)

    # What the panel asks for

    def show_finding(self, key: str, cluster: Any) -> None:
        """Centre and magnify a cluster; a view that is not shown is shown alone."""
        from MCDetect.review.hanging import Layout

        if self._node_of(key) is None:
            self.set_layout(Layout.ONE_VIEW, key)
        node = self._node_of(key)
        rows, columns = zip(*cluster.outline, strict=True)
        place = (min(rows) + max(rows)) / 2, (min(columns) + max(columns)) / 2
        if node is not None:
            self._overlay.centre(node, *place, max(_MAGNIFIED_MM, 2 * cluster.diameter_mm))

    def set_marks(self, outlines: bool, calcifications: bool) -> None:
        """Show or hide outlines and marks."""
        from MCDetect.review.overlay.overlay import Marks

        parameters = self._parameters()
        parameters.outlines, parameters.calcifications = outlines, calcifications
        if self._overlay is not None:
            self._overlay.set_marks(Marks.RINGS if calcifications else Marks.NONE)
            self._overlay.set_visible(outlines or calcifications)

    def set_tool(self, tool: Any) -> None:
        """Bring clicks and lines to the panel while a tool is on."""
        if tool.value == "none" or self._overlay is None:
            self._pointer.stop()
        else:
            self._pointer.start(self._views.interactors(), draws=tool.draws)

    def _take(self, session: Any, findings: Any) -> None:
        with errors_told():
            self.close_examination()
            self._has_offered = False
            from MCDetect.review.hanging import Layout
            from MCDetect.review.overlay.overlay import ReviewOverlay

            self.session = session
            self._overlay = ReviewOverlay(slicer.mrmlScene, session)
            self.set_layout(Layout(self._parameters().layout))
            self.panel.set_session(session)
            if findings is not None:
                self._show_findings(findings)
            for refusal in session.examination.refused:
                slicer.util.showStatusMessage(refusal.message, 5000)
            if self._client is not None and self._has_torch():
                self._client.start()

    def _show_findings(self, findings: Any) -> None:
        self.session.set_algorithm(findings.algorithm)
        for image in findings.images:
            if image.sop_instance_uid in self.session.examination.keys:
                self.session.add_view_findings(image)

    def _fill(self, node: Any, slot: Any) -> None:
        """Show a slot's view when its pixels have been read; the views come one after the other."""
        overlay = self._overlay
        if slot.key is None:
            overlay.hide(node)
            return

        def show(display: Any) -> None:
            # Another examination or another hanging may have come in between.
            if overlay is self._overlay and self._slot_of(node) is slot:
                overlay.show(slot.key, node, display, slot.flips)
                overlay.fit(node)

        self.background.run(lambda: overlay.prepare(slot.key), show, self._could_not_show)

    def _could_not_show(self, error: BaseException) -> None:
        """Offer the decoders when they are what is missing, once for each examination; tell anything else."""
        if getattr(error, "code", "") != "cannot-decode" or self._has_offered:
            tell_exception(error)
            return
        self._has_offered = True
        with errors_told():
            if installing.offer():
                self.change_layout(self._hanging.layout)
            else:
                tell_exception(error)

    def _slot_of(self, node: Any) -> Any:
        for row, slots in zip(self._views.grid, self._hanging.slots, strict=True):
            for other, slot in zip(row, slots, strict=True):
                if other is node:
                    return slot
        return None

    def _node_of(self, key: str) -> Any:
        nodes = (node for row in self._views.grid for node in row)
        return next((node for node in nodes if self._slot_of(node).key == key), None)

    def _position(self, node: Any, x: float, y: float) -> Any:
        return None if self._overlay is None else self._overlay.position(node, x, y)

    def _clicked(self, node: Any, place: tuple[float, float]) -> None:
        self.panel.clicked(self._overlay.shown_in(node), *place)

    def _drawn(self, node: Any, line: list[tuple[float, float]]) -> None:
        self.panel.drawn(self._overlay.shown_in(node), line)

    # The worker

    def _make_client(self) -> Any:
        """Return the worker's client; None, with a word of why, where there can be none."""
        try:
            return logic.make_client()
        except Exception as error:  # noqa: BLE001 -- the user is told, whatever it is
            tell_exception(error)
            return None

    def _has_torch(self) -> bool:
        import importlib.util

        return importlib.util.find_spec("torch") is not None

    def _poll(self) -> None:
        """Take what the worker says. A fault here would come ten times a second, so the first one ends it."""
        lend_time()
        try:
            self.panel.poll()
        except Exception as error:  # noqa: BLE001 -- the user is told, whatever it is
            self._timer.stop()
            tell_exception(error)

    def _parameters(self) -> Any:
        return self._module_logic.getParameterNode()
