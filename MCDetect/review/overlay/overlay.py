"""The overlay: shows a review session in MRML slice views and follows it.

One volume for each view that is shown, and above it outlines of clusters with number and score and marks of
calcifications. Nodes that are gone (deleted by the user, or with the scene) are made again when they are next needed;
nodes of other sessions and of the user are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.review.display import ViewDisplay, display_of
from MCDetect.review.hanging import Flips, shown_flips
from MCDetect.review.listening import Change, ChangeKind
from MCDetect.review.overlay import nodes
from MCDetect.review.overlay.geometry import slice_to_ras, to_ras
from MCDetect.review.overlay.layers import Layer, Marks
from MCDetect.review.overlay.placing import Placing
from MCDetect.review.overlay.probability import make_map
from MCDetect.review.session import ReviewSession

Node = Any
Pixels = npt.NDArray[np.float32] | npt.NDArray[np.uint8]

_MAP_OPACITY = 0.5
_LEAST_REDUCTION = 1.35
"""Blocks of two are shown from 1.5 pixels of the image in one of the screen on, blocks of four from 3 on."""


class ReviewOverlay(Placing):
    """Shows a session in slice views of a scene.

    Parameters
    ----------
    scene
        vtkMRMLScene.
    session
        The review; the overlay follows it until :meth:`close`.
    """

    def __init__(self, scene: Node, session: ReviewSession) -> None:
        self.scene = scene
        self.session = session
        self._layers: dict[str, Layer] = {}
        self._marks = Marks.RINGS
        self._is_visible = self._has_labels = self._has_outlines = True
        self._end_listening = session.observe(self._follow)

    # What is shown where

    def prepare(self, key: str) -> ViewDisplay:
        """Read and window the pixels of a view; may be called in another thread, before :meth:`show`."""
        return display_of(self.session.examination.view(key).mammogram())

    def has_volume(self, key: str) -> bool:
        """Say whether the pixels of a view are in the scene."""
        return key in self._layers and nodes.is_there(self.scene, self._layers[key].volume)

    def volume(self, key: str, display: ViewDisplay | None = None) -> Node:
        """Return the volume node of a view, made if it is not in the scene.

        Parameters
        ----------
        key
            The view.
        display
            From :meth:`prepare`; read here and now if None.
        """
        layer = self._layers.setdefault(key, Layer(self.scene, key))
        if not nodes.is_there(self.scene, layer.volume):
            view = self.session.examination.view(key)
            shown = display or self.prepare(key)
            layer.volume = layer.tagged(nodes.make_volume(self.scene, view.label, shown, view.spacing.millimetres))
        return layer.volume

    def show(self, key: str, slice_node: Node, display: ViewDisplay | None = None, flips: Flips | None = None) -> None:
        """Show a view in a slice view, turned so that it hangs right, with its overlay.

        The slice view keeps its field of view; :meth:`fit` shows the whole image.

        Parameters
        ----------
        key
            The view.
        slice_node
            vtkMRMLSliceNode.
        display
            From :meth:`prepare`.
        flips
            Of the slot; from the header if None.
        """
        volume = self.volume(key, display)
        self._forget_slice(slice_node.GetID())
        self._layers[key].slices.append(slice_node.GetID())
        composite = self._composite(slice_node)
        if composite is not None:
            composite.SetBackgroundVolumeID(volume.GetID())
            is_mapped = nodes.is_there(self.scene, self._layers[key].probability)
            composite.SetForegroundVolumeID(self._layers[key].probability.GetID() if is_mapped else None)
            composite.SetForegroundOpacity(_MAP_OPACITY)
            composite.SetLabelVolumeID(None)
        view = self.session.examination.view(key)
        rows, columns = view.shape
        centre = to_ras([((rows - 1) / 2, (columns - 1) / 2)], view.spacing.millimetres)[0]
        turned = slice_to_ras(shown_flips(view) if flips is None else flips, centre)
        slice_node.GetSliceToRAS().DeepCopy(nodes.as_matrix(turned))
        slice_node.UpdateMatrices()
        self.update([key])

    def set_reduced(self, key: str, reduced: Mapping[int, npt.NDArray[np.generic]]) -> None:
        """Keep means of blocks of pixels, by the length of a block, for where a view is shown small.

        See :mod:`MCDetect.review.reduction`; without them a small picture shows noise that is not there.
        """
        layer, original = self._layers.setdefault(key, Layer(self.scene, key)), self.volume(key)
        spacing_mm = self.session.examination.view(key).spacing.millimetres
        for factor, values in reduced.items():
            if not nodes.is_there(self.scene, layer.reduced.get(factor)):
                made = nodes.make_reduced(self.scene, original, values, spacing_mm, factor)
                layer.reduced[factor] = layer.tagged(made)

    def choose_detail(self, slice_node: Node) -> None:
        """Show as many pixels as the screen has room for; call it after each change of the magnification."""
        key = self.shown_in(slice_node)
        composite = None if key is None else self._composite(slice_node)
        across = slice_node.GetDimensions()[0]
        if key is None or composite is None or across <= 0:
            return
        step = slice_node.GetFieldOfView()[0] / across / min(self.session.examination.view(key).spacing.millimetres)
        layer = self._layers[key]
        usable = {f: node for f, node in layer.reduced.items() if nodes.is_there(self.scene, node)}
        best = max((factor for factor in usable if factor <= _LEAST_REDUCTION * step), default=1)
        wanted = usable[best] if best > 1 else self.volume(key)
        if composite.GetBackgroundVolumeID() != wanted.GetID():
            composite.SetBackgroundVolumeID(wanted.GetID())

    def hide(self, slice_node: Node) -> None:
        """Show nothing of this session in a slice view any more."""
        self._forget_slice(slice_node.GetID())
        composite = self._composite(slice_node)
        if composite is not None:
            composite.SetBackgroundVolumeID(None)
            composite.SetForegroundVolumeID(None)

    def shown_in(self, slice_node: Node) -> str | None:
        """Return the key of the view that a slice view shows."""
        identifier = slice_node.GetID()
        return next((key for key, layer in self._layers.items() if identifier in layer.slices), None)

    # Switches

    @property
    def marks(self) -> Marks:
        """How calcifications are marked."""
        return self._marks

    def set_marks(self, marks: Marks) -> None:
        """Mark calcifications otherwise, or not at all."""
        self._marks = Marks(marks)
        self.update()

    @property
    def is_visible(self) -> bool:
        """Whether anything is drawn above the pixels."""
        return self._is_visible

    def set_visible(self, visible: bool, *, labels: bool = True, outlines: bool = True) -> None:
        """Draw everything above the pixels, or show the bare pixels at once; labels and outlines can be left out."""
        self._is_visible, self._has_labels, self._has_outlines = visible, labels, outlines
        for layer in self._layers.values():
            layer.show(self._is_visible, labels=self._has_labels, outlines=self._has_outlines)

    def set_window_level(self, key: str, window: float, level: float) -> None:
        """Show a view through another window."""
        self.volume(key).GetDisplayNode().SetWindowLevel(max(window, 1e-3), level)

    def reset_window_level(self, key: str) -> None:
        """Show a view as its header says."""
        display = self.prepare(key)
        self.set_window_level(key, display.window, display.level)

    def set_inverted(self, inverted: bool) -> None:
        """Show dark as bright, in all views."""
        table = "vtkMRMLColorTableNodeInvertedGrey" if inverted else "vtkMRMLColorTableNodeGrey"
        for layer in self._layers.values():
            if nodes.is_there(self.scene, layer.volume):
                layer.volume.GetDisplayNode().SetAndObserveColorNodeID(table)
            layer.invert(inverted)

    def set_probability_map(self, key: str, probability: Pixels | None, opacity: float = _MAP_OPACITY) -> None:
        """Show the probability of each pixel (rows, columns), 0 to 1 or 0 to 255, above a view; None takes it away."""
        layer = self._layers.setdefault(key, Layer(self.scene, key))
        if nodes.is_there(self.scene, layer.probability):
            nodes.remove(self.scene, layer.probability)
        layer.probability = None
        if probability is not None:
            view = self.session.examination.view(key)
            made = make_map(self.scene, f"{view.label} probability", probability, view.spacing.millimetres)
            layer.probability = layer.tagged(made)
        for identifier in layer.slices:
            slice_node = self.scene.GetNodeByID(identifier)
            composite = None if slice_node is None else self._composite(slice_node)
            if composite is not None:
                composite.SetForegroundVolumeID(layer.probability.GetID() if layer.probability else None)
                composite.SetForegroundOpacity(opacity)

    # Following the session

    def update(self, keys: Iterable[str] | None = None) -> None:
        """Draw the findings of these views again (of all that are shown if None)."""
        for key in list(self._layers) if keys is None else keys:
            layer = self._layers.get(key)
            if layer is not None:
                layer.slices = [i for i in layer.slices if self.scene.GetNodeByID(i) is not None]
                if layer.slices or layer.sets:
                    layer.draw(self.session, self._marks)
                    layer.show(self._is_visible, labels=self._has_labels, outlines=self._has_outlines)

    def close(self) -> None:
        """Take everything of this session out of the scene and stop following it."""
        for step in self.closing():
            step()

    def closing(self) -> list[Callable[[], object]]:
        """Stop following the session; return what is to be called, node by node, to take it out of the scene.

        Each call takes some milliseconds, because slice views look at what is left. A view that still showed a whole
        mammogram would compute it once more (0.1 s); so the pictures leave the views first.
        """
        self._end_listening()
        layers, self._layers = list(self._layers.values()), {}
        leaving = [partial(self._let_go, layer, identifier) for layer in layers for identifier in layer.slices]
        return [*leaving, *(step for layer in layers for step in layer.removing())]

    def _let_go(self, layer: Layer, identifier: str) -> None:
        """Show no volume of ``layer`` in a slice view that may show another session already."""
        slice_node = self.scene.GetNodeByID(identifier)
        composite = None if slice_node is None else self._composite(slice_node)
        volumes = (layer.volume, *layer.reduced.values())
        ours = {node.GetID() for node in volumes if nodes.is_there(self.scene, node)}
        if composite is not None and composite.GetBackgroundVolumeID() in ours:
            composite.SetBackgroundVolumeID(None)
            composite.SetForegroundVolumeID(None)

    def _follow(self, change: Change) -> None:
        if change.kind in (ChangeKind.FINDINGS, ChangeKind.FILTER, ChangeKind.SELECTION):
            self.update(change.views)

    def _forget_slice(self, identifier: str) -> None:
        for layer in self._layers.values():
            if identifier in layer.slices:
                layer.slices.remove(identifier)
                layer.show(self._is_visible, labels=self._has_labels, outlines=self._has_outlines)

    def _composite(self, slice_node: Node) -> Node:
        for index in range(self.scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
            composite = self.scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode")
            if composite.GetLayoutName() == slice_node.GetLayoutName():
                return composite
        return None


__all__ = ["Marks", "ReviewOverlay"]
