"""Window, level and inversion of the views of the window."""

from __future__ import annotations

from MCDetect.desktop.fitted_views import FittedViews
from MCDetect.desktop.slice_view import SliceView


class WindowedViews(FittedViews):
    """What a view area knows of grey values."""

    is_inverted: bool
    windows: dict[str, tuple[float, float]]
    """Width and level that the header says, by the key of the view; there once a view is loaded."""

    @property
    def active_key(self) -> str | None:
        """The view that keys are for."""
        return self.key_of(self.active)

    def drag_window(self, view: SliceView, right: float, down: float) -> None:
        """Change the window by a movement of the mouse, in parts of the view's width and height."""
        key = self.key_of(view)
        if key is None or self.overlay is None or key not in self.windows:
            return
        range_of_header = max(1.0, self.windows[key][0])
        self.change_window(view, right * range_of_header * 2, -down * range_of_header * 2)

    def change_window(self, view: SliceView, width: float, level: float) -> None:
        """Make the window of a view wider and its level higher by these values."""
        key = self.key_of(view)
        if key is not None and self.overlay is not None and key in self.windows:
            shown = self.overlay.volume(key).GetDisplayNode()
            least = self.windows[key][0] / 500
            self.overlay.set_window_level(key, max(least, shown.GetWindow() + width), shown.GetLevel() + level)
            self.annotate(view)

    def step_window(self, width: int, level: int) -> None:
        """Change the window of the active view by steps of a twentieth of the header's."""
        key = self.active_key
        if key in self.windows:
            step = self.windows[key][0] / 20
            self.change_window(self.active, width * step, level * step)

    def reset_window(self) -> None:
        """Show the active view as its header says."""
        key = self.active_key
        if key in self.windows and self.overlay is not None:
            self.overlay.set_window_level(key, *self.windows[key])
            self.annotate(self.active)

    def set_inverted(self, inverted: bool) -> None:
        """Show dark as bright."""
        self.is_inverted = inverted
        if self.overlay is not None:
            self.overlay.set_inverted(inverted)
