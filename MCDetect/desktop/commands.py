"""What each command of the table in ``actions.py`` does; the method has the name of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MCDetect.review.hanging import Layout
from MCDetect.review.panel.host import Tool

if TYPE_CHECKING:
    from MCDetect.desktop.window import MainWindow

_ZOOM = 0.8


class Commands:
    """The commands of a window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._views = window.views
        panel = self._panel = window.panel
        self.detect, self.cancel = panel.detect, panel.cancel
        self.export, self.picture_report = panel.export, panel.write_picture_report
        self.next_finding, self.previous_finding = panel.next_finding, panel.previous_finding
        self.accept, self.reject, self.undecide = panel.accept, panel.reject, panel.undecide
        self.delete_cluster, self.stop_tool = panel.delete_cluster, panel.stop_tool
        self.undo, self.redo = panel.undo, panel.redo
        self.toggle_calcifications, self.toggle_outlines = panel.toggle_calcifications, panel.toggle_outlines
        self.toggle_probability = panel.toggle_probability
        views = window.views
        self.fit, self.fit_breast = views.fit, views.fit_breast
        self.one_to_one, self.real_size = views.one_to_one, views.real_size
        self.reset_window = views.reset_window
        self.open_files, self.open_folder, self.fetch = window.choose_files, window.choose_folder, window.fetch
        self.help, self.about, self.close_window = window.show_help, window.show_about, window.close

    def more_sensitive(self) -> None:
        """Show more findings."""
        self._slide(+5)

    def less_sensitive(self) -> None:
        """Show fewer findings."""
        self._slide(-5)

    def redraw_outline(self) -> None:
        """Draw the outline of the selected finding anew."""
        self._panel.start_tool(Tool.OUTLINE)

    def draw_cluster(self) -> None:
        """Draw a cluster."""
        self._panel.start_tool(Tool.DRAW)

    def add_calcification(self) -> None:
        """Mark calcifications."""
        self._panel.start_tool(Tool.ADD)

    def remove_calcification(self) -> None:
        """Remove marks."""
        self._panel.start_tool(Tool.REMOVE)

    def four_views(self) -> None:
        """Show the four standard views."""
        self._views.arrange(Layout.FOUR_VIEWS)

    def cc_pair(self) -> None:
        """Show both craniocaudal views."""
        self._views.arrange(Layout.CC_PAIR)

    def mlo_pair(self) -> None:
        """Show both mediolateral oblique views."""
        self._views.arrange(Layout.MLO_PAIR)

    def one_view(self) -> None:
        """Show the view of the selected finding alone, else the active one."""
        self._arrange_finding(Layout.ONE_VIEW)

    def beside_prior(self) -> None:
        """Show that view beside the same view of an earlier examination."""
        self._arrange_finding(Layout.CURRENT_AND_PRIOR)

    def over_priors(self) -> None:
        """Show the four standard views over those of the latest prior."""
        self._views.arrange(Layout.FOUR_OVER_PRIORS)

    def next_view(self) -> None:
        """Show the next view alone."""
        self._views.show_next_view(+1)

    def previous_view(self) -> None:
        """Show the previous view alone."""
        self._views.show_next_view(-1)

    def next_place(self) -> None:
        """Make the next view the active one."""
        self._views.activate_next()

    def zoom_in(self) -> None:
        """Magnify."""
        self._views.zoom(_ZOOM)

    def zoom_out(self) -> None:
        """Show more."""
        self._views.zoom(1 / _ZOOM)

    def magnifier(self, on: bool) -> None:
        """Let the magnifier follow the pointer."""
        self._views.set_magnifying(on)

    def synchronise(self, on: bool) -> None:
        """Move the views of a pair together."""
        self._views.is_synchronised = on

    def invert(self, on: bool) -> None:
        """Show dark as bright."""
        self._views.set_inverted(on)

    def wider_window(self) -> None:
        """Lessen the contrast."""
        self._views.step_window(+1, 0)

    def narrower_window(self) -> None:
        """Raise the contrast."""
        self._views.step_window(-1, 0)

    def brighter(self) -> None:
        """Make bright what is dark: a lower level."""
        self._views.step_window(0, -1)

    def darker(self) -> None:
        """Make dark what is bright: a higher level."""
        self._views.step_window(0, +1)

    def _slide(self, step: int) -> None:
        slider = self._panel.sensitivity.widgets.sensitivitySlider
        if slider.isEnabled():
            slider.setValue(slider.value() + step)

    def _arrange_finding(self, layout: Layout) -> None:
        session = self._window.session
        self._views.arrange(layout, None if session is None else session.selected_key)
