"""The reader's seat in Slicer: the shared panel, an examination in the slice views, and the warm worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from SlicerMCDetectLib import installing, logic
from SlicerMCDetectLib.background import Background, lend_time
from SlicerMCDetectLib.examination_views import ExaminationViews
from SlicerMCDetectLib.host import SlicerHost
from SlicerMCDetectLib.keys import Keys, actions_of
from SlicerMCDetectLib.library import find_library
from SlicerMCDetectLib.loading import Wanted, begin_review, has_work_on, open_wanted
from SlicerMCDetectLib.pointer import Pointer
from SlicerMCDetectLib.telling import errors_told, tell_exception

_POLL_MS = 100
_STATUS_MS = 5000
_LEND_IDLE_SECONDS = 0.003  # of each interval, to the thread that keeps the reader's work; more while detecting
_LEND_DETECTING_SECONDS = 0.02


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
    views
        The examination in slice views.
    settings
        The parameter node.
    background
        Work in threads.
    """

    def __init__(self, layout: Any, module_logic: Any) -> None:
        find_library()
        from MCDetect.review.panel import UI_FILE
        from MCDetect.review.panel.panel import ReviewPanel
        from MCDetect.review.panel.toolkit import PythonQtToolkit

        self.session: Any = None
        self._decoders: Any = None
        self.settings: Any = None
        self.background = Background()
        self.views = ExaminationViews(self.background, self._could_not_show, self._view_loaded)
        self._module_logic = module_logic
        self._wanted: Wanted | None = None
        self._shown: Wanted | None = None
        self._known: set[str] = set()
        self._has_offered = False
        self._pointer = Pointer(self.views.position, self.views.spacing_of, self._clicked, self._drawn)
        python = self._interpreter()
        self._client = None if python is None else logic.make_client(python)
        self._widget = slicer.util.loadUI(UI_FILE)
        layout.addWidget(self._widget)
        self._widgets = slicer.util.childWidgetVariables(self._widget)
        self._database_box = qt.QCheckBox(_("Also add exported results to 3D Slicer's DICOM database"))
        layout.addWidget(self._database_box)
        self.panel = ReviewPanel(self._widgets, PythonQtToolkit(qt), SlicerHost(self, python), self._client)
        self._keys = Keys(actions_of(self))
        self.take_settings()
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MS)
        self._timer.connect("timeout()", self._poll)
        self._timer.start()

    # The module's life

    def enter(self) -> None:
        """Open what was loaded since the module was open last, and listen to the keys."""
        self._keys.set_enabled(True)
        with errors_told():
            loaded = logic.examinations_in_scene(slicer.mrmlScene)
            news = [one for one in loaded if not self._known.issuperset(one)]
            self._known = {file for one in loaded for file in one}  # what is there now is no news next time
            if news:
                self.open_examination_files(news[-1])

    def leave(self) -> None:
        """Stop the tool that is on, and listen to no key any more."""
        self._keys.set_enabled(False)
        self.panel.stop_tool()

    def close(self) -> None:
        """End everything; unsaved work is kept and offered again."""
        from MCDetect.review.recovery import wait_until_kept

        self._timer.stop()
        self.leave_scene()
        self._keys.close()
        self.panel.close()
        self.background.close()
        wait_until_kept()
        if self._client is not None:
            self._client.close()

    def take_settings(self) -> None:
        """Show the settings of the scene, and write into it what the reader sets."""
        self._leave_settings()
        self.settings = self._module_logic.getParameterNode()
        self._binding = self.settings.connectParametersToGui(
            {
                "outlines": self._widgets.outlinesCheckBox,
                "calcifications": self._widgets.calcificationsCheckBox,
                "database": self._database_box,
            }
        )

    def leave_scene(self) -> None:
        """Let go of everything that is in the scene; unsaved work is kept."""
        self.close_examination()
        self._leave_settings()

    def _leave_settings(self) -> None:
        if self.settings is not None:
            self.settings.disconnectGui(self._binding)
        self.settings = None

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something to the views if an examination is open; what goes wrong is told."""
        if self.session is not None:
            with errors_told():
                action()

    # The examination

    def choose_examination(self) -> bool:
        """Open an examination of the scene that is not open, asking which; return whether there was any."""
        opened = set() if self._wanted is None else set(self._wanted.images)
        others = [one for one in logic.examinations_in_scene(slicer.mrmlScene) if not opened.issuperset(one)]
        if len(others) > 1:
            names = [logic.describe(files) for files in others]
            names = [f"{number}: {name}" for number, name in enumerate(names, start=1)]
            answer = self.panel.reporting.host.ask(_("Which examination?"), names)
            others = [others[answer]] if answer >= 0 else []
            if not others:
                return True
        if others:
            self.open_examination_files(others[0])
        return bool(others)

    def open_examination_files(self, files: Sequence[str], results: Sequence[str] = ()) -> None:
        """Open an examination and show it, with results that were made before.

        Results that come while their examination is open or being opened are shown together with those before.
        """
        from MCDetect.review.child import Children

        children = Children()
        wanted = self._wanted = Wanted.joined(self._wanted, Wanted(tuple(files), tuple(results)))
        self._known.update(wanted.images)
        slicer.util.showStatusMessage(_("Reading the examination…"), _STATUS_MS)
        self.background.run(
            lambda: open_wanted(wanted, children),
            lambda opened: self._take(wanted, children, *opened),
            lambda error: self._could_not_open(wanted, error),
        )

    def close_examination(self) -> None:
        """Take the examination out of the views; unsaved work is kept."""
        self._wanted = None
        self._known.clear()
        self._leave_session()

    def change_layout(self, layout: Any) -> None:
        """Hang the views in another way, beginning with the selected finding or the view under the pointer."""
        self.attempt(lambda: self._arrange(layout, self.session.selected_key or self.views.active_key))

    # What the panel asks for

    def set_tool(self, tool: Any) -> None:
        """Bring clicks and lines to the panel while a tool is on."""
        if tool.value == "none" or self.session is None:
            self._pointer.stop()
        else:
            self._pointer.start(self.views.interactors(), draws=tool.draws)

    def _leave_session(self, *, keep_work: bool = True) -> None:
        self.panel.stop_tool()
        self._pointer.stop()
        self.panel.set_session(None)
        self.views.close()
        if self.session is not None:
            self.session.close(keep_work=keep_work)
            if not self.panel.reporting.is_busy:  # the page with pictures may still read
                self._decoders.end()
        self.session = self._shown = None

    def _take(self, wanted: Wanted, children: Any, examination: Any, earlier: Any) -> None:
        if wanted is not self._wanted:
            return
        if earlier is not None and has_work_on(self.session, examination):
            # The reader has begun: the results come to what is there.
            self._shown = wanted
            self.panel.show_results(earlier)
            return
        with errors_told():
            keep_work = self.panel.ask_about_work()
            if wanted is not self._wanted:  # something else was opened while the question was there
                return
            if keep_work is None:
                self._wanted = self._shown
                return
            self._leave_session(keep_work=keep_work)
            # Only now: work that was kept a moment ago is offered again.
            self.background.run(
                lambda: begin_review(examination),
                lambda session: self._begin(wanted, children, session, earlier),
                lambda error: self._could_not_open(wanted, error),
            )

    def _begin(self, wanted: Wanted, children: Any, session: Any, earlier: Any) -> None:
        if wanted is not self._wanted:
            session.close()
            return
        with errors_told():
            self._has_offered = False
            from MCDetect.review.hanging import Layout, opening_layout

            self.session, self._decoders, self._shown = session, children, wanted
            self.views.open(session, opening_layout(session.examination, Layout(self.settings.layout)))
            self.panel.set_session(session)
            if earlier is not None and not session.holds(earlier):  # work that was left behind goes on
                self.panel.show_results(earlier)
            for refusal in session.examination.refused:
                slicer.util.showStatusMessage(refusal.message, _STATUS_MS)
            if self._client is not None and logic.has_torch():
                self._client.start()

    def _could_not_open(self, wanted: Wanted, error: BaseException) -> None:
        if wanted is self._wanted:
            self._wanted = self._shown
        tell_exception(error)

    def _arrange(self, layout: Any, focus: str | None) -> None:
        self._pointer.stop()
        self.views.arrange(layout, focus)
        self.settings.layout = layout.value
        self.set_tool(self.panel.tool)

    def _view_loaded(self) -> None:
        """Let correspondences be proposed when the pixels of all views are there."""
        if self.session is not None and all(view.is_loaded for view in self.session.examination.views):
            self.panel.find_nipples()

    def _could_not_show(self, error: BaseException) -> None:
        """Offer the decoders when they are what is missing, once for each examination; tell anything else."""
        if getattr(error, "code", "") != "cannot-decode" or self._has_offered:
            tell_exception(error)
            return
        self._has_offered = True
        with errors_told():
            if installing.offer():
                self.change_layout(self.views.hanging.layout)
            else:
                tell_exception(error)

    def _clicked(self, node: Any, place: tuple[float, float]) -> None:
        self.panel.clicked(self.views.overlay.shown_in(node), *place)

    def _drawn(self, node: Any, line: list[tuple[float, float]]) -> None:
        self.panel.drawn(self.views.overlay.shown_in(node), line)

    # The worker

    def _interpreter(self) -> str | None:
        """Return the Python for processes; None, with a word of why, where there is none."""
        try:
            return logic.interpreter()
        except Exception as error:  # noqa: BLE001 -- the user is told, whatever it is
            tell_exception(error)
            return None

    def _poll(self) -> None:
        """Take what the worker says. A fault here would come ten times a second, so the first one ends it."""
        if self.session is not None:
            lend_time(_LEND_DETECTING_SECONDS if self.panel.is_detecting else _LEND_IDLE_SECONDS)
        try:
            self.panel.poll()
        except Exception as error:  # noqa: BLE001 -- the user is told, whatever it is
            self._timer.stop()
            tell_exception(error)
