"""Zoom and pan of a pair: what the reader does to one view happens to the other, mirrored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class Movements:
    """Follows the slice nodes of an examination, whatever moves them: the mouse, Slicer's buttons, keys.

    Parameters
    ----------
    partners
        Returns the slice nodes that move with one, each with whether it shows the mirror image.
    moved
        Is called with each slice node after it has moved.
    """

    def __init__(
        self, partners: Callable[[Any], list[tuple[Any, bool]]], moved: Callable[[Any], object] = lambda _node: None
    ) -> None:
        self.is_on = True
        self._partners = partners
        self._tell_moved = moved
        self._observed: list[tuple[Any, int]] = []
        self._before: dict[str, _Seen] = {}
        self._is_paused = False
        self.moved_nodes: set[str] = set()
        """Names of the slice nodes that the reader has moved, or that show a finding: they are left as they are."""

    def start(self, nodes: Sequence[Any]) -> None:
        """Follow these slice nodes."""
        self.stop()
        for node in nodes:
            self._observed.append((node, node.AddObserver("ModifiedEvent", lambda caller, _event: self._moved(caller))))
        self._look()

    def stop(self) -> None:
        """Follow none."""
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed, self._before, self.moved_nodes = [], {}, set()

    def switch(self) -> None:
        """Move pairs together, or each view alone."""
        self.is_on = not self.is_on

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Move one view alone inside."""
        was, self._is_paused = self._is_paused, True
        try:
            yield
        finally:
            self._is_paused = was
            self._look()

    def _look(self) -> None:
        self._before = {node.GetID(): _Seen(node) for node, _tag in self._observed if node.GetID()}

    def _moved(self, node: Any) -> None:
        self._tell_moved(node)
        before = self._before.get(node.GetID())
        if self._is_paused or before is None:
            return
        from MCDetect.desktop.navigation import apply

        after = _Seen(node)
        move = before.move_to(after)
        if move is None:
            self._before[node.GetID()] = after
            return
        self.moved_nodes.add(node.GetID())
        with self.paused():
            for other, is_mirrored in self._partners(node) if self.is_on else ():
                apply(other, move.mirrored if is_mirrored else move)
                self.moved_nodes.add(other.GetID())


class _Seen:
    """What a slice node shows: its middle, its axes on the screen and its magnification."""

    def __init__(self, node: Any) -> None:
        from MCDetect.desktop.navigation import mm_per_pixel

        matrix = node.GetSliceToRAS()
        self.axes = [[matrix.GetElement(row, column) for row in range(3)] for column in range(2)]
        self.middle = [matrix.GetElement(row, 3) for row in range(3)]
        self.mm_per_pixel = mm_per_pixel(node)
        self.size = tuple(node.GetDimensions()[:2])

    def move_to(self, after: _Seen) -> Any:
        """Return how one gets to what is seen ``after``; None where nothing has moved.

        None too where the picture was turned, or the window made larger or smaller: that was no movement of the reader.
        """
        from MCDetect.desktop.navigation import Move

        if self.axes != after.axes or self.size != after.size or not self.mm_per_pixel or not after.mm_per_pixel:
            return None
        shift = [new - old for new, old in zip(after.middle, self.middle, strict=True)]
        right, up = (sum(a * b for a, b in zip(axis, shift, strict=True)) for axis in self.axes)
        scale = after.mm_per_pixel / self.mm_per_pixel
        is_still = abs(right) < 1e-9 and abs(up) < 1e-9 and abs(scale - 1) < 1e-9
        return None if is_still else Move(right, up, scale)
