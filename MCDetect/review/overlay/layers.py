"""The nodes of one view: its volume, sets of lines, labels and probability map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from MCDetect.findings import Calcification, Origin
from MCDetect.review.hanging import shown_flips
from MCDetect.review.overlay import lines, nodes
from MCDetect.review.overlay.labels import placed
from MCDetect.review.overlay.styles import DARK_BENIGN, STYLES, Lines, label_of, lines_of
from MCDetect.review.session import ReviewSession

Node = Any


class Marks(Enum):
    """How calcifications are marked."""

    RINGS = "rings"
    BORDERS = "exact borders"
    NONE = "none"


@dataclass
class Layer:
    """The nodes of one view, and the identifiers of the slice nodes that show it."""

    scene: Node
    key: str
    volume: Node = None
    reduced: dict[int, Node] = field(default_factory=dict)
    sets: dict[Lines, Node] = field(default_factory=dict)
    labels: dict[bool, Node] = field(default_factory=dict)  # by whether they run to the left
    is_inverted: bool = False
    probability: Node = None
    slices: list[str] = field(default_factory=list)

    def draw(self, session: ReviewSession, marks: Marks) -> None:
        """Fill the lines and labels with what is shown now; nodes that are gone are made again."""
        view = session.examination.view(self.key)
        spacing = view.spacing.millimetres
        flips = shown_flips(view)
        parts: dict[Lines, list[lines.Segments]] = {kind: [] for kind in Lines}
        labels = []
        for cluster in session.clusters(self.key):
            kind = Lines.SELECTED if cluster.tracking_uid == session.selected else lines_of(cluster)
            is_rejected = lines_of(cluster) is Lines.REJECTED
            parts[kind].append(lines.dashed(cluster.outline, spacing) if is_rejected else lines.closed(cluster.outline))
            if cluster.origin is Origin.READER:
                parts[kind].append(lines.ticks(cluster.outline, spacing))
            labels.append((label_of(cluster), cluster.outline))
        for kind, found in self._by_origin(session, marks).items():
            parts[kind].append(lines.rings(found, spacing) if marks is Marks.RINGS else lines.borders(found))
        for kind, segments in parts.items():
            if not nodes.is_there(self.scene, self.sets.get(kind)):
                self.sets[kind] = self.tagged(nodes.make_lines(self.scene, f"{view.label} {kind.value}", STYLES[kind]))
            nodes.set_lines(self.sets[kind], lines.joined(segments), spacing)
        stand = placed(labels, flips, spacing, view.shape)
        for runs_left in (False, True):
            if not nodes.is_there(self.scene, self.labels.get(runs_left)):
                made = nodes.make_labels(self.scene, f"{view.label} labels", runs_left=runs_left)
                self.labels[runs_left] = self.tagged(made)
            wanted = [(label.text, label.place) for label in stand if label.runs_left == runs_left]
            nodes.set_labels(self.labels[runs_left], wanted, spacing)
        self.invert(self.is_inverted)

    def invert(self, is_inverted: bool) -> None:
        """Make what is drawn readable on a picture that shows air white, or on one that shows it black."""
        self.is_inverted = is_inverted
        for node in self.labels.values():
            if nodes.is_there(self.scene, node):
                nodes.set_cased(node, is_inverted)
        benign = self.sets.get(Lines.BENIGN)
        if benign is not None and nodes.is_there(self.scene, benign):
            benign.GetDisplayNode().SetColor(*(DARK_BENIGN if is_inverted else STYLES[Lines.BENIGN].colour))

    def show(self, visible: bool, *, labels: bool = True, outlines: bool = True) -> None:
        """Show lines and labels in the slice views of this view only, or hide them."""
        for kind, node in self.sets.items():
            if nodes.is_there(self.scene, node):
                is_wanted = outlines or kind in (Lines.MARKS, Lines.READER_MARKS)
                nodes.show_in(node, self.slices, visible and is_wanted)
        for node in self.labels.values():
            if nodes.is_there(self.scene, node):
                nodes.show_in(node, self.slices, visible and labels)

    def tagged(self, node: Node) -> Node:
        """Return a node after writing into it which view it belongs to."""
        node.SetAttribute("MCDetect.view", self.key)
        return node

    def removing(self) -> list[Callable[[], object]]:
        """Return what is to be called, node by node, to take the view out of the scene."""
        return [partial(self._remove, node) for node in self._nodes()]

    def _remove(self, node: Node) -> None:
        if nodes.is_there(self.scene, node):
            nodes.remove(self.scene, node)

    def _nodes(self) -> Iterator[Node]:
        yield from self.sets.values()
        yield from self.reduced.values()
        yield from self.labels.values()
        yield from (self.probability, self.volume)

    def _by_origin(self, session: ReviewSession, marks: Marks) -> dict[Lines, list[Calcification]]:
        found: dict[Lines, list[Calcification]] = {Lines.MARKS: [], Lines.READER_MARKS: []}
        if marks is not Marks.NONE:
            for calcification in session.calcifications(self.key):
                is_readers = calcification.origin is Origin.READER
                found[Lines.READER_MARKS if is_readers else Lines.MARKS].append(calcification)
        return found
