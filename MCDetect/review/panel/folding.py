"""Groups of the panel that can be folded away, so that what is used most stays in sight on small screens."""

from __future__ import annotations

from functools import partial
from typing import Any

from MCDetect.review.panel.host import Host
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.toolkit import Toolkit

FOLDED_FIRST = ("edit", "export")
"""In this order they are folded where there is no room: the keys of the first work all the same."""

_SIGNS = {True: "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", False: "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"}


class FoldingPart(Part):
    """The headings of groups, which show and hide them."""

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host) -> None:
        super().__init__(widgets, toolkit, host)
        self._folded: dict[str, bool] = {}
        self._titles = {name: str(self._heading(name).property("text")) for name in FOLDED_FIRST}
        for name in FOLDED_FIRST:
            self.listen(f"{name}FoldButton", "clicked()", partial(self.switch, name))
            self.fold(name, False)

    def switch(self, name: str) -> None:
        """Fold a group, or unfold it."""
        self.fold(name, not self._folded[name])

    def fold(self, name: str, folded: bool) -> None:
        """Fold or unfold the group ``name`` of :data:`FOLDED_FIRST`."""
        self._folded[name] = folded
        getattr(self.widgets, f"{name}Group").setVisible(not folded)
        self._heading(name).setText(f"{_SIGNS[folded]} {self._titles[name]}")

    def _heading(self, name: str) -> Any:
        return getattr(self.widgets, f"{name}FoldButton")
