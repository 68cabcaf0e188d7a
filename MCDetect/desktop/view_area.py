"""All views of the window: which is where, loading them, moving them together, their windows and marks."""

from __future__ import annotations

from functools import partial
from typing import Any

from PyQt5.QtCore import QCoreApplication, Qt, QTimer, pyqtSignal
from PyQt5.QtWidgets import QGridLayout, QLabel, QWidget

from MCDetect.desktop.background import Background
from MCDetect.desktop.finding_views import FindingViews
from MCDetect.desktop.magnifier import Magnifier
from MCDetect.desktop.mrml import SliceScene
from MCDetect.desktop.navigation import mm_per_pixel
from MCDetect.desktop.one_by_one import OneByOne
from MCDetect.desktop.preparing import Prepared, prepare
from MCDetect.desktop.slice_view import SliceView
from MCDetect.dicom.description import readable_day
from MCDetect.errors import MCDetectError
from MCDetect.review.hanging import Hanging, Layout, Slot, hang, opening_layout
from MCDetect.review.overlay.overlay import ReviewOverlay
from MCDetect.review.reduction import Box
from MCDetect.review.session import ReviewSession

WELCOME = "Drop files or a folder with mammograms here, or open them: Ctrl+O, Ctrl+Shift+O.\n\nF1 shows all keys."
_ORDINARY_VIEWS = 4


