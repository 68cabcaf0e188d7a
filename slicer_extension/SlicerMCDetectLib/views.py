"""Slice views in Slicer's layout: a grid as the hanging asks for, and who shows what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import slicer

_FIRST_LAYOUT = 9100  # Slicer's own are below 1000; other extensions take numbers of three or four digits at random
_BACKGROUND = "#808080"


class Views:
    """The grid of slice views.

    Attributes
    ----------
    grid
        Slice nodes by row and column, as the last hanging had them.
    entered
        The slice node of the view that the pointer was in last; None before it was in any.
    """

    def __init__(self) -> None:
        self.grid: list[list[Any]] = []
        self.entered: Any = None
        self._before: int | None = None
        self._observed: list[tuple[Any, int]] = []

    def arrange(self, titles: Sequence[Sequence[str]]) -> list[list[Any]]:
        """Show one slice view for each title, in rows, and return their slice nodes."""
        manager = slicer.app.layoutManager()
        node = manager.layoutLogic().GetLayoutNode()
        if self._before is None:
            self._before = node.GetViewArrangement()
        number = _FIRST_LAYOUT + 10 * len(titles) + max(len(row) for row in titles)
        description = layout_description(titles)
        if node.IsLayoutDescription(number):
            node.SetLayoutDescription(number, description)
        else:
            node.AddLayoutDescription(number, description)
        manager.setLayout(number)
        self.grid = [
            [manager.sliceWidget(view_name(i, j)).mrmlSliceNode() for j in range(len(row))]
            for i, row in enumerate(titles)
        ]
        # The layout gives its label to a view that is new, not to one that is used again.
        for nodes, row in zip(self.grid, titles, strict=True):
            for node, title in zip(nodes, row, strict=True):
                node.SetLayoutLabel(title)
        self._keep_other_volumes_out()
        self._watch_pointer()
        return self.grid

    def restore(self) -> None:
        """Give the layout back that was there before."""
        if self._before is not None:
            slicer.app.layoutManager().setLayout(self._before)
        self._before = self.entered = None
        self.grid = []
        self._watch_pointer()

    def interactors(self) -> list[tuple[Any, Any]]:
        """Return the slice node and the interactor of each view."""
        manager = slicer.app.layoutManager()
        nodes = [node for row in self.grid for node in row]
        return [(node, manager.sliceWidget(node.GetLayoutName()).sliceView().interactor()) for node in nodes]

    def _keep_other_volumes_out(self) -> None:
        """Let Slicer not put a volume that is loaded from elsewhere into these views, under marks that are not its."""
        logic = slicer.app.applicationLogic()
        for node in (node for row in self.grid for node in row):
            logic.GetSliceLogic(node).GetSliceCompositeNode().SetDoPropagateVolumeSelection(False)

    def _watch_pointer(self) -> None:
        for interactor, tag in self._observed:
            interactor.RemoveObserver(tag)
        self._observed = [
            (interactor, interactor.AddObserver("EnterEvent", lambda _caller, _event, node=node: self._enter(node)))
            for node, interactor in self.interactors()
        ]

    def _enter(self, node: Any) -> None:
        self.entered = node


def view_name(row: int, column: int) -> str:
    """Return the name of a slice view of the grid."""
    return f"MCDetect{row + 1}{column + 1}"


def layout_description(titles: Sequence[Sequence[str]]) -> str:
    """Return Slicer's XML for rows of slice views."""
    rows = "".join(_row(i, row) for i, row in enumerate(titles))
    return f'<layout type="vertical" split="true">{rows}</layout>'


def _row(i: int, titles: Sequence[str]) -> str:
    items = "".join(_item(view_name(i, j), title) for j, title in enumerate(titles))
    return f'<item><layout type="horizontal" split="true">{items}</layout></item>'


def _item(name: str, title: str) -> str:
    return (
        f'<item><view class="vtkMRMLSliceNode" singletontag={quoteattr(name)}>'
        f'<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{escape(title)}</property>'
        f'<property name="viewcolor" action="default">{_BACKGROUND}</property>'
        f"</view></item>"
    )