class ViewArea(FindingViews):
    """The views of a session.

    Signals
    -------
    clicked(str, float, float), drawn(str, list)
        In which view (its key) and where.
    failed(Exception)
        A view could not be loaded.
    loaded(str)
        A view is on the screen.
    """

    clicked = pyqtSignal(str, float, float)
    drawn = pyqtSignal(str, object)
    failed = pyqtSignal(object)
    loaded = pyqtSignal(str)
    layout_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet("background: black; color: #b8bbbf;")
        self.setAttribute(Qt.WA_StyledBackground)
        self._reading = Background()
        self.mrml = SliceScene()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setSpacing(2)
        self.welcome = QLabel(_text(WELCOME), self)
        self.welcome.setAlignment(Qt.AlignCenter)
        self.grid.addWidget(self.welcome, 0, 0)
        self.views: list[SliceView] = []
        self.magnifier = Magnifier(self)
        self._make_views(_ORDINARY_VIEWS)
        self.session: ReviewSession | None = None
        self.overlay: ReviewOverlay | None = None
        self.arrangement = Layout.FOUR_VIEWS
        self.active = self.views[0]
        self.is_synchronised, self.is_inverted, self.magnifies = True, False, False
        self.slots: dict[SliceView, Slot] = {}
        self.windows: dict[str, tuple[float, float]] = {}
        self._loading: set[str] = set()
        self._before_single = Layout.FOUR_VIEWS
        self.marks = (True, True)
        self.boxes: dict[str, Box] = {}
        self.magnified: set[SliceView] = set()
        self.fitted: dict[SliceView, bool] = {}
        self._steps = OneByOne(self)
        self._refit = QTimer(self)
        self._refit.setSingleShot(True)
        self._refit.timeout.connect(self._fit_again)

    def _make_views(self, count: int) -> None:
        """Have so many views; few examinations need all."""
        for number in range(len(self.views) + 1, count + 1):
            view = SliceView(self.mrml, f"View {number}", self)
            self.views.append(view)
            self.give_tool(view)
            self._connect(view)
            view.hide()

    def _connect(self, view: SliceView) -> None:
        view.moved.connect(partial(self.move_views, view))
        view.windowed.connect(partial(self.drag_window, view))
        view.clicked.connect(partial(self.tell_click, view))
        view.drawn.connect(partial(self.tell_line, view))
        view.hovered.connect(partial(self.magnify_under_pointer, view))
        view.resized.connect(lambda: self._refit.start(0))
        view.left.connect(self.magnifier.hide)
        view.activated.connect(partial(self.set_active, view))
        view.doubled.connect(partial(self.toggle_single, view))

    # Sessions and layouts

    def set_session(self, session: ReviewSession | None) -> None:
        """Show another session."""
        if self.overlay is not None:
            self._steps.add(self.overlay.closing())
        self._reading.close()  # what the last session still reads must not keep the next one waiting
        self._reading = Background()
        self.session = session
        self.overlay = None if session is None else ReviewOverlay(self.mrml.scene, session)
        self.windows, self._loading, self.slots, self.boxes, self.fitted = {}, set(), {}, {}, {}
        self.is_inverted, self.magnified, self.wanted = False, set(), None
        self.welcome.setVisible(session is None)
        if session is not None:
            self.apply_marks()
            views = session.examination.current
            fits = len(views) > 1 and any(view.laterality and view.view in {"CC", "MLO"} for view in views)
            many = Layout.FOUR_OVER_PRIORS if session.examination.priors else Layout.FOUR_VIEWS
            self.arrange(opening_layout(session.examination, many) if fits else Layout.ONE_VIEW)
            self._before_single = self.arrangement
        else:
            for view in self.views:
                view.clear()
                view.hide()

    def arrange(self, layout: Layout, focus: str | None = None) -> None:
        """Hang the views in a layout; ``focus`` is the view that layouts with a part of the views begin with."""
        if self.session is None:
            return
        if layout is Layout.ONE_VIEW and self.arrangement is not Layout.ONE_VIEW:
            self._before_single = self.arrangement
        self.arrangement = layout
        self.magnified, self.wanted = set(), None
        self.magnifier.hide()
        kept = focus or self.active_key
        has_focus = any(view.hasFocus() for view in self.views)
        self._place(hang(self.session.examination, layout, kept))
        for view, slot in self.slots.items():
            self._fill(view, slot)
        self.set_active((self.view_of(kept) if kept else None) or self.views[0])
        if has_focus:  # a view that is hidden gives it to some button, where arrows mean something else
            self.active.setFocus()
        self.layout_changed.emit()
        # The new sizes are known when Qt has laid the views out.
        QTimer.singleShot(0, self.settle)

    def show_next_view(self, step: int) -> None:
        """Show the next view of the examination alone."""
        if self.session is not None:
            keys = self.session.examination.keys
            at = keys.index(self.active_key) if self.active_key in keys else -1
            self.arrange(Layout.ONE_VIEW, keys[(at + step) % len(keys)])

    def toggle_single(self, view: SliceView) -> None:
        """Show a view alone, or all again."""
        key = self.key_of(view)
        if self.arrangement is Layout.ONE_VIEW:
            self.arrange(self._before_single, key)
        elif key is not None:
            self.arrange(Layout.ONE_VIEW, key)

    def set_active(self, view: SliceView) -> None:
        """Make a view the one that keys are for."""
        self.active = view
        for other in self.views:
            other.annotations.set_active(other is view and len(self.slots) > 1)
            other.schedule()

    def activate_next(self, step: int = 1) -> None:
        """Go to the next place that shows something."""
        shown = [view for view, slot in self.slots.items() if slot.key is not None]
        if shown:
            following = shown[((shown.index(self.active) if self.active in shown else -step) + step) % len(shown)]
            following.setFocus()
            self.set_active(following)

    def _place(self, hanging: Hanging) -> None:
        self.slots, self.fitted = {}, {}
        self._make_views(sum(map(len, hanging.slots)))
        places = iter(self.views)
        for view in self.views:
            self.grid.removeWidget(view)
        for row, slots in enumerate(hanging.slots):
            for column, slot in enumerate(slots):
                view = next(places)
                self.slots[view] = slot
                self.grid.addWidget(view, row, column)
                view.show()
        for view in places:
            view.hide()
        width = max(map(len, hanging.slots))
        for row in range(self.grid.rowCount()):
            self.grid.setRowStretch(row, int(row < len(hanging.slots)))
        for column in range(self.grid.columnCount()):
            self.grid.setColumnStretch(column, int(column < width))

    def _fill(self, view: SliceView, slot: Slot) -> None:
        if self.overlay is None:
            return
        view.clear()
        self.overlay.hide(view.node)
        if slot.key is None:
            view.annotations.show(slot.title, "", _text("There is no such view."), "")
        elif slot.key in self.windows:
            self._show(view, slot, None)
        else:
            view.annotations.show(slot.title, "", _text("Loading…"), slot.flips.chest_wall)
            self._load(slot.key)
        view.fit_to_widget()

    def _load(self, key: str) -> None:
        if key in self._loading or self.overlay is None:
            return
        self._loading.add(key)
        overlay = self.overlay
        self._reading.run(
            partial(prepare, overlay, key),
            lambda prepared: self._steps.add(
                (
                    partial(overlay.volume, key, prepared.display),
                    partial(overlay.set_reduced, key, prepared.reduced),
                    partial(self._show_arrived, key, prepared),
                    partial(self.loaded.emit, key),
                ),
                lambda: overlay is self.overlay,
            ),
            lambda error: self._missing(overlay, key, error),
        )

    def _show_arrived(self, key: str, prepared: Prepared) -> None:
        self.windows[key] = (prepared.display.window, prepared.display.level)
        self.boxes[key] = prepared.box
        for view, slot in self.slots.items():
            if slot.key == key:
                self._show(view, slot, prepared.display)
                self.fit_projection(view)
        self.go_to_wanted()

    def _missing(self, overlay: ReviewOverlay, key: str, error: BaseException) -> None:
        if overlay is not self.overlay:
            return
        self._loading.discard(key)
        view = self.view_of(key)
        if view is not None:
            text = error.message if isinstance(error, MCDetectError) else _text("This view could not be loaded.")
            view.annotations.show(self.slots[view].title, "", text, "")
            view.schedule()
        self.failed.emit(error)

    def _show(self, view: SliceView, slot: Slot, display: Any) -> None:
        if self.session is None or self.overlay is None or slot.key is None:
            return
        self.overlay.show(slot.key, view.node, display, slot.flips)
        view.spacing_mm = self.session.examination.view(slot.key).spacing.millimetres
        self.overlay.set_inverted(self.is_inverted)
        self.annotate(view)

    def _fit_again(self) -> None:
        for view in list(self.fitted):
            self.fit_again(view)

    # What happens in a view

    def annotate(self, view: SliceView) -> None:
        """Write name, magnification and window into a view."""
        slot = self.slots.get(view)
        if slot is None or slot.key is None or self.overlay is None or view.spacing_mm is None:
            return
        shown = self.overlay.volume(slot.key).GetDisplayNode()
        seen_mm = mm_per_pixel(view.node)
        percent = 100 * min(view.spacing_mm) / seen_mm
        state = f"{percent:.0f} %   W {shown.GetWindow():.0f}  L {shown.GetLevel():.0f}"
        examination = self.session.examination if self.session is not None else None
        date = readable_day(examination.view(slot.key).date) if examination and examination.priors else ""
        title = "\n".join(part for part in (slot.title, date, slot.flips.note) if part)
        view.annotations.show(title, state, "", slot.flips.chest_wall, seen_mm)
        view.place_annotations()
        view.schedule()

    def finish(self) -> None:
        """Free everything that belongs to the screen; what is still being read is not waited for."""
        self._reading.close()
        for view in self.views:
            view.finish()  # first of all: views that look at each node that goes take a tenth of a second
        self._steps.finish()
        if self.overlay is not None:
            self.overlay.close()
            self.overlay = None
        self.mrml.close()


def _text(english: str) -> str:
    """Return a text in the user's language."""
    return QCoreApplication.translate("MCDetect", english)
